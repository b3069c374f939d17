"""Reading JSON Lines and Parquet: the columns have names of their own, every value becomes text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from gongxin.clock import CIVIL_TIME
from gongxin.intake.delimited import Decoder
from gongxin.intake.faults import FileRefused
from gongxin.intake.tables import CHUNK_ROWS, FAULT_SCHEMA, ROW, Chunk, Notice, no_faults, text_frame

# Parquet holds a thousand million equal rows in a few kilobytes.
_MOST_ROWS: Final = 100_000_000
_BLOCK: Final = 24 * 1024**2
_LINE_LIMIT: Final = 64 * 1024**2
_TITLES_FROM: Final = 1024**2
# What ends a key, if nothing stands between it and the colon; a block written otherwise is read line by line.
_AFTER_KEY: Final = '":'
# Numbers of which a float would lose digits or the way they were written (sixteen digits and more, exponents); lists
# and objects.
_DELICATE: Final = re.compile(rb'":\s*(?:[\[{]|-?(?:[0-9.]{17,}|[0-9.]+[eE]))')
_SMALLEST, _LARGEST = 1e-15, 1e15
# Written so that only a look at the character tells whether it can be kept: NUL, halves of surrogate pairs.
_ESCAPES: Final = (b"\\u0000", b"\\ud", b"\\uD")
# Types of Parquet columns whose values have one text.
_PLAIN_TYPES: Final = (pl.String, pl.Binary, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)


class JsonLinesSource:
    """One JSON object a line. The line number is the row number; a key that comes up late in the file is a fault
    of its row.
    """

    def __init__(self, path: Path) -> None:
        self.notices: list[Notice] = []
        self._path = path
        self._size = path.stat().st_size
        self.titles = self._titles()

    def head(self, rows: int) -> list[list[str]]:
        """The keys, as if they were a header."""
        return [self.titles][:rows]

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """See `tables.Source`; `first_row` is the virtual header's and means nothing here. Raises E107, E108, E119."""
        decoder, rest, number, offset = Decoder(), b"", 1, 0
        with self._path.open("rb") as file:
            while True:
                read = file.read(_BLOCK)
                block = rest + read
                if not block:
                    return
                used = block.rfind(b"\n") + 1 if read else len(block)
                if not used and len(block) > _LINE_LIMIT:
                    raise FileRefused("E119", value=number, expected=f"{_LINE_LIMIT // 1024**2} MiB")
                rest = block[used:]
                if not used:
                    continue
                lines = (
                    decoder.utf8(block[:used], offset).removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")
                )
                offset += used
                yield self._chunk(lines, number, width, offset / self._size)
                number += len(lines)

    def _titles(self) -> list[str]:
        """The keys of the first MiB, in order of appearance."""
        with self._path.open("rb") as file:
            beginning = file.read(_TITLES_FROM).removeprefix(b"\xef\xbb\xbf")
        cut = beginning.rfind(b"\n") + 1 if len(beginning) >= _TITLES_FROM - 3 else 0
        lines = Decoder().utf8(beginning[:cut] if cut else beginning, 0).split(b"\n")
        found = [_object(line) for line in lines if line.strip()]
        titles = list(dict.fromkeys(key for entry, _complaint in found if entry for key in entry))
        if not titles:
            complaint = next((said for _entry, said in found if said), "对象是空的")
            raise FileRefused("E103", value=f"JSON，但没有一行是完整的对象（{complaint[:60]}）")
        return titles

    def _chunk(self, lines: list[bytes], number: int, width: int, done: float) -> Chunk:
        numbers = pl.int_range(number, number + len(lines), dtype=pl.Int64, eager=True)
        texts = self._texts(lines)
        if texts is None:
            return self._chunk_line_by_line(lines, number, width, done)
        return Chunk(texts.insert_column(0, numbers.alias(ROW)), no_faults(), done)

    def _texts(self, lines: list[bytes]) -> pl.DataFrame | None:
        """The block as columns of text, or None where it has to be read line by line: a line that is no flat object
        of known keys, each once, or a number that would lose a digit.
        """
        keys = pl.Series(lines, dtype=pl.Binary).cast(pl.String).str.count_matches(_AFTER_KEY, literal=True)
        if not (keys == len(self.titles)).all():
            return None
        block = b"\n".join(lines)
        if _DELICATE.search(block) or any(sign in block for sign in _ESCAPES):
            return None
        try:
            frame = pl.read_ndjson(block, infer_schema_length=None)
        except pl.exceptions.PolarsError:
            return None
        nothing = sum(frame.null_count().row(0)) if frame.height else 0
        if frame.height != len(lines) or set(frame.columns) != set(self.titles) or nothing != block.count(b"null"):
            return None
        return pl.DataFrame([_json_text(frame[title]).alias(f"c{n}") for n, title in enumerate(self.titles)])

    def _chunk_line_by_line(self, lines: list[bytes], number: int, width: int, done: float) -> Chunk:
        """The block has a line that is no flat object: find which."""
        rows: list[list[str]] = []
        faults: list[tuple[int, None, str, str, str]] = []
        for at, line in enumerate(lines, start=number):
            entry, complaint = _object(line) if line.strip() else ({}, "")
            late = [key for key in entry or {} if key not in self.titles]
            if complaint or late:
                faults.append((at, None, "E202", complaint or f"未知的键 {late[0]}"[:100], ""))
            rows.append([(entry or {}).get(title, "") for title in self.titles] if not complaint else [line.decode()])
        frame = text_frame(rows, width, number).with_columns(pl.col(pl.String).replace("", None))
        return Chunk(frame, pl.DataFrame(faults, schema=FAULT_SCHEMA, orient="row"), done)


