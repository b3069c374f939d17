"""What was found in the rows of a chunk: a table (row, field, code, value, expected), errors and warnings together."""

from __future__ import annotations

from collections import Counter
from typing import Final

import polars as pl

from gongxin.intake.faults import FAULTS
from gongxin.intake.tables import ROW
from gongxin.subjects.identifiers import mask_resident_ids

SCHEMA: Final = {ROW: pl.Int64, "field": pl.String, "code": pl.String, "value": pl.String, "expected": pl.String}
VALUE_LENGTH: Final = 200
EXPECTED_LENGTH: Final = 300
# Warnings are counted in full; of each code the first rows are kept, enough to see what is meant.
WARNINGS_KEPT: Final = 1_000


def table(
    rows: pl.Series,
    code: pl.Series | str,
    *,
    field: str = "",
    value: pl.Series | str = "",
    expected: pl.Series | str = "",
) -> pl.DataFrame:
    """Findings of one kind, one a row of `rows`."""
    columns = {ROW: rows, "field": field, "code": code, "value": value, "expected": expected}
    lists = {name: entry if isinstance(entry, pl.Series) else pl.repeat(entry, rows.len(), dtype=pl.String, eager=True)
             for name, entry in columns.items()}  # fmt: skip
    return pl.DataFrame(lists).cast(SCHEMA)  # type: ignore[arg-type]


def empty() -> pl.DataFrame:
    """No findings."""
    return pl.DataFrame(schema=SCHEMA)


def together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """All findings, one for each row and field (the first found), ordered by row."""
    filled = [part for part in parts if part.height]
    if not filled:
        return empty()
    found = pl.concat(filled)
    of_cells = pl.col("field") != ""
    first = pl.struct(ROW, "field", pl.col("code").str.slice(0, 1)).is_first_distinct()
    return found.filter(~of_cells | first).sort(ROW, maintain_order=True)


def is_error() -> pl.Expr:
    """True for findings that reject their row."""
    return pl.col("code").is_in([code for code, fault in FAULTS.items() if not fault.is_warning])


def rejected_rows(found: pl.DataFrame) -> pl.Series:
    """The numbers of the rows that errors reject, ascending, each once."""
    return found.filter(is_error())[ROW].unique().sort()


def presentable(found: pl.DataFrame) -> pl.DataFrame:
    """As findings are stored: texts cut to their lengths, nulls empty, resident ID numbers masked."""
    return found.with_columns(
        mask_resident_ids(pl.col("value").fill_null("")).str.slice(0, VALUE_LENGTH),
        mask_resident_ids(pl.col("expected").fill_null("")).str.slice(0, EXPECTED_LENGTH),
    )


class WarningQuota:
    """Lets the first warnings of each code through."""

    def __init__(self) -> None:
        self._kept: Counter[str] = Counter()

    def kept(self, found: pl.DataFrame) -> pl.DataFrame:
        """The errors, and of the warnings those that still fit."""
        place = pl.int_range(pl.len()).over("code")
        left = {code: max(WARNINGS_KEPT - count, 0) for code, count in self._kept.items()}
        room = pl.col("code").replace_strict(left, default=WARNINGS_KEPT, return_dtype=pl.Int64)
        chosen = found.filter(is_error() | (place < room))
        for code, count in chosen.filter(~is_error()).group_by("code").len().iter_rows():
            self._kept[code] += count
        return chosen


def counts(found: pl.DataFrame) -> dict[str, int]:
    """Rows by code: a row with the same code in two fields counts once."""
    by_code = found.group_by("code").agg(pl.col(ROW).n_unique())
    return dict(sorted(by_code.iter_rows()))
