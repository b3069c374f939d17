"""The archive (归档信息): what is closed, repaired, revoked, off its list, out of sight, or past its term.

Nobody finds it in lists or searches. It is opened for audit with a reason, each opening a look in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.records.models import Record, State
from gongxin.records.numbering import with_number
from gongxin.records.selectors import NOBODY

# What stands for a record that is in force by its state and past its term.
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the archive is narrowed to. state: a state of records, or ENDED; empty values do not narrow."""

    item: str
    state: str = ""
    organisation: UUID | None = None
    number: str = ""


def states() -> list[tuple[str, str]]:
    """The states of what is archived, with what pages call them."""
    return [(state.value, str(state.label)) for state in State if state != State.ACTIVE] + [(ENDED, "公示期已届满")]


def is_over(day: date) -> Q:
    """Archived on `day`: by its state, or because its term has passed."""
    return ~Q(state=State.ACTIVE) | Q(publicity_until__lt=day)


def at_hand(day: date) -> Q:
    """What lists at the desk show on `day`: not archived. What speaks for an organisation and has lapsed (a licence, an
    honour) stays with its provider.
    """
    adverse = [item.id for item in packs.current().items.values() if item.adverse]
    return Q(state=State.ACTIVE) & ~Q(publicity_until__lt=day, item__in=adverse, publicity_until__isnull=False)


def archived(filters: Filters, *, day: date) -> QuerySet[Record]:
    """The archived records of an item, the latest decisions first. Those whose contents are destroyed are gone."""
    found = Record.objects.filter(is_over(day), item=filters.item).exclude(organisation=NOBODY)
    if filters.state:
        found = found.filter(state=State.ACTIVE if filters.state == ENDED else filters.state)
    if filters.organisation:
        found = found.filter(organisation=filters.organisation)
    if filters.number:
        found = found.filter(with_number(filters.number))
    return found.order_by("-decided_on", "-id")


def one(record_id: UUID, *, day: date) -> Record:
    """The archived record with its organisation and provider. Raises NotFound, also for one that is not archived."""
    found = Record.objects.filter(is_over(day), pk=record_id).exclude(organisation=NOBODY)
    held = found.select_related("organisation", "provider").first()
    if held is None:
        raise NotFound(
            "archive-unknown", "归档信息中没有这条记录。", remedy="请从“归档查阅”重新打开；未归档的请查看信用记录。"
        )
    return held


def access_state(held: Record, day: date) -> str:
    """The state as the table of access knows it: adverse records are archive once their term is over."""
    item = packs.current().items.get(held.item)
    over = held.publicity_until is not None and held.publicity_until < day
    adverse = item is None or item.adverse
    return State.CLOSED.value if held.state == State.ACTIVE and over and adverse else held.access_state
