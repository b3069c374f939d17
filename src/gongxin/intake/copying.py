"""Frames to PostgreSQL by COPY in text format, and sets of texts there and back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from psycopg import Cursor, sql

# Backslash first: the others add backslashes. COPY's text format has no other special signs.
_SIGNS: Final = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_SPECIAL: Final = r"[\\\n\t\r]"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of COPY's text format: the first `size` bytes of a buffer."""

    buffer: io.BytesIO
    size: int


class LineWriter:
    """Writes frames as lines into buffers that are used again: fresh memory costs as much as the writing itself."""

    def __init__(self) -> None:
        self._free: list[io.BytesIO] = []

    def write(self, frame: pl.DataFrame, *, ready: bool = False) -> Lines:
        """The frame's columns are texts, numbers or days; null becomes \\N. ready: the texts have been escaped
        for COPY already.
        """
        buffer = self._free.pop() if self._free else io.BytesIO()
        buffer.seek(0)
        columns = [_text(column, ready=ready) for column in frame.get_columns()]
        pl.DataFrame(columns).write_csv(
            buffer, include_header=False, separator="\t", quote_style="never", null_value="\\N"
        )
        return Lines(buffer, buffer.tell())

    def take_back(self, lines: Lines) -> None:
        """The buffer may be written over."""
        self._free.append(lines.buffer)


def copy_in(cursor: Cursor[Any], table: str, columns: list[str], lines: Lines) -> None:
    """COPY lines into a table's columns."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy, lines.buffer.getbuffer() as whole, whole[: lines.size] as written:
        copy.write(written)


def escaped(column: pl.Series) -> pl.Series:
    """The texts with the signs escaped that COPY's text format wants escaped; as they are where there are none."""
    if not column.str.contains(_SPECIAL).any():
        return column
    return column.str.replace_many(list(_SIGNS), list(_SIGNS.values()))


def escaped_json(column: pl.Series) -> pl.Series:
    """The same for JSON texts: their line ends and tabs are escaped already, only backslashes are left."""
    if not column.str.contains("\\", literal=True).any():
        return column
    return column.str.replace_all("\\", "\\\\", literal=True)


def _text(column: pl.Series, *, ready: bool) -> pl.Series:
    if column.dtype == pl.Date:
        return _days(column)
    return column if ready or column.dtype != pl.String else escaped(column)


def _days(column: pl.Series) -> pl.Series:
    """Days in ISO form, looked up: writing each anew takes ten times as long."""
    first, last = column.min(), column.max()
    if not (isinstance(first, date) and isinstance(last, date)):
        return column.cast(pl.String)
    texts = pl.date_range(first, last, eager=True).cast(pl.String)
    return texts.gather((column - first).dt.total_days()).alias(column.name)
