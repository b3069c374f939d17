"""What every reader of a file hands on: rows of text cells with the row numbers that the spreadsheet shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

# Rows that travel together; bounds the memory and keeps the fixed costs small.
CHUNK_ROWS: Final = 65_536
ROW: Final = "row"

FAULT_SCHEMA: Final = {ROW: pl.Int64, "column": pl.Int64, "code": pl.String, "value": pl.String, "expected": pl.String}

# A warning about the whole file: code, value, expected.
Notice = tuple[str, str, str]


@dataclass(slots=True)
class Chunk:
    """Rows of the file. `frame`: column `row` (number as the spreadsheet shows it), then c0, c1, … (text or null).

    faults: rows or cells that could not be read: columns row, column (index of the cell; null: the whole row), code,
    value, expected. done: share of the file read so far (0–1), for the progress. plain: it is known that no cell holds
    a quotation mark, a backslash, a line end, a tab or a sign that cannot be shown; tight: that none begins or ends
    with a blank.
    """

    frame: pl.DataFrame
    faults: pl.DataFrame
    done: float = 0.0
    plain: bool = False
    tight: bool = False

    @property
    def width(self) -> int:
        """How many cells a row of the frame has."""
        return self.frame.width - 1


def no_faults() -> pl.DataFrame:
    """An empty table of faults."""
    return pl.DataFrame(schema=FAULT_SCHEMA)


class Source(Protocol):
    """A file opened for reading."""

    # Warnings about the whole file: (code, value, expected). Complete only after the last chunk.
    notices: list[Notice]

    def head(self, rows: int) -> list[list[str]]:
        """The cells of the first rows, where the header is looked for."""

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """The rows from `first_row` (1 = first row of the file) to the end; `width`: cells of the header."""


def text_frame(rows: Sequence[Sequence[str | None]], width: int, first_row: int) -> pl.DataFrame:
    """Rows of cells as a frame; short rows are filled with null."""
    columns = {
        f"c{n}": pl.Series([row[n] if n < len(row) else None for row in rows], dtype=pl.String) for n in range(width)
    }
    numbers = pl.int_range(first_row, first_row + len(rows), dtype=pl.Int64, eager=True)
    return pl.DataFrame({ROW: numbers, **columns})
