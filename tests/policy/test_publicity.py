"""The publicity interval: exact for every day, the same for one record and for a million."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongxin.policy import packs, publicity, weighing
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import PublicityCase, PublicityFacts

PACK = packs.current()
ITEMS = sorted(PACK.items)
KINDS = [entry.code for entry in PACK.code_lists["penalty-kind"].codes]
WORDS = [*KINDS, "其他-责令改正", "其它：示例", "警告、罚款", "没收违法所得，罚款", "不认识的种类", "吊销许可证", ""]
DAYS = st.dates(date(2013, 1, 1), date(2032, 12, 31))
EDGES = st.sampled_from(
    [
        edge + timedelta(days=shift)
        for edge in (date(2019, 7, 1), date(2020, 9, 15), date(2023, 5, 1), date(2026, 4, 1), date(2024, 2, 29))
        for shift in (-1, 0, 1)
    ]
)
ANY_DAY = st.one_of(EDGES, DAYS)
MAYBE_DAY = st.one_of(st.none(), ANY_DAY, st.just(date(2099, 12, 31)))


@st.composite
def facts(draw: st.DrawFn) -> PublicityFacts:
    return PublicityFacts(
        decided_on=draw(ANY_DAY),
        severity=draw(st.sampled_from(["", "轻微", "一般", "严重", "特定严重", "minor", "serious", "未定"])),
        procedure=draw(st.sampled_from(["", "简易", "普通", "简易程序", "simple", "01"])),
        kinds=tuple(draw(st.lists(st.sampled_from(WORDS), max_size=3))),
        field_of_law=draw(st.sampled_from(["", "食品", "消防", "其他领域", "别的"])),
        acted_until=draw(MAYBE_DAY),
        effective_until=draw(MAYBE_DAY),
        status=draw(st.sampled_from(["", "1", "2", "有效", "无效", "撤销"])),
    )


def columns(rows: list[PublicityFacts]) -> pl.DataFrame:
    schema = {
        "decided_on": pl.Date,
        "severity": pl.String,
        "procedure": pl.String,
        "kinds": pl.String,
        "field_of_law": pl.String,
        "acted_until": pl.Date,
        "effective_until": pl.Date,
        "status": pl.String,
    }
    values = [
        (
            r.decided_on,
            r.severity,
            r.procedure,
            ";".join(r.kinds),
            r.field_of_law,
            r.acted_until,
            r.effective_until,
            r.status,
        )
        for r in rows
    ]
    return pl.DataFrame(values, schema=schema, orient="row")


@given(st.sampled_from(ITEMS), st.lists(facts(), min_size=1, max_size=8))
def test_columns_and_single_records_agree(item_id: str, rows: list[PublicityFacts]) -> None:
    item = PACK.item(item_id)
    found = publicity.term_columns(PACK, item, columns(rows))
    terms = [publicity.term(PACK, item, row) for row in rows]
    assert found["publicity_from"].to_list() == [term.published_from for term in terms]
    assert found["publicity_until"].to_list() == [term.published_until for term in terms]
    assert found["publicity_rule"].to_list() == [term.rule for term in terms]


def public_day_by_day(item: Item, given_facts: PublicityFacts, day: date) -> bool:
    """The same rules told the other way round: is the record public on this one day?

    On a day count the rule of the decision's time and every rule that has begun since; all must allow it on that day.
    """
    rules = PACK.publicity[item.publicity]
    sound = replace(given_facts, effective_until=_end(given_facts.effective_until))
    weighed = weighing.facts_of(PACK, sound, rules.kinds)
    cases = weighing.cases_by_regime(PACK, rules, weighed)
    if weighing.meaning(PACK, "status", sound.status) == "ended" or day < sound.decided_on:
        return False
    for regime, case in zip(rules.regimes, cases, strict=True):
        over = regime.until is not None and regime.until < sound.decided_on
        begun = regime.since is None or regime.since <= max(day, sound.decided_on)
        if begun and not over and not _allows(case, sound, day):
            return False
    anchor = sound.acted_until or (sound.decided_on if rules.unknown_end == "decided_on" else None)
    for cap in PACK.caps if item.adverse or rules.capped else ():
        if anchor and (cap.since or date.min) <= max(day, sound.decided_on) and day > _months_on(anchor, cap.months):
            return False
    return True


def _end(day: date | None) -> date | None:
    return None if day == date(2099, 12, 31) else day


def _allows(case: PublicityCase, sound: PublicityFacts, day: date) -> bool:
    if not case.published:
        return False
    if case.maximum is not None and day > _months_on(sound.decided_on, case.maximum):
        return False
    if case.while_in_force and sound.effective_until is not None:
        return day <= sound.effective_until if case.exit_shown else day < sound.effective_until
    return True


def _months_on(day: date, months: int) -> date:
    """Month arithmetic of its own: month by month, then back to the last day the month has."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@given(st.sampled_from(ITEMS), facts(), st.one_of(EDGES, st.dates(date(2013, 1, 1), date(2040, 12, 31))), st.data())
