"""Frames to PostgreSQL by COPY in text format, and sets of texts there and back."""

from __future__ import annotations

import io
from typing import Any, Final

import polars as pl
from psycopg import Cursor, sql

# Backslash first: the others add backslashes. COPY's text format has no other special signs.
_SIGNS: Final = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_SPECIAL: Final = r"[\\\n\t\r]"


def copy_text(frame: pl.DataFrame, *, ready: bool = False) -> memoryview:
    """The frame as lines of COPY's text format. Columns are texts, numbers or days; null becomes \\N.

    ready: the texts have been escaped for COPY already.
    """
    out = io.BytesIO()
    columns = [_text(column, ready=ready) for column in frame.get_columns()]
    pl.DataFrame(columns).write_csv(out, include_header=False, separator="\t", quote_style="never", null_value="\\N")
    return out.getbuffer()


def copy_in(cursor: Cursor[Any], table: str, columns: list[str], lines: memoryview) -> None:
    """COPY lines made by `copy_text` into a table's columns."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        copy.write(lines)


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
        return column.cast(pl.String)
    return column if ready or column.dtype != pl.String else escaped(column)
