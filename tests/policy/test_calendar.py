"""Working days: the pack's table against chinesecalendar, and counting."""

from __future__ import annotations

import runpy
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongxin.policy import packs
from gongxin.policy.pack import Pack

CALENDAR = packs.current().calendar
YEARS = range(2016, 2027)
IN_TABLE = st.dates(date(2016, 1, 1), date(2026, 12, 31))
TOOL = Path(__file__).resolve().parents[2] / "tools" / "seed_calendar.py"


@pytest.mark.parametrize("year", YEARS)
def test_every_day_is_as_in_chinesecalendar(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    days = [day for day in days if day.year == year]
    ours = {day: CALENDAR.is_working_day(day) for day in days}
    assert ours == {day: (chinese_calendar.is_workday(day), False) for day in days}


def test_table_covers_these_years_without_gap_each_with_its_notice() -> None:
    assert sorted(CALENDAR.years) == list(YEARS)
    assert CALENDAR.gaps() == ()
    for year, table in CALENDAR.years.items():
        assert table.official
        assert f"关于{year}年部分节假日安排的通知" in table.reference.title


@pytest.mark.parametrize("year", YEARS)
def test_files_are_what_the_tool_writes(year: int) -> None:
    path = packs.policies_folder() / "cn" / "calendar" / f"{year}.yaml"
    assert path.read_text(encoding="utf-8") == runpy.run_path(str(TOOL))["table"](year)


@given(st.dates(date(2027, 1, 1), date(2040, 12, 31)))
def test_years_without_a_table_follow_the_week_and_say_so(day: date) -> None:
    assert CALENDAR.is_working_day(day) == (day.weekday() < 5, True)


@given(IN_TABLE, st.integers(0, 40))
def test_adding_reaches_a_working_day_with_that_many_between(day: date, count: int) -> None:
    reached = CALENDAR.add(day, count)
    assert CALENDAR.is_working_day(reached.day)[0]
    assert reached.provisional == (reached.day.year > 2026)
    if count:
        assert CALENDAR.between(day, reached.day) == (count, reached.provisional)
    else:
        assert reached.day >= day


@given(IN_TABLE, IN_TABLE)
def test_between_is_antisymmetric(start: date, end: date) -> None:
    assert CALENDAR.between(start, end)[0] == -CALENDAR.between(end, start)[0]
    assert CALENDAR.between(start, start) == (0, False)


def test_result_names_the_notices_it_rests_on(pack: Pack) -> None:
    reached = pack.calendar.add(date(2025, 12, 31), 3)
    assert reached.day == date(2026, 1, 6)
    assert [source.title[8:12] for source in reached.sources] == ["2025", "2026"]


def test_negative_count_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add(date(2026, 4, 1), -1)
