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


class Timeliness:
    """Judges the rows of one hand-in. day: its civil day. Each day of decision is counted once a file."""

    def __init__(self, item: Item, pack: Pack, day: date) -> None:
        self._decided = item.by_role("decided_on")
        self._clock = pack.clocks.get(REPORT_CLOCK) if REPORT_CLOCK in item.clocks else None
        self._pack = pack
        self._day = day
        # Day of decision → last day of reporting, for the days that are late; all days that have been looked at.
        self._missed: dict[str, str] = {}
        self._known: set[str] = set()

    def late_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """W501 for the rows whose last day of reporting is over; expected: that last day."""
        if self._clock is None or self._decided is None or frame.is_empty():
            return findings.empty()
        decided = frame[self._decided.name]
        self._look_at(decided, self._clock)
        late = decided.is_in(list(self._missed))
        value = decided.filter(late)
        expected = value.replace_strict(self._missed, return_dtype=pl.String) if self._missed else value
        return findings.table(frame[ROW].filter(late), "W501", field=self._decided.name, value=value, expected=expected)

    def _look_at(self, decided: pl.Series, clock: Clock) -> None:
        fresh = set(decided.unique().drop_nulls()) - self._known
        for text in fresh:
            last = _last_day(date.fromisoformat(text), clock, self._pack)
            if last is not None and last < self._day:
                self._missed[text] = last.isoformat()
        self._known |= fresh


def _last_day(decided: date, clock: Clock, pack: Pack) -> date | None:
    """The last day in time, or None where the clock did not run yet or no more on the day of the decision."""
    if (clock.since and decided < clock.since) or (clock.until and decided > clock.until):
        return None
    if clock.unit == "working-day":
        return pack.calendar.add(decided, clock.limit).day
    return date.fromordinal(decided.toordinal() + clock.limit)
