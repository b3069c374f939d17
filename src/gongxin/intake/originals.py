"""Reading a handed-in file once more, as it was.

For the file that goes back, and to know corrected rows when they return.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import polars as pl

from gongxin.intake import reading, storage
from gongxin.intake.models import RejectedRow, Submission
from gongxin.intake.tables import ROW
from gongxin.policy import packs

Row = list[str]

_BATCH: Final = 2_000
_UUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_FAR: Final = 2**62


def rows(submission: Submission) -> Iterator[list[tuple[int, Row]]]:
    """Batches of (row number, cells) of all rows that are not blank.

    Raises NotFound at once when the original is gone.
    """
    return _batches(_opened(submission))


def returned_rows(submission: Submission, batch_title: str, row_title: str) -> dict[UUID, list[int]]:
    """Which rows of which earlier submissions the rows taken in with this one say they correct; nothing if the file is
    gone.

    batch_title, row_title: the titles of the columns that say so. Unreadable values say nothing.
    """
    if not storage.has_original(submission):
        return {}
    places = [submission.columns.index(title) for title in (batch_title, row_title)]
    rejected = RejectedRow.objects.filter(submission=submission).values_list("row_number", flat=True)
    refused = pl.Series(list(rejected), dtype=pl.Int64)
    found = [_claims(chunk.frame, places, refused) for chunk in _opened(submission).chunks()]
    grouped = pl.concat(found).unique().group_by("batch").agg("number") if found else None
    return {UUID(batch): numbers for batch, numbers in grouped.iter_rows()} if grouped is not None else {}


def _opened(submission: Submission) -> reading.Table:
    pack = packs.current()
    return reading.open_table(storage.original(submission), submission.filename, pack.item(submission.item), pack)


def _batches(table: reading.Table) -> Iterator[list[tuple[int, Row]]]:
    for chunk in table.chunks():
        cells = [name for name in chunk.frame.columns if name != ROW]
        filled = chunk.frame.filter(
            pl.any_horizontal(pl.col(name).str.strip_chars().ne("").fill_null(False) for name in cells)
        )
        for part in filled.fill_null("").iter_slices(_BATCH):
            yield [(number, list(row)) for number, *row in part.iter_rows()]


def _claims(frame: pl.DataFrame, places: list[int], refused: pl.Series) -> pl.DataFrame:
    """Columns batch (UUID as text) and number, of rows that were taken in and carry both."""
    batch, number = (pl.col(f"c{place}").str.strip_chars() for place in places)
    told = frame.filter(~pl.col(ROW).is_in(refused.implode())).select(
        batch.str.to_lowercase().alias("batch"), number.cast(pl.Int64, strict=False).alias("number")
    )
    return told.filter(pl.col("batch").str.contains(_UUID) & pl.col("number").is_between(1, _FAR))
