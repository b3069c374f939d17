"""What comes with a step, and whether everything the step asks for is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity.models import User
from gongxin.intake import persons
from gongxin.policy.casework import Transition
from gongxin.rights.evidence import Kept
from gongxin.rights.models import Draft, Evidence, Paper

MOST_REASONS: Final = 4000
_ASKED: Final = {
    "reasons": "理由",
    "evidence": "证明材料",
    "commitment": "信用承诺",
    "correction": "更正的字段和内容",
    "occurred_on": "事由发生的日期",
    "ground": "事由",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step. committed: the applicant has made the commitment on this form.

    files: with what each of them is; draft: whose evidence goes over to the case. paper: number of a written paper.
    ground: id of the ground on which the case is to rest.
    """

    reasons: str = ""
    correction: Mapping[str, str] = field(default_factory=dict)
    occurred_on: date | None = None
    committed: bool = False
    files: Sequence[tuple[Paper, Kept]] = ()
    draft: Draft | None = None
    paper: str = ""
    ground: str = ""


def clean(given: Given) -> Given:
    """Texts trimmed, resident ID numbers masked: nothing of a person is kept with a case."""
    return replace(
        given,
        reasons=persons.masked_text(given.reasons.strip().replace("\r\n", "\n")),
        correction={name: text.strip() for name, text in given.correction.items()},
        paper=persons.masked_text(given.paper.strip())[:80],
    )


def judge_asks(row: Transition, given: Given) -> None:
    """Everything the step asks for must be there. Raises InvalidInput with what is missing."""
    pieces = papers(given)
    there = {
        "reasons": bool(given.reasons),
        "evidence": any(paper != Paper.COMMITMENT for paper in pieces),
        "commitment": given.committed or Paper.COMMITMENT in pieces,
        "correction": bool(given.correction),
        "occurred_on": given.occurred_on is not None,
        "ground": bool(given.ground),
    }
    missing = [ask for ask in row.asks if not there[ask]]
    if missing:
        raise InvalidInput(
            "case-incomplete",
            f"“{row.title}”还缺少：{'、'.join(_ASKED[ask] for ask in missing)}。",
            remedy="请补齐后再提交；已填写的内容没有丢失。",
            facts={"missing": missing},
        )
    if len(given.reasons) > MOST_REASONS:
        raise InvalidInput(
            "case-reasons-long", f"理由超过 {MOST_REASONS} 个字。", remedy="请写明要点，详细内容作为材料上传。"
        )


def judge_own(draft: Draft | None, user: User) -> None:
    """A draft is its writer's alone. Raises NotPermitted."""
    if draft is not None and draft.user_id != user.pk:
        raise NotPermitted("draft-of-another", "这是他人的草稿。", remedy="请在自己的账号中填写。")


def papers(given: Given) -> list[Paper]:
    """What each file that comes with the step is, those of the draft first."""
    return [*(Paper(entry.paper) for entry in drafted(given)), *(paper for paper, _ in given.files)]


def drafted(given: Given) -> list[Evidence]:
    """The files of the draft."""
    return list(given.draft.evidence.all()) if given.draft else []
