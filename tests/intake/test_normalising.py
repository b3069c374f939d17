"""Cells as the standard writes them; what cannot be cast is an error."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.intake import normalising
from gongxin.policy import packs
from gongxin.policy.model import CodeList, Field

DAY = Field("D", "日期", "Day", "date")
MONEY = Field("M", "金额(万元)", "Amount", "decimal", max_length=18, scale=6)
YEAR = Field("Y", "年度", "Year", "year")
COUNT = Field("N", "件数", "Count", "integer")
CODE = Field("C", "代码", "Code", "uscc")
TEXT = Field("T", "内容", "Content", "text")
KINDS = Field("K", "处罚类别", "Kinds", "codes", code_list="penalty-kind")
STATUS = Field("S", "当前状态", "Status", "code", code_list="status")


def cast(field: Field, *cells: str | None) -> list[tuple[str | None, str | None]]:
    """(stored form, fault) of each cell."""
    code_list: CodeList | None = packs.current().code_lists.get(field.code_list)
    found = normalising.cast(field, pl.Series(cells, dtype=pl.String), code_list)
    faults = found.code if found.code is not None else pl.repeat(None, len(cells), dtype=pl.String, eager=True)
    return list(zip(found.value, faults, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "2026/04/01",
        "2026-04-01",
        "2026/4/1",
        "2026.4.1",
        "20260401",
        "2026年4月1日",
        "2026年04月01日",
        " 2026/04/01 ",
        "２０２６／０４／０１",
        "2026-04-01 00:00:00",
        "2026-04-01T08:30:00",
        "46113",
        "46113.5",
        "2026-04-01 08:30:00.123",
    ],
)
def test_days(text: str) -> None:
    assert cast(DAY, text) == [("2026-04-01", None)]


@pytest.mark.parametrize(
    "text",
    ["2026/13/45", "2026-02-30", "01/04/2026", "4月1日", "昨天", "26/04/01", "2026-04", "202604011", "2026/4/1日程"],
)
def test_what_is_no_day(text: str) -> None:
    assert cast(DAY, text) == [(None, "E207")]


@pytest.mark.parametrize("text", ["1900-01-01", "1949-09-30", "2100/01/01", "9999-12-31", "10001"])
def test_days_out_of_range(text: str) -> None:
    assert cast(DAY, text) == [(None, "E217")]


def test_placeholder_in_the_publicity_column_harms_nobody() -> None:
    field = Field("P", "公示截止期", "End", "date", role="publicity_until")
    found = normalising.cast(field, pl.Series(["1900-01-01", "2027-01-01", "?"]), None)
    assert found.value.to_list() == [None, "2027-01-01", None]
    assert found.warning is not None
    assert found.warning.to_list() == ["W203", None, None]
    assert found.code is not None
    assert found.code.to_list() == [None, None, "E207"]


@settings(max_examples=200)
@given(
    st.dates(date(1949, 10, 1), date(2099, 12, 31)), st.sampled_from(["%Y/%m/%d", "%Y-%m-%d", "%Y%m%d", "%Y年%m月%d日"])
)
def test_every_day_in_every_form(day: date, form: str) -> None:
    assert cast(DAY, day.strftime(form)) == [(day.isoformat(), None)]


@given(st.integers(18_172, 73_050))
def test_every_serial_of_the_range(serial: int) -> None:
    assert cast(DAY, str(serial)) == [((date(1899, 12, 30) + timedelta(days=serial)).isoformat(), None)]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0.2", "0.2"),
        ("0.20", "0.2"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("1,234.50", "1234.5"),
        ("0", "0"),
        ("1，234，567", "1234567"),
        ("+3", "3"),
        ("12345678.123456", "12345678.123456"),
        ("0.000000", "0"),
        ("-0.0", "0"),
    ],
)
def test_decimals(text: str, stored: str) -> None:
    assert cast(MONEY, text) == [(stored, None)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2000元", "E208"),
        ("0.2万元", "E208"),
        ("1,23", "E208"),
        ("12,34.5", "E208"),
        ("1.2.3", "E208"),
        ("1e5", "E208"),
        ("约5", "E208"),
        ("0.1234567", "E209"),
        ("-1", "E210"),
        ("1" * 13, "E208"),
        (".", "E208"),
        ("+", "E208"),
    ],
)
def test_what_is_no_amount(text: str, code: str) -> None:
    assert cast(MONEY, text) == [(None, code)]


def test_years_and_whole_numbers() -> None:
    assert cast(YEAR, "2025", "2025年", "2025.0", "25", "3025", "二〇二五") == [
        ("2025", None),
        ("2025", None),
        ("2025", None),
        (None, "E211"),
        (None, "E211"),
        (None, "E211"),
    ]
    assert cast(COUNT, "12", "１２", "1.5", "-3") == [("12", None), ("12", None), (None, "E211"), (None, "E211")]


def test_codes_are_folded_not_repaired() -> None:
    assert cast(CODE, "91000000ma0000012y", " 9100-0000 MA00 00012Y", "９１000000MA0000012Y", "无", "O1") == [
        ("91000000MA0000012Y", None),
        ("91000000MA0000012Y", None),
        ("91000000MA0000012Y", None),
        (None, None),
        ("O1", None),
    ]


def test_code_lists_by_code_label_and_alias() -> None:
    assert cast(STATUS, "1", "有效", "撤销", "有 效", "3") == [
        ("1", None),
        ("1", None),
        ("2", None),
        (None, "E206"),
        (None, "E206"),
    ]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("警告", "警告"),
        ("警告;罚款", "警告;罚款"),
        ("警告；罚款", "警告;罚款"),
        ("警告，罚款", "警告;罚款"),
        ("警告、罚款", "警告;罚款"),
        ("没收违法所得、没收非法财物", "没收违法所得、没收非法财物"),
        ("没收违法所得、没收非法财物;罚款", "没收违法所得、没收非法财物;罚款"),
        ("吊销执照", "吊销许可证件"),
        ("其他-责令改正", "其他-责令改正"),
        ("其他（责令改正）;罚款", "其他-责令改正;罚款"),
    ],
)
def test_several_kinds_in_one_cell(text: str, stored: str) -> None:
    assert cast(KINDS, text) == [(stored, None)]


@pytest.mark.parametrize(
    ("text", "code"),
    [("警告;", "E218"), ("警告;警告", "E218"), ("警告;体罚", "E206"), ("其他", "E206"), ("警告罚款", "E206")],
)
def test_kinds_that_are_none(text: str, code: str) -> None:
    assert cast(KINDS, text) == [(None, code)]


def test_unusual_separators_are_told() -> None:
    found = normalising.cast(KINDS, pl.Series(["警告、罚款", "警告;罚款"]), packs.current().code_lists["penalty-kind"])
    assert found.warning is not None
    assert found.warning.to_list() == ["W201", None]


def test_texts_keep_their_words() -> None:
    assert cast(TEXT, "  无 ", "-", "N/A", "甲\r\n乙", "　全角　空格　", "") == [
        ("无", None),
        (None, None),
        (None, None),
        ("甲\n乙", None),
        ("全角　空格", None),
        (None, None),
    ]


@pytest.mark.parametrize("text", ["乱\ufffd码", "响\x07铃", "退\x1b格"])
def test_garbled_text(text: str) -> None:
    assert cast(TEXT, text)[0][1] == "E213"


def test_blank_cells_of_every_type_are_nothing() -> None:
    for field in (DAY, MONEY, YEAR, COUNT, CODE, KINDS, STATUS):
        assert cast(field, None, "", "  ", "无", "-", "/", "\u3000") == [(None, None)] * 7, field.type


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-01T16:00:00.000Z", "2026-04-02"),
        ("2026-04-01T15:59:59Z", "2026-04-01"),
        ("2026-04-01 16:00+00:00", "2026-04-02"),
        ("2026-04-02T00:00:00+08:00", "2026-04-02"),
        ("2026-04-01T16:00:00", "2026-04-01"),
    ],
)
def test_an_instant_is_the_day_in_china(text: str, day: str) -> None:
    """What JavaScript writes for midnight in China names the day before, in UTC."""
    assert cast(DAY, text) == [(day, None)]
