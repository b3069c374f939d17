"""JSON Lines and Parquet: every value as the text it was written with, whichever way the block is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.intake import columnar
from gongxin.intake.columnar import JsonLinesSource, ParquetSource
from gongxin.intake.faults import FileRefused


def read(tmp_path: Path, content: str) -> tuple[list[tuple[str | None, ...]], list[tuple[int, str, str]]]:
    """The rows with their numbers, and row, code and value of the faults."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content.encode())
    source = JsonLinesSource(path)
    chunks = list(source.chunks(2, len(source.titles)))
    rows = [row for chunk in chunks for row in chunk.frame.rows()]
    faults = [fault for chunk in chunks for fault in chunk.faults.select("row", "code", "value").rows()]
    return rows, faults


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("913700001234567890", "913700001234567890"),
        ("0.20", "0.2"),
        ("5.0", "5"),
        ("1e5", "100000"),
        ("9.137E+17", "9.137E+17"),
        ("12345678901234567890.123", "12345678901234567890.123"),
        ("true", "true"),
        ("null", None),
    ],
)
@pytest.mark.parametrize("beside", ['{"a": "x", "b": "y"}', '{"a": "x", "b": 2}', '{"a": "x", "b": 2.5}', '{"a":"x"}'])
def test_numbers_keep_their_digits(tmp_path: Path, number: str, text: str | None, beside: str) -> None:
    rows, faults = read(tmp_path, f'{beside}\n{{"a": "z", "b": {number}}}\n')
    assert faults == []
    assert rows[1] == (2, "z", text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"a": "1", "b": "2"', "语法有误"),
        ('{"a": "1", "a": "2"}', "两次"),
        ('{"a": "1", "a": "2", "b": null}', "两次"),
        ('["1", "2"]', "不是对象"),
        ('{"a": {"x": 1}, "b": "2"}', "a"),
        ('{"a": [1], "b": "2"}', "a"),
        ('{"a": NaN, "b": "2"}', "NaN"),
        ("昨天", "语法有误"),
        ('{"a": "1\\u0000", "b": "2"}', "“a”含有空字符"),
        ('{"a": "1", "b": "\\ud800"}', "“b”含有空字符或不成对的代理字符"),
        ('{"a": ' + "[" * 100_000 + "}", "嵌套过深"),
    ],
)
@pytest.mark.parametrize("more", ["", '{"a": "5", "b": "6"}\n'])
def test_broken_lines_are_named_by_their_number(tmp_path: Path, line: str, said: str, more: str) -> None:
    rows, faults = read(tmp_path, f'{{"a": "3", "b": "4"}}\n{line}\n{more}')
    assert [(number, code) for number, code, _ in faults] == [(2, "E202")]
    assert said in faults[0][2]
    assert rows[0] == (1, "3", "4")
    assert rows[2:] == ([(3, "5", "6")] if more else [])


def test_first_line_may_be_the_broken_one(tmp_path: Path) -> None:
    rows, faults = read(tmp_path, '{"a": "1",\n{"a": "2", "b": "3"}\n')
    assert [fault[:2] for fault in faults] == [(1, "E202")]
    assert rows[1] == (2, "2", "3")


_CELLS = st.one_of(
    st.none(), st.booleans(), st.text(max_size=6), st.integers(-(10**17), 10**17), st.decimals(0, 10**6, places=2)
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=6))
def test_both_ways_of_reading_agree(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]
) -> None:
    """A blank line at the end makes the whole block go the slow way."""
    lines = [json.dumps(dict(zip("ab", row, strict=True)), default=float, ensure_ascii=False) for row in rows]
    folder = tmp_path_factory.mktemp("both")
    fast, _ = read(folder, "\n".join(lines))
    slow, _ = read(folder, "\n".join(lines) + "\n\n")
    blank_is_nothing = [tuple(cell or None for cell in row) for row in fast]
    assert blank_is_nothing == slow[: len(rows)]


def test_parquet_values_as_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [913700001234567890, None], "b": [0.2, 5.0], "c": ["泽", ""]})
    frame.write_parquet(tmp_path / "a.parquet")
    source = ParquetSource(tmp_path / "a.parquet")
    assert source.titles == ["a", "b", "c"]
    (chunk,) = source.chunks(1, 3)
    assert chunk.frame.rows() == [(1, "913700001234567890", "0.2", "泽"), (2, None, "5.0", "")]


def test_parquet_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": ["1"] * 100}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileRefused) as refusal:
        ParquetSource(path)
    assert refusal.value.code == "E104"


@pytest.mark.parametrize("column", [[["1", "2"]], [{"x": 1}], ["泽川".encode("gb18030")], [timedelta(1)], [time(8)]])
def test_parquet_with_what_is_no_text_is_refused(tmp_path: Path, column: list[object]) -> None:
    """Left empty, such a cell would be lost without a word."""
    pl.DataFrame({"a": ["1"], "b": column}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(FileRefused) as refusal:
        list(ParquetSource(tmp_path / "a.parquet").chunks(1, 2))
    assert (refusal.value.code, "“b”" in refusal.value.facts["value"]) == ("E103", True)


def test_parquet_instants_are_days_in_china(tmp_path: Path) -> None:
    instant = datetime(2026, 4, 1, 16, 30, tzinfo=UTC)
    pl.DataFrame({"a": [instant], "b": [instant.replace(tzinfo=None)]}).write_parquet(tmp_path / "a.parquet")
    (chunk,) = ParquetSource(tmp_path / "a.parquet").chunks(1, 2)
    assert chunk.frame.rows() == [(1, "2026-04-02 00:30:00", "2026-04-01 16:30:00")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}\n", "对象是空的"),
        ('{\n "rows": []\n}\n', "第 2 个字符处语法有误"),
        ('{"a": [1]}\n{"a": {}}\n', "“a”的值不是文字或数字"),
    ],
)
def test_json_that_is_not_in_lines_is_refused_whole(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        read(tmp_path, content)
    assert refusal.value.code == "E103"
    assert said in refusal.value.facts["value"]


def test_parquet_of_endless_rows_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_MOST_ROWS", 2)
    pl.DataFrame({"a": ["x"] * 3}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(FileRefused) as refusal:
        ParquetSource(tmp_path / "a.parquet")
    assert refusal.value.code == "E106"


def test_parquet_texts_written_as_bytes(tmp_path: Path) -> None:
    pl.DataFrame({"a": ["泽川".encode(), None]}).write_parquet(tmp_path / "a.parquet")
    (chunk,) = ParquetSource(tmp_path / "a.parquet").chunks(1, 1)
    assert chunk.frame.rows() == [(1, "泽川"), (2, None)]
