"""Positions in lists: ``after=739708~<record id>``, stable while records come and go.

The number is the day of the decision, counted from 0001-01-01 as 1: every number of six digits is a day, so that a
position that has the form is a position.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from ninja import Query

_PATTERN: Final = r"^([1-9][0-9]{5}~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"

After = Annotated[
    str,
    Query(
        pattern=_PATTERN,
        description="Position to go on from, as the `next` address of the page before holds it.",
    ),
]


def position(after: str) -> dict[str, Any]:
    """The day and id of a position (`After`), both None for the beginning."""
    if not after:
        return {"day": None, "id": None}
    day, _, identity = after.partition("~")
    return {"day": date.fromordinal(int(day)), "id": UUID(identity)}
