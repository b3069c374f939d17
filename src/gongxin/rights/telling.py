"""What those concerned are told, and what has to reach other platforms: rows written with the step they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs
from gongxin.policy.casework import NoticeText, Transition
from gongxin.records.models import Record
from gongxin.rights.models import OVERDUE, Case, CaseStep, Notice, Outbox

# Effects whose result the upper platform has to learn, with the topic it goes under.
_TOPICS: Final = {
    "correct": "record.corrected",
    "revoke": "record.revoked",
    "repair": "record.repaired",
    "restore": "record.restored",
    "remove": "record.removed",
    "shield": "records.shielded",
    "settle": "records.repaired",
    "unshield": "records.restored",
    "enter": "record.entered",
}
_CLOCK: Final[dict[bool, NoticeText]] = {
    False: NoticeText(
        ("department", "credit_office"),
        "办件{number}将于{due_on}到期，请尽快办理。",
        "Case {number} is due on {due_on}.",
    ),
    True: NoticeText(
        ("department", "credit_office"),
        "办件{number}已超过期限{due_on}，请立即办理；信用办督办。",
        "Case {number} was due on {due_on} and is late. The credit office follows it up.",
    ),
}

# To the organisation whose turn it is.
_PARTY: Final[dict[bool, NoticeText]] = {
    False: NoticeText(
        ("organisation",),
        "办件{number}等待贵单位办理，期限为{due_on}，请及时办理。",
        "Case {number} waits for your organisation. The time is up on {due_on}.",
    ),
    True: NoticeText(
        ("organisation",),
        "办件{number}等待贵单位办理的期限{due_on}已经过去，承办单位可以依规定继续办理。",
        "The time for your organisation to act in case {number} was up on {due_on}. The department may go on.",
    ),
}


def step(case: Case, taken: CaseStep, row: Transition, touched: Sequence[Record] = ()) -> list[Notice]:
    """Write the notices of a step, and its outbox row where the result must reach other platforms. touched: records of
    the organisation that the step took in.
    """
    if row.effect in _TOPICS or case.outcome:
        Outbox.objects.create(
            topic=_TOPICS.get(row.effect, "case.closed"), case=case, body=_body(case, taken, touched), at=taken.at
        )
    return _write(case, taken, row.notice, len(touched)) if row.notice else []


def clock(case: Case, taken: CaseStep) -> list[Notice]:
    """Tell of a clock that is about to run out or has: the deciding department and the credit office, and the
    organisation where it is its turn.
    """
    Outbox.objects.create(topic="case.escalated", case=case, body=_body(case, taken), at=taken.at)
    late = taken.action == OVERDUE
    state = packs.current().procedure(case.procedure).state(case.state)
    told = _write(case, taken, _CLOCK[late])
    return told + _write(case, taken, _PARTY[late]) if "representative" in state.turn else told


def _write(case: Case, taken: CaseStep, text: NoticeText, records: int = 0) -> list[Notice]:
    words = _words(case, taken) | {"records": str(records)}
    return Notice.objects.bulk_create(
        Notice(
            case=case,
            step=taken.number,
            addressee=addressee,
            zh=text.zh.format(**words),
            en=text.en.format(**words),
            at=taken.at,
        )
        for addressee in text.to
    )


def _words(case: Case, taken: CaseStep) -> dict[str, str]:
    """What the placeholders of notices stand for."""
    pack, held = packs.current(), case.record
    item = pack.items.get(held.item) if held else None
    ground = pack.procedure(case.procedure).ground(case.ground)
    return {
        "number": case.number,
        "organisation": case.organisation.name,
        "item": item.title if item else held.item if held else "",
        "document": held.document_no if held else "",
        "ground": ground.title if ground else "",
        "department": case.department.name,
        "filed_on": _day(case.filed_on),
        "day": _day(taken.at.astimezone(CIVIL_TIME).date()),
        "due_on": _day(taken.due_on),
        "reasons": taken.reasons,
    }


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _body(case: Case, taken: CaseStep, touched: Sequence[Record] = ()) -> dict[str, Any]:
    """What another platform needs to follow: no reasons, no evidence, nothing of a person."""
    return {**_about(case.record, touched), **_step(case, taken)}


def _about(held: Record | None, touched: Sequence[Record]) -> dict[str, Any]:
    if held is None:
        return {"records": [_about(one, ()) for one in touched]}
    return {
        "record": str(held.pk),
        "item": held.item,
        "document_no": held.document_no,
        "state": held.state,
        "revision": held.revision,
    }


def _step(case: Case, taken: CaseStep) -> dict[str, Any]:
    return {
        "case": str(case.pk),
        "number": case.number,
        "procedure": case.procedure,
        "step": taken.number,
        "action": taken.action,
        "outcome": case.outcome,
        "ground": case.ground,
        "organisation": case.organisation.uscc or "",
        "at": taken.at.isoformat(),
    }
