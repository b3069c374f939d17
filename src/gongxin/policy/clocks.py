"""Time limits counted from a day."""

from __future__ import annotations

from datetime import date, timedelta

from gongxin.policy.model import WorkingDay
from gongxin.policy.pack import Pack


def due(pack: Pack, clock_id: str, day: date) -> WorkingDay:
    """The last day of the limit that begins with what happened on `day`; that day is not counted.

    Raises NotFound for an unknown clock.
    """
    clock = pack.clock(clock_id)
    if clock.unit == "day":
        return WorkingDay(day + timedelta(days=clock.limit), provisional=False, sources=(clock.reference,))
    reached = pack.calendar.add(day, clock.limit)
    return WorkingDay(reached.day, reached.provisional, (clock.reference, *reached.sources))
