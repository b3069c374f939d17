"""Time limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gongxin.errors import NotFound
from gongxin.policy import clocks
from gongxin.policy.pack import Pack


def test_reporting_takes_seven_working_days_and_entry_three(pack: Pack) -> None:
    assert (pack.clock("report").limit, pack.clock("entry").limit) == (7, 3)
    assert clocks.due(pack, "report", date(2026, 9, 30)).day == date(2026, 10, 15)
    assert clocks.due(pack, "entry", date(2026, 9, 30)).day == date(2026, 10, 10)


def test_due_day_names_the_rule_first(pack: Pack) -> None:
    due = clocks.due(pack, "report", date(2026, 3, 16))
    assert due.sources[0] == pack.clock("report").reference
    assert not due.provisional


def test_year_without_table_makes_the_due_day_provisional(pack: Pack) -> None:
    assert clocks.due(pack, "report", date(2026, 12, 25)).provisional


def test_limit_in_days_counts_every_day(pack: Pack) -> None:
    ten_days = replace(pack, clocks={"ten": replace(pack.clock("report"), id="ten", limit=10, unit="day")})
    assert clocks.due(ten_days, "ten", date(2026, 9, 30)).day == date(2026, 10, 10)


def test_unknown_clock_is_named(pack: Pack) -> None:
    with pytest.raises(NotFound, match="没有“no-clock”这个时限"):
        clocks.due(pack, "no-clock", date(2026, 4, 1))
