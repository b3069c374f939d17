"""What is archive (归档信息) on a day: said once, for the desk, for cases, for destruction and for the table of access.

Publicity and use need none of this: their predicates know what is in force and nothing else (`records.selectors`).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q

from gongxin.policy import packs
from gongxin.records.models import Record, State

# The states as the table of access knows them (identity/decisions.yaml): what is off a list is what was repaired.
_ACCESS: Final = {
    State.ACTIVE: "active",
    State.CLOSED: "closed",
    State.REVOKED: "closed",
    State.REPAIRED: "repaired",
    State.REMOVED: "repaired",
    State.SHIELDED: "shielded",
}
# Those of them that are archive. What is shielded is out of sight for a while and may come back.
ARCHIVED: Final = frozenset({"closed", "repaired"})


def is_over(day: date) -> Q:
    """What the archive holds on `day`: ended by its state, or past its term."""
    return ~Q(state__in=(State.ACTIVE, State.SHIELDED)) | Q(state=State.ACTIVE, publicity_until__lt=day)


def at_hand(day: date, through: str = "") -> Q:
    """What staff may work with on `day`: neither archived nor shielded. What speaks for an organisation and has lapsed
    (a licence, an honour) stays with its provider.

    through: how the query reaches the record, e.g. `record__`.
    """
    items = packs.current().items.values()
    lapsed = Q(
        **{
            f"{through}publicity_until__lt": day,
            f"{through}item__in": [item.id for item in items if item.adverse],
            f"{through}publicity_until__isnull": False,
        }
    )
    return Q(**{f"{through}state": State.ACTIVE}) & ~lapsed


def access_state(held: Record, day: date) -> str:
    """The state on `day` as the table of access knows it: adverse records are archive once their term is over."""
    if held.state != State.ACTIVE:
        return _ACCESS[State(held.state)]
    item = packs.current().items.get(held.item)
    over = held.publicity_until is not None and held.publicity_until < day
    return "closed" if over and (item is None or item.adverse) else "active"


def is_archived(held: Record, day: date) -> bool:
    """Whether the record's content is archive on `day`."""
    return access_state(held, day) in ARCHIVED


def is_at_hand(held: Record, day: date) -> bool:
    """Whether staff may work with the record on `day`: `at_hand` of one record."""
    return access_state(held, day) == "active"
