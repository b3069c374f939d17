"""Rejected rows as they are kept: the cells as they stood in the file, without anything of a natural person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import polars as pl

from gongxin.intake import findings, persons
from gongxin.intake.headers import Columns, folded
from gongxin.intake.keys import json_text
from gongxin.intake.tables import ROW
from gongxin.policy.model import Item

_ENOUGH: Final = 20_000
_CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
# Titles of columns that no item has and that hold identity numbers all the same.
_IDENTITY_TITLES: Final = ("身份证", "证件号", "SFZ", "ZJHM")


def identity_columns(titles: Sequence[str], columns: Columns, item: Item) -> frozenset[int]:
    """Indexes of the columns that hold identity documents of persons, of the item or not."""
    named = {place for field in item.fields if field.role in persons.IDENTITY_ROLES
             for place in columns.places.get(field.name, ())}  # fmt: skip
    titled = {n for n, title in enumerate(titles) if is_identity_title(title)}
    return frozenset(named | titled)


def is_identity_title(title: str) -> bool:
    """Whether a column of this title holds identity numbers of persons, known to the item or not."""
    return any(word in folded(title) for word in _IDENTITY_TITLES)


def rejected_rows(raw: pl.DataFrame, submission_id: UUID, hidden: frozenset[int], people: pl.Series) -> pl.DataFrame:
    """Rows for `intake_rejectedrow`. raw: the rejected rows; hidden: identity columns; people: rows whose content
    is not kept.
    """
    masked = persons.masked_cells(raw, sorted(hidden))
    cells = [json_text(_printable(masked[name])).fill_null("").alias(name) for name in masked.columns if name != ROW]
    body = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator='","').alias("body")).to_series()
    frame = pl.DataFrame({"row_number": raw[ROW], "body": body})
    kept = pl.lit('["') + pl.col("body") + pl.lit('"]')
    return frame.select(
        pl.lit(submission_id.hex).alias("submission_id"),
        "row_number",
        pl.when(~pl.col("row_number").is_in(people.implode())).then(kept).alias("cells"),
    )


def stored_findings(parts: list[pl.DataFrame], submission_id: UUID) -> pl.DataFrame:
    """Rows for `intake_finding`, ordered by row."""
    return findings.presentable(findings.together(parts)).select(
        pl.lit(submission_id.hex).alias("submission_id"),
        pl.col(ROW).alias("row_number"),
        "field",
        "code",
        "value",
        "expected",
    )


def _printable(column: pl.Series) -> pl.Series:
    """Without the control characters that a JSON text cannot hold."""
    return column.str.replace_all(_CONTROL, "\ufffd") if column.str.contains(_CONTROL).any() else column


def _compact(frame: pl.DataFrame) -> pl.DataFrame:
    """A copy with texts of its own: what is filtered out of a chunk keeps the texts of the whole chunk alive."""
    return pl.read_ipc_stream(frame.write_ipc_stream(None).getvalue())


class HeldBack:
    """Rejected rows and findings kept back until there are enough of them to be worth a statement.

    hidden: identity columns of the file.
    """

    def __init__(self, hidden: frozenset[int]) -> None:
        self._hidden = hidden
        self._rows: list[pl.DataFrame] = []
        self._people: list[pl.Series] = []
        self._found: list[pl.DataFrame] = []

    def add_findings(self, *parts: pl.DataFrame) -> None:
        """Keep findings back."""
        self._found += [_compact(part) for part in parts if part.height]

    def add_rows(self, raw: pl.DataFrame, rejected: pl.Series, people: pl.Series) -> bool:
        """Keep rows of a chunk back. False, and nothing kept: what is here already must be taken first."""
        held = sum(part.height for part in self._rows)
        if held > _ENOUGH or (self._rows and self._rows[0].width != raw.width):
            return False
        if rejected.len():
            self._rows.append(_compact(raw.filter(pl.col(ROW).is_in(rejected.implode()))))
            self._people.append(people)
        return True

    def taken(self, submission_id: UUID) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows for `intake_rejectedrow` and for `intake_finding`; nothing is kept back any more."""
        rows = pl.DataFrame()
        if self._rows:
            rows = rejected_rows(pl.concat(self._rows), submission_id, self._hidden, pl.concat(self._people))
        found = stored_findings(self._found, submission_id)
        self._rows, self._people, self._found = [], [], []
        return rows, found
