"""Frames to PostgreSQL by COPY in text format, and sets of texts there and back."""

from __future__ import annotations

import io
from typing import Any, Final

import polars as pl
from psycopg import Cursor, sql

# Backslash first: the others add backslashes. COPY's text format has no other special signs.
_SIGNS: Final = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_SPECIAL: Final = r"[\\\n\t\r]"


def copy_text(frame: pl.DataFrame) -> memoryview:
    """The frame as lines of COPY's text format. Columns are texts (escaped here), numbers or days; null becomes \\N."""
    out = io.BytesIO()
    escaped = [_escaped(column) if column.dtype == pl.String else column for column in frame.get_columns()]
    pl.DataFrame(escaped).write_csv(
        out, include_header=False, separator="\t", quote_style="never", null_value="\\N", date_format="%Y-%m-%d"
    )
    return out.getbuffer()


def copy_in(cursor: Cursor[Any], table: str, columns: list[str], lines: memoryview) -> None:
    """COPY lines made by `copy_text` into a table's columns."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        copy.write(lines)


def _escaped(column: pl.Series) -> pl.Series:
    if not column.str.contains(_SPECIAL).any():
        return column
    return column.str.replace_many(list(_SIGNS), list(_SIGNS.values()))
