"""What those concerned are told, and what has to reach other platforms: rows written with the step they tell of."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs
from gongxin.policy.casework import NoticeText, Transition
from gongxin.rights.models import OVERDUE, Case, CaseStep, Notice, Outbox

# Effects whose result the upper platform has to learn, with the topic it goes under.
_TOPICS: Final = {
    "correct": "record.corrected",
    "revoke": "record.revoked",
    "repair": "record.repaired",
    "restore": "record.restored",
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


def step(case: Case, taken: CaseStep, row: Transition) -> list[Notice]:
    """Write the notices of a step, and its outbox row where the result must reach other platforms."""
    if row.effect in _TOPICS or case.outcome:
        Outbox.objects.create(
            topic=_TOPICS.get(row.effect, "case.closed"), case=case, body=_body(case, taken), at=taken.at
        )
    return _write(case, taken, row.notice) if row.notice else []


def clock(case: Case, taken: CaseStep) -> list[Notice]:
    """Tell of a clock that is about to run out or has."""
    Outbox.objects.create(topic="case.escalated", case=case, body=_body(case, taken), at=taken.at)
    return _write(case, taken, _CLOCK[taken.action == OVERDUE])


def _write(case: Case, taken: CaseStep, text: NoticeText) -> list[Notice]:
    words = _words(case, taken)
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
    item = packs.current().items.get(case.record.item)
    return {
        "number": case.number,
        "organisation": case.organisation.name,
        "item": item.title if item else case.record.item,
        "document": case.record.document_no,
        "department": case.department.name,
        "filed_on": _day(case.filed_on),
        "day": _day(taken.at.astimezone(CIVIL_TIME).date()),
        "due_on": _day(taken.due_on),
        "reasons": taken.reasons,
    }


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _body(case: Case, taken: CaseStep) -> dict[str, Any]:
    """What another platform needs to follow: no reasons, no evidence, nothing of a person."""
    return {
        "case": str(case.pk),
        "number": case.number,
        "procedure": case.procedure,
        "step": taken.number,
        "action": taken.action,
        "outcome": case.outcome,
        "record": str(case.record_id),
        "item": case.record.item,
        "document_no": case.record.document_no,
        "state": case.record.state,
        "revision": case.record.revision,
        "organisation": case.organisation.uscc or "",
        "at": taken.at.isoformat(),
    }