def test_the_interval_is_exact_on_every_day(item_id: str, one: PublicityFacts, day: date, data: st.DataObject) -> None:
    item = PACK.item(item_id)
    term = publicity.term(PACK, item, one)
    days = [day, one.decided_on - timedelta(days=1), one.decided_on]
    days += [end + timedelta(days=data.draw(st.integers(-1, 1))) for end in (term.published_until,) if end]
    for asked in days:
        inside = (
            term.published_from is not None
            and term.published_from <= asked
            and (term.published_until is None or asked <= term.published_until)
        )
        assert inside == public_day_by_day(item, one, asked), asked


@given(ANY_DAY, st.integers(0, 120))
def test_months_of_the_scalar_and_of_polars_are_the_same(day: date, months: int) -> None:
    reached = pl.Series([day]).dt.offset_by(f"{months}mo")[0]
    assert publicity.add_months(day, months) == reached == _months_on(day, months)


@given(st.sampled_from(ITEMS), facts())
def test_every_outcome_is_explained(item_id: str, one: PublicityFacts) -> None:
    term = publicity.term(PACK, PACK.item(item_id), one)
    assert term.published == (term.published_from is not None)
    assert term.rule
    assert term.references
    assert term.reason.endswith("。")
    assert term.reason_en.endswith(".")
    assert len(term.rule) <= 80
    assert term.reason.startswith("不予公示" if not term.published else ("公示至" if term.published_until else "自"))


@pytest.fixture
def penalty(pack: Pack) -> Item:
    return pack.item("penalty")


def test_absent_columns_count_as_unknown(pack: Pack, penalty: Item) -> None:
    days = pl.DataFrame({"decided_on": [date(2026, 4, 2)], "other": ["kept"]})
    found = publicity.term_columns(pack, penalty, days)
    assert found.row(0, named=True) == {
        "decided_on": date(2026, 4, 2),
        "other": "kept",
        "publicity_from": date(2026, 4, 2),
        "publicity_until": date(2027, 4, 2),
        "publicity_rule": "penalty-2026-ordinary",
    }


def test_no_rows_give_no_rows_with_the_right_types(pack: Pack, penalty: Item) -> None:
    found = publicity.term_columns(pack, penalty, columns([]))
    assert found.height == 0
    assert found.schema["publicity_from"] == found.schema["publicity_until"] == pl.Date
    assert found.schema["publicity_rule"] == pl.String


def test_reason_names_rule_day_and_source(pack: Pack, penalty: Item) -> None:
    term = publicity.term(pack, penalty, PublicityFacts(date(2026, 4, 2), kinds=("吊销许可证件",)))
    assert term.reason == (
        "公示至 2029-04-02：严重失信信息最长公示 36 个月，自决定之日 2026-04-02 起算。"
        "依据《信用修复管理办法（国家发展改革委令第36号，2025年）》。"
    )
    assert "at most 36 months from 2026-04-02 (NDRC Order No. 36 of 2025)" in term.reason_en
    assert any("没有标注失信程度" in note for note in term.notes)


def test_choice_of_the_more_favourable_rule_is_noted_as_uncertain(pack: Pack, penalty: Item) -> None:
    term = publicity.term(pack, penalty, PublicityFacts(date(2025, 6, 2), severity="一般", procedure="普通"))
    assert (term.rule_at_decision, term.rule) == ("penalty-2023-ordinary", "penalty-2026-ordinary")
    assert "自 2026-04-01 起适用对当事人更有利的规定" in term.reason
    assert any("依据待核实" in note for note in term.notes)
    assert "L" in {entry.confidence for entry in term.references}


def test_outcome_on_certain_ground_has_no_doubts(pack: Pack, penalty: Item) -> None:
    marked = PublicityFacts(date(2026, 4, 2), severity="一般", acted_until=date(2026, 3, 1))
    assert publicity.term(pack, penalty, marked).notes == ()


def test_limit_counted_from_the_decision_is_said(pack: Pack) -> None:
    term = publicity.term(pack, pack.item("tax-arrears"), PublicityFacts(date(2026, 4, 15)))
    assert (term.published_until, term.rule) == (date(2031, 4, 15), "cap-five-years")
    assert any("没有报送失信行为终止日期" in note for note in term.notes)


def test_reason_says_which_of_two_ends_came_first(pack: Pack) -> None:
    listed = pack.item("court-enforcement")
    removed = publicity.term(pack, listed, PublicityFacts(date(2024, 4, 1), effective_until=date(2026, 5, 1)))
    assert removed.reason.startswith("公示至 2026-04-30：列入期间公示，自删除之日起停止。依据《")
    silent = publicity.term(pack, listed, PublicityFacts(date(2024, 4, 1)))
    assert "自删除之日起停止，最长公示 60 个月，自决定之日 2024-04-01 起算" in silent.reason


def test_absence_of_a_rule_is_said_and_not_cited(pack: Pack) -> None:
    term = publicity.term(pack, pack.item("levy"), PublicityFacts(date(2026, 4, 1)))
    assert term.reason.endswith("说明：未查到专门的公示期规定，参照失信信息最长五年。")
    assert "《没有" not in term.reason
