"""Whether a department reported in time: the provider's clock of the pack, from the decision to the hand-in (W501)."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from gongxin.intake import findings
from gongxin.intake.tables import ROW
from gongxin.policy.model import Clock, Item
from gongxin.policy.pack import Pack

# The clock that runs from the decision to the provider's report; others are the platform's own.
REPORT_CLOCK: Final = "report"


def late_rows(frame: pl.DataFrame, item: Item, pack: Pack, day: date) -> pl.DataFrame:
    """W501 for the rows whose last day of reporting was before `day`; expected: that last day. A few hundred
    distinct days a file.
    """
    decided = item.by_role("decided_on")
    clock = pack.clocks.get(REPORT_CLOCK) if REPORT_CLOCK in item.clocks else None
    if clock is None or decided is None or frame.is_empty():
        return findings.empty()
    days = frame[decided.name].unique().drop_nulls()
    last = {text: _last_day(date.fromisoformat(text), clock, pack) for text in days}
    missed = {text: found.isoformat() for text, found in last.items() if found is not None and found < day}
    late = frame.filter(pl.col(decided.name).is_in(list(missed)))
    expected = late[decided.name].replace(missed)
    return findings.table(late[ROW], "W501", field=decided.name, value=late[decided.name], expected=expected)


def _last_day(decided: date, clock: Clock, pack: Pack) -> date | None:
    """The last day in time, or None where the clock did not run yet or no more on the day of the decision."""
    if (clock.since and decided < clock.since) or (clock.until and decided > clock.until):
        return None
    if clock.unit == "working-day":
        return pack.calendar.add(decided, clock.limit).day
    return date.fromordinal(decided.toordinal() + clock.limit)
