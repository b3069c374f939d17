"""Delimited text: records, widths, encodings, quotation marks; the fast way and the csv module agree."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.intake import delimited
from gongxin.intake.delimited import DelimitedSource
from gongxin.intake.faults import FileRefused

Rows = list[list[str | None]]


def read(
    folder: Path, content: bytes, first_row: int = 1, delimiter: str = ""
) -> tuple[Rows, list[tuple[int, str, str]]]:
    """The cells of each row (with its number in front) and the faults."""
    path = folder / "file.csv"
    path.write_bytes(content)
    rows: Rows = []
    faults: list[tuple[int, str, str]] = []
    for chunk in DelimitedSource(path, delimiter).chunks(first_row, 2):
        rows += [list(row) for row in chunk.frame.rows()]
        faults += chunk.faults.select("row", "code", "value").rows()
    return rows, faults


def refusal(folder: Path, content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(folder, content)
    return caught.value


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_encodings_line_ends(tmp_path: Path, mark: str, encoding: str, end: str) -> None:
    content = end.join([f"名称{mark}代码", f"泽川{mark}0001", f"临湖{mark}"]).encode(encoding)
    assert read(tmp_path, content, first_row=2)[0] == [[2, "泽川", "0001"], [3, "临湖", None]]


def test_nothing_is_guessed(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n007,1e5\ntrue,2026-04-01\n", first_row=2)[0] == [
        [2, "007", "1e5"],
        [3, "true", "2026-04-01"],
    ]


def test_quoted_line_breaks_and_marks_count_as_one_row(tmp_path: Path) -> None:
    content = 'a,b\n"第一行\n第二行","他说""好"",走了"\nx,y\n'.encode()
    rows, faults = read(tmp_path, content, first_row=2)
    assert rows == [[2, "第一行\n第二行", '他说"好",走了'], [3, "x", "y"]]
    assert faults == []


def test_rows_of_the_wrong_width_are_named_and_keep_their_cells(tmp_path: Path) -> None:
    rows, faults = read(tmp_path, b"a,b\n1\n1,2\n1,2,3,4\n1,2,\n")
    assert faults == [(2, "E201", "1"), (4, "E201", "4"), (5, "E201", "3")]
    assert rows[3] == [4, "1", "2", "3", "4"]


def test_blank_lines_keep_their_numbers(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, b"a,b\n1,2\n\n3,4\n\n\n")
    assert [row[0] for row in rows if row[1]] == [1, 2, 4]


def test_marks_inside_a_cell_go_the_slow_way(tmp_path: Path) -> None:
    content = 'a,b\n5" 管,甲\n6" 管,乙\n"x",y\n'.encode()
    assert read(tmp_path, content, first_row=2)[0] == [[2, '5" 管', "甲"], [3, '6" 管', "乙"], [4, "x", "y"]]


def test_lone_carriage_returns_go_the_slow_way(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\r1,甲\r2,乙".encode(), first_row=2)[0] == [[2, "1", "甲"], [3, "2", "乙"]]


def test_slow_way_starts_where_the_fast_way_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    rows = [f"{n},甲" for n in range(1, 200)]
    rows[150] = '151,5" 管'
    numbered, faults = read(tmp_path, "\n".join(rows).encode())
    assert [row[0] for row in numbered] == list(range(1, 200))
    assert [row[1] for row in numbered] == [str(n) for n in range(1, 200)]
    assert numbered[150][2] == '5" 管'
    assert faults == []


def test_small_blocks_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 50)
    content = "a,b\n" + "".join(f'{n},"第{n}行\n续"\n' for n in range(2, 300))
    rows, _ = read(tmp_path, content.encode("gb18030"), first_row=2)
    assert [row[0] for row in rows] == list(range(2, 300))
    assert [row[2] for row in rows] == [f"第{n}行\n续" for n in range(2, 300)]


def test_unclosed_mark(tmp_path: Path) -> None:
    found = refusal(tmp_path, 'a,b\n1,2\n3,"没有闭合\n4,5\n'.encode())
    assert (found.code, found.facts["value"]) == ("E115", "3")


def test_nul_bytes_and_utf_16(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"a,b\n1,\0\n").code == "E108"
    assert refusal(tmp_path, "a,b\n1,2\n".encode("utf-16")).code == "E108"


def test_neither_utf_8_nor_gb18030(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"a,b\n\xff\xff,2\n").code == "E107"


def test_encoding_that_changes_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 40)
    content = "名称,代码\n泽川市,1\n".encode() * 5 + "泽川市,1\n".encode("gb18030") * 20
    assert refusal(tmp_path, content).code == "E107"


def test_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 100)
    monkeypatch.setattr(delimited, "_RECORD_LIMIT", 1000)
    assert refusal(tmp_path, b"a,b\n" + b"x" * 5000).code == "E119"
    assert refusal(tmp_path, b'a,b\n"' + b"x,y\n" * 5000).code == "E115"


def test_stray_mark_early_in_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 100)
    monkeypatch.setattr(delimited, "_RECORD_LIMIT", 1000)
    rows, _ = read(tmp_path, ('a,b\n5" 管,甲\n' + "1,2\n" * 1000).encode(), first_row=2)
    assert len(rows) == 1001
    assert rows[0][1] == '5" 管'


_CELLS = st.text(st.sampled_from('甲a1 ,;"\n'), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=12), st.integers(20, 200))
def test_reads_what_the_csv_module_wrote(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], block: int
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([("名", "码"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_BLOCK", block)
        found, faults = read(tmp_path_factory.mktemp("csv"), text.getvalue().encode(), first_row=2, delimiter=",")
    assert faults == []
    assert [[cell or "" for cell in row[1:3]] for row in found] == [list(row) for row in rows]


def test_frame_holds_texts_only(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n1,2\n")
    chunk = next(iter(DelimitedSource(path).chunks(1, 2)))
    assert chunk.frame.schema == {"row": pl.Int64, "c0": pl.String, "c1": pl.String}


@pytest.mark.parametrize(
    ("content", "plain", "tight"),
    [
        ("a,b\n甲,乙\n", True, True),
        ('a,b\n"",乙\n', True, True),
        ("a,b\n甲 丙,乙\n", True, True),
        ("a,b\n甲 ,乙\n", True, False),
        ("a,b\n甲, 乙\n", True, False),
        ("a,b\n 甲,乙\n", True, False),
        ("a,b\n甲,乙 \r\n", True, False),
        ("a,b\n　甲,乙\n", True, False),
        ('a,b\n"甲",乙\n', False, False),
        ("a,b\n甲\\,乙\n", False, True),
        ("a,b\n甲\t丙,乙\n", False, False),
        ("a,b\n甲\ufffd,乙\n", False, True),
        ("a,b\n甲\x07,乙\n", False, False),
    ],
)
def test_what_is_known_of_a_block(tmp_path: Path, content: str, plain: bool, tight: bool) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode())
    chunk = next(iter(DelimitedSource(path, ",").chunks(1, 2)))
    assert (chunk.plain, chunk.tight) == (plain, tight)
