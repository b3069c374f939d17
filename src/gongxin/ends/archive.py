"""The archive (归档信息): what is closed, repaired, revoked, off its list, or past its term.

Nobody finds it in lists or searches. It is opened for audit with a reason, each opening a look in the log. Outside it
there is no more of an ended record than how it ended (`ends.ending`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotFound
from gongxin.policy import clocks, packs
from gongxin.records import archiving
from gongxin.records.models import Record, State
from gongxin.records.numbering import with_number
from gongxin.records.selectors import NOBODY
from gongxin.rights import selectors as rights
from gongxin.rights.models import Case, CaseRecord

# What stands for a record that is in force by its state and past its term.
ENDED: Final = "ended"
# How long a closed case stays with those who handled it (clocks.yaml).
REMEDY: Final = "case-remedy"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the archive is narrowed to. state: a state of records, or ENDED; empty values do not narrow."""

    item: str
    state: str = ""
    organisation: UUID | None = None
    number: str = ""


def states() -> list[tuple[str, str]]:
    """The states of what is archived, with what pages call them."""
    ended = (state for state in State if state not in (State.ACTIVE, State.SHIELDED))
    return [(state.value, str(state.label)) for state in ended] + [(ENDED, "公示期已届满")]


def archived(filters: Filters, *, day: date) -> QuerySet[Record]:
    """The archived records of an item, the latest decisions first. Those whose contents are destroyed are gone."""
    found = Record.objects.filter(archiving.is_over(day), item=filters.item).exclude(organisation=NOBODY)
    if filters.state:
        found = found.filter(state=State.ACTIVE if filters.state == ENDED else filters.state)
    if filters.organisation:
        found = found.filter(organisation=filters.organisation)
    if filters.number:
        found = found.filter(with_number(filters.number))
    return found.order_by("-decided_on", "-id")


def one(record_id: UUID, *, day: date) -> Record:
    """The archived record with its organisation and provider. Raises NotFound, also for one that is not archived."""
    found = Record.objects.filter(archiving.is_over(day), pk=record_id).exclude(organisation=NOBODY)
    held = found.select_related("organisation", "provider").first()
    if held is None:
        raise NotFound(
            "archive-unknown", "归档信息中没有这条记录。", remedy="请从“归档查阅”重新打开；未归档的请查看信用记录。"
        )
    return held


def cases(held: Record) -> list[Case]:
    """The closed cases about an archived record, or that took it in, the first one first."""
    about = Q(record=held) | Q(pk__in=CaseRecord.objects.filter(record=held).values("case"))
    return list(rights.visible(None).filter(about).exclude(outcome="").order_by("opened_at", "pk"))


def case_state(case: Case, *, day: date) -> str:
    """The case as the table of access knows it: "closed" once it is archived, when its time for remedies is over."""
    if case.closed_at is None:
        return ""
    return "closed" if case.closed_at.astimezone(CIVIL_TIME).date() < _remedy_since(day) else ""


def cases_at_hand(day: date) -> Q:
    """The cases that those who handled them see on `day`: open, or a remedy is still possible. The rest is archive."""
    began = datetime.combine(_remedy_since(day), time.min, tzinfo=CIVIL_TIME)
    return Q(closed_at=None) | Q(closed_at__gte=began)


def remedy_until(case: Case) -> date | None:
    """The last day on which those who handled a closed case see it; None while it is open."""
    closed = case.closed_at
    return None if closed is None else _remedy(closed.astimezone(CIVIL_TIME).date())


def _remedy(closed_on: date) -> date:
    return clocks.due(packs.current(), REMEDY, closed_on).day


def _remedy_since(day: date) -> date:
    """The earliest day such that what was closed on it has a remedy on `day`."""
    found = day - timedelta(days=packs.current().clock(REMEDY).limit)
    # A limit in working days reaches further back.
    while _remedy(found - timedelta(days=1)) >= day:
        found -= timedelta(days=1)
    return found
