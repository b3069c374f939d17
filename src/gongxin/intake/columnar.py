"""Reading JSON Lines and Parquet: the columns have names of their own, every value becomes text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from gongxin.intake.delimited import Decoder
from gongxin.intake.faults import FileRefused
from gongxin.intake.tables import CHUNK_ROWS, FAULT_SCHEMA, ROW, Chunk, Notice, no_faults, text_frame

_BLOCK: Final = 24 * 1024**2
_LINE_LIMIT: Final = 64 * 1024**2
_TITLES_FROM: Final = 1024**2


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
        found = (_object(line)[0] for line in lines if line.strip())
        return list(dict.fromkeys(key for entry in found if entry for key in entry))

    def _chunk(self, lines: list[bytes], number: int, width: int, done: float) -> Chunk:
        numbers = pl.int_range(number, number + len(lines), dtype=pl.Int64, eager=True)
        schema = dict.fromkeys(self.titles, pl.String)
        try:
            if any(not line.strip() for line in lines):
                raise pl.exceptions.ComputeError("blank lines")
            frame = pl.read_ndjson(b"\n".join(lines), infer_schema_length=None)
            known = set(frame.columns) <= set(self.titles)
            flat = all(not kind.is_nested() for kind in frame.dtypes)
        except pl.exceptions.PolarsError:
            known = flat = False
        if not (known and flat and frame.height == len(lines)):
            return self._chunk_line_by_line(lines, number, width, done)
        texts = frame.select(
            (pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, dtype=pl.String)).alias(f"c{n}")
            for n, name in enumerate(schema)
        )
        return Chunk(texts.insert_column(0, numbers.alias(ROW)), no_faults(), done)

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
        entry = json.loads(line, parse_int=str, parse_float=str, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        return None, str(error)[:100]
    if not isinstance(entry, dict):
        return None, "不是对象"
    for key, value in entry.items():
        if isinstance(value, dict | list):
            return None, f"“{key}”的值不是文字或数字"[:100]
    return {key: "" if value is None else str(value) for key, value in entry.items()}, ""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError("同一个键出现了两次")
    return entry


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

    def head(self, rows: int) -> list[list[str]]:
        """The column names, as if they were a header."""
        return [self.titles][:rows]

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """See `tables.Source`; `first_row` is the virtual header's and means nothing here. Raises E104."""
        for start in range(0, self._rows, CHUNK_ROWS):
            part = self._read(start)
            numbers = pl.int_range(start + 1, start + 1 + part.height, dtype=pl.Int64, eager=True)
            texts = part.select(_text(part.to_series(n)).alias(f"c{n}") for n in range(part.width))
            yield Chunk(texts.insert_column(0, numbers.alias(ROW)), no_faults(), (start + part.height) / self._rows)

    def _read(self, start: int) -> pl.DataFrame:
        try:
            return self._frame.slice(start, CHUNK_ROWS).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FileRefused("E104", value="Parquet 数据页损坏") from error


def _text(column: pl.Series) -> pl.Series:
    """The column as text: numbers in full, days as yyyy-MM-dd."""
    if column.dtype == pl.Binary:
        return column.cast(pl.String, strict=False)
    if column.dtype.is_nested():
        return pl.repeat(None, column.len(), dtype=pl.String, eager=True)
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)
