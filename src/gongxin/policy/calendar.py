"""Working days in China: Monday to Friday, changed by the yearly notice of the State Council on public holidays.

A year without an official notice in the pack is counted with the plain Monday to Friday rule, and every result that
touches it is marked provisional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from gongxin.policy.model import CalendarYear, Reference, WorkingDay

_SATURDAY = 5


@dataclass(frozen=True)
class WorkingCalendar:
    """The working days of the years in the pack."""

    years: dict[int, CalendarYear]

    def is_working_day(self, day: date) -> tuple[bool, bool]:
        """(is it a working day, is the answer provisional: no official table for that year)."""
        year = self.years.get(day.year)
        ordinary = day.weekday() < _SATURDAY
        if year is None:
            return ordinary, True
        working = day in year.make_up_days or (ordinary and day not in year.days_off)
        return working, not year.official

    def add(self, day: date, count: int) -> WorkingDay:
        """The `count`-th working day after `day`, `day` itself not counted (Civil Code art. 201).

        count 0: `day`, or the next working day. Raises ValueError for a negative count.
        """
        if count < 0:
            raise ValueError("count must not be negative")
        at = day if count else day - timedelta(days=1)
        left, provisional, touched = max(count, 1), False, {day.year}
        while left:
            at += timedelta(days=1)
            working, unsure = self.is_working_day(at)
            provisional = provisional or unsure
            touched.add(at.year)
            left -= working
        return WorkingDay(at, provisional, self._sources(touched))

    def between(self, start: date, end: date) -> tuple[int, bool]:
        """(working days after `start` up to and including `end`, provisional); negative where `end` is earlier."""
        first, last = min(start, end), max(start, end)
        days = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
        answers = [self.is_working_day(day) for day in days]
        count = sum(working for working, _ in answers)
        return (count if end >= start else -count), any(unsure for _, unsure in answers)

    def gaps(self) -> tuple[int, ...]:
        """Years missing between the first and the last of the table."""
        held = sorted(self.years)
        return tuple(missing for before, after in pairwise(held) for missing in range(before + 1, after))

    def _sources(self, years: set[int]) -> tuple[Reference, ...]:
        return tuple(self.years[year].reference for year in sorted(years) if year in self.years)
