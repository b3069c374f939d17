"""Clocks of open cases: whose turn it is and how long still, told from the days in the head, and escalation.

What is due and what is late is a comparison of days, made when a page asks. Escalation tells the department and the
credit office once before a clock runs out and once after; it runs every night and may run at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs
from gongxin.rights import telling
from gongxin.rights.models import OVERDUE, WARNED, Case, CaseStep


@dataclass(frozen=True, slots=True)
class Escalated:
    """How many cases were told to be about to be late, and how many to be late."""

    warned: int
    overdue: int


def late(day: date) -> QuerySet[Case]:
    """Open cases whose clock has run out before `day`."""
    return Case.objects.filter(outcome="", due_on__lt=day)


def soon(day: date) -> QuerySet[Case]:
    """Open cases that are to be warned of on `day`, and not late."""
    return Case.objects.filter(outcome="", warn_on__lte=day, due_on__gte=day)


def escalate(*, at: datetime) -> Escalated:
    """Tell of every clock that is about to run out or has, once each; a transaction for each case."""
    day = at.astimezone(CIVIL_TIME).date()
    counts = {WARNED: 0, OVERDUE: 0}
    open_cases = Case.objects.filter(Q(pk__in=late(day)) | Q(pk__in=soon(day)))
    for case_id in list(open_cases.order_by("due_on").values_list("pk", flat=True)):
        action = _escalate(case_id, at=at, day=day)
        if action:
            counts[action] += 1
    return Escalated(counts[WARNED], counts[OVERDUE])


@transaction.atomic
def _escalate(case_id: UUID, *, at: datetime, day: date) -> str:
    """The clock's step in one case; "" where it was taken before or the case has moved on."""
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("organisation", "department", "record")
        .get(pk=case_id)
    )
    action = _due_action(case, day)
    if not action or _told(case, action):
        return ""
    number = (case.steps.aggregate(last=Max("number"))["last"] or 0) + 1
    taken = CaseStep.objects.create(
        case=case,
        number=number,
        action=action,
        since=case.state,
        to=case.state,
        at=at,
        due_on=case.due_on,
        pack_version=packs.current().version,
    )
    telling.clock(case, taken)
    fields = {
        "case": str(case.pk),
        "number": case.number,
        "step": number,
        "action": action,
        "state": case.state,
        "department": case.department.code,
        "due_on": case.due_on.isoformat() if case.due_on else "",
    }
    ledger.append("case.escalated", fields=fields, actor="the clock", at=at)
    return action


def _due_action(case: Case, day: date) -> str:
    if case.outcome or case.due_on is None:
        return ""
    if day > case.due_on:
        return OVERDUE
    return WARNED if case.warn_on is not None and day >= case.warn_on else ""


def _told(case: Case, action: str) -> bool:
    """Whether this was told since the present deadline began to run."""
    return case.steps.filter(action=action, due_on=case.due_on, at__gte=case.state_since).exists()
