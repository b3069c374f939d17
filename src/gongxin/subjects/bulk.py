"""Frames of texts into staging tables and queries into frames, both by COPY."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
from psycopg import sql


def copy_from(cursor: Any, table: str, frame: pl.DataFrame) -> None:
    """Fill a temporary staging table of text columns with a frame; it is gone at the end of the transaction.

    Null goes in as null, an empty text as an empty text. The planner is told how many rows there are.
    """
    name = sql.Identifier(table)
    columns = [sql.Identifier(column) for column in frame.columns]
    defined = sql.SQL(", ").join(sql.SQL("{} text").format(column) for column in columns)
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
    cursor.execute(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(name, defined))
    command = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(name, sql.SQL(", ").join(columns))
    texts = frame.select(pl.all().cast(pl.String))
    with cursor.copy(command) as copy:
        for part in texts.iter_slices(50_000):
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))
    cursor.execute(sql.SQL("ANALYZE {}").format(name))


def copy_to(cursor: Any, query: str) -> pl.DataFrame:
    """The rows of a query (without parameters) as a frame of texts; null stays null, an empty text an empty text."""
    command = f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER true, FORCE_QUOTE *)"
    buffer = io.BytesIO()
    with cursor.copy(command) as copy:
        for part in copy:
            buffer.write(part)
    return pl.read_csv(buffer.getvalue(), infer_schema=False)