def _object(line: bytes) -> tuple[dict[str, str] | None, str]:
    """The line's keys and texts, or None and what is wrong with it. Numbers keep the digits they were written with."""
    try:
        entry = json.loads(
            line, parse_int=str, parse_float=_plain, parse_constant=_no_number, object_pairs_hook=_without_doubles
        )
    except json.JSONDecodeError as error:
        return None, f"第 {error.colno} 个字符处语法有误"
    except RecursionError:
        return None, "括号嵌套过深"
    except ValueError as error:
        return None, str(error)[:100]
    if not isinstance(entry, dict):
        return None, "不是对象"
    for key, value in entry.items():
        if isinstance(value, dict | list):
            return None, f"“{_shown(key)}”的值不是文字或数字"[:100]
    words = {key: _word(value) for key, value in entry.items()}
    spoilt = next((key for key, word in words.items() if not (_can_be_kept(key) and _can_be_kept(word))), None)
    return (words, "") if spoilt is None else (None, f"“{_shown(spoilt)}”含有空字符或不成对的代理字符"[:100])


def _can_be_kept(text: str) -> bool:
    """Whether a database can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and _shown(text) == text


def _shown(text: str) -> str:
    """The text with a question mark for what cannot be written."""
    return text.encode(errors="replace").decode()


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _plain(number: str) -> str:
    """A number with a point or exponent in its plain form: 5.0 and 5 are the same number. What is too large or too
    small to be an amount stays as it was written.
    """
    if "e" in number.lower():
        if not _SMALLEST <= abs(float(number)) < _LARGEST:
            return number
        number = format(Decimal(number), ".15f")
    return number.rstrip("0").rstrip(".")


def _no_number(name: str) -> str:
    raise ValueError(f"{name} 不是数字")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError("同一个键出现了两次")
    return entry


def _json_text(column: pl.Series) -> pl.Series:
    """A column as text, as `_object` would have it."""
    text = column.cast(pl.String)
    return text.str.strip_suffix(".0") if column.dtype.is_float() else text


class ParquetSource:
    """A Parquet file. The row number is the record's place, the first being 1."""

    def __init__(self, path: Path) -> None:
        self.notices: list[Notice] = []
        self._path = path
        try:
            self._frame = pl.scan_parquet(path)
            self.titles = self._frame.collect_schema().names()
            self._rows = int(self._frame.select(pl.len()).collect().item())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FileRefused("E104", value="Parquet 结构损坏") from error
        if self._rows > _MOST_ROWS:
            raise FileRefused("E106", value=f" {self._rows:,} 行", expected=f" {_MOST_ROWS:,} 行")
        for title, kind in self._frame.collect_schema().items():
            if not (kind.is_numeric() or isinstance(kind, _PLAIN_TYPES)):
                raise _unsuitable(title)

    def head(self, rows: int) -> list[list[str]]:
        """The column names, as if they were a header."""
        return [self.titles][:rows]

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """See `tables.Source`; `first_row` is the virtual header's and means nothing here. Raises E104."""
        for start in range(0, self._rows, CHUNK_ROWS):
            part = self._read(start)
            numbers = pl.int_range(start + 1, start + 1 + part.height, dtype=pl.Int64, eager=True)
            texts = pl.DataFrame([_text(column).alias(f"c{n}") for n, column in enumerate(part.iter_columns())])
            yield Chunk(texts.insert_column(0, numbers.alias(ROW)), no_faults(), (start + part.height) / self._rows)

    def _read(self, start: int) -> pl.DataFrame:
        try:
            return self._frame.slice(start, CHUNK_ROWS).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FileRefused("E104", value="Parquet 数据页损坏") from error


def _text(column: pl.Series) -> pl.Series:
    """The column as text: numbers in full, days as yyyy-MM-dd (of an instant: the day in China). Raises FileRefused
    E103 where bytes are no text.
    """
    if column.dtype == pl.Binary:
        try:
            return column.cast(pl.String)
        except pl.exceptions.PolarsError as error:
            raise _unsuitable(column.name) from error
    if isinstance(column.dtype, pl.Datetime):
        local = column.dt.convert_time_zone(CIVIL_TIME.key) if column.dtype.time_zone else column
        return local.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)


def _unsuitable(title: str) -> FileRefused:
    return FileRefused("E103", value=f"Parquet，但列“{title[:60]}”中不是文字、数字或日期")
