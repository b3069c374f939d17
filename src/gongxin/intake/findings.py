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


Cells = pl.Series | str


def table(rows: pl.Series, code: Cells, *, field: Cells = "", value: Cells = "", expected: Cells = "") -> pl.DataFrame:
    """Findings, one a row of `rows`; a single text stands for all of them."""
    columns: dict[str, Cells] = {"field": field, "code": code, "value": value, "expected": expected}
    filled = [
        (cells if isinstance(cells, pl.Series) else pl.repeat(cells, rows.len(), dtype=pl.String, eager=True)).alias(
            name
        )
        for name, cells in columns.items()
    ]
    # cast() takes a mapping of names to types, which its annotation leaves out.
    return pl.DataFrame([rows.alias(ROW), *filled]).cast(SCHEMA)  # type: ignore[arg-type]


def empty() -> pl.DataFrame:
    """No findings."""
    return pl.DataFrame(schema=SCHEMA)


def together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """All findings, of each row and field the first error and the first warning, ordered by row."""
    filled = [part for part in parts if part.height]
    if not filled:
        return empty()
    found = pl.concat(filled)
    first = pl.struct(ROW, "field", _level()).is_first_distinct()
    return found.filter((pl.col("field") == "") | first).sort(ROW, maintain_order=True)


def errors(parts: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The parts that reject their rows. A part holds findings of one level only."""
    return [part for part in parts if part.height and not FAULTS[part["code"][0]].is_warning]


def warnings(parts: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The parts whose rows are taken in all the same."""
    return [part for part in parts if part.height and FAULTS[part["code"][0]].is_warning]


def rejected_rows(parts: list[pl.DataFrame]) -> pl.Series:
    """The numbers of the rows that errors reject, ascending, each once."""
    rows = [part[ROW] for part in errors(parts)]
    return pl.concat([pl.Series(ROW, [], dtype=pl.Int64), *rows]).unique().sort()


def _level() -> pl.Expr:
    """E or W: the first letter of a code says its level, which `faults` holds to."""
    return pl.col("code").str.slice(0, 1)


def presentable(found: pl.DataFrame) -> pl.DataFrame:
    """As findings are stored: texts cut to their lengths, nulls empty, resident ID numbers masked."""
    return found.with_columns(
        mask_resident_ids(pl.col("value").fill_null("")).str.slice(0, VALUE_LENGTH),
        mask_resident_ids(pl.col("expected").fill_null("")).str.slice(0, EXPECTED_LENGTH),
    )


class WarningQuota:
    """Lets the first warnings of each code through."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}

    def kept(self, parts: list[pl.DataFrame]) -> list[pl.DataFrame]:
        """Of parts of warnings what still fits."""
        chosen = []
        for part in parts:
            for code in part["code"].unique():
                of_code = part.filter(pl.col("code") == code).head(self._left.get(code, WARNINGS_KEPT))
                self._left[code] = self._left.get(code, WARNINGS_KEPT) - of_code.height
                chosen.append(of_code)
        return chosen


def counts(parts: list[pl.DataFrame]) -> Counter[str]:
    """Rows by code: a row with the same code in two fields counts once."""
    filled = [part.select(ROW, "code") for part in parts if part.height]
    if not filled:
        return Counter()
    return Counter(dict(pl.concat(filled).group_by("code").agg(pl.col(ROW).n_unique()).iter_rows()))
