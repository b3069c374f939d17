"""Reading a handed-in file once more, as it was.

For the file that goes back, and to know corrected rows when they return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final
from uuid import UUID

import polars as pl

from gongxin.intake import headers, reading, storage
from gongxin.intake.models import RejectedRow, Submission
from gongxin.intake.persons import masked_cells
from gongxin.intake.preparing import Preparer
from gongxin.intake.rejecting import identity_columns
from gongxin.intake.rules import RuleSet
from gongxin.intake.tables import ROW
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.records import archiving
from gongxin.records.models import Record

Row = list[str]

_BATCH: Final = 2_000
_UUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_FAR: Final = 2**62


def rows(submission: Submission, *, day: date) -> Iterator[list[tuple[int, Row]]]:
    """Batches of (row number, cells) of all rows that are not blank, without identity numbers of persons; no cells of
    rows whose record is archived or shielded on `day`.

    Raises NotFound at once when the original is gone.
    """
    pack, table = packs.current(), _opened(submission)
    item = pack.item(submission.item)
    hidden = identity_columns(table.header.titles, table.columns, item)
    preparer = Preparer(item, pack, table.columns, RuleSet(item, ()))
    return _batches(table, sorted(hidden), lambda frame: _withheld(preparer, frame, day))


def returned_rows(submission: Submission, batch_title: str, row_title: str) -> dict[UUID, list[int]]:
    """Which earlier submissions the rows of this one say they correct, and which of their rows were taken in corrected.

    batch_title, row_title: the titles of the columns that say so. Unreadable values say nothing. Empty: no file.
    """
    if not storage.has_original(submission):
        return {}
    places = [submission.columns.index(title) for title in (batch_title, row_title)]
    refused = _refused(submission)
    found = [_claims(chunk.frame, places, refused) for chunk in _opened(submission).chunks()]
    if not found:
        return {}
    settled = pl.col("number").filter("taken_in").unique()
    return {UUID(batch): numbers for batch, numbers in pl.concat(found).group_by("batch").agg(settled).iter_rows()}


def rows_of_same_key(earlier: Submission, submission: Submission) -> list[int]:
    """Open rejected rows of `earlier` whose natural key, as written, a row taken in with `submission` has too."""
    pack = packs.current()
    item = pack.item(submission.item)
    places = headers.assign(headers.Header(1, tuple(earlier.columns), 2), item, pack).places
    if not storage.has_original(submission) or not set(item.natural_key) <= set(places):
        return []
    cells = [f"cells__{places[name][0]}" for name in item.natural_key]
    rejected = RejectedRow.objects.filter(submission=earlier, corrected_by=None, cells__isnull=False)
    schema = {ROW: pl.Int64} | dict.fromkeys(cells, pl.String)
    open_rows = pl.DataFrame(list(rejected.values_list("row_number", *cells)), schema=schema, orient="row")
    keys = open_rows.select(ROW, key=_key(cells)).drop_nulls()
    return keys.join(_keys_taken_in(submission, item), on="key", how="semi")[ROW].to_list()


def _keys_taken_in(submission: Submission, item: Item) -> pl.DataFrame:
    """The natural keys, as they were written, of the rows that were not rejected."""
    table, refused = _opened(submission), _refused(submission)
    cells = [f"c{table.columns.places[name][0]}" for name in item.natural_key if name in table.columns.places]
    if len(cells) < len(item.natural_key):
        return pl.DataFrame(schema={"key": pl.String})
    taken = [
        chunk.frame.filter(~pl.col(ROW).is_in(refused.implode())).select(key=_key(cells)) for chunk in table.chunks()
    ]
    return pl.concat(taken).drop_nulls().unique() if taken else pl.DataFrame(schema={"key": pl.String})


def _key(cells: list[str]) -> pl.Expr:
    """The cells as one text; null where one is blank."""
    filled = [pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars()) for name in cells]
    return pl.concat_str(filled, separator="\x1f")


def _refused(submission: Submission) -> pl.Series:
    rejected = RejectedRow.objects.filter(submission=submission).values_list("row_number", flat=True)
    return pl.Series(list(rejected), dtype=pl.Int64)


def _opened(submission: Submission) -> reading.Table:
    pack = packs.current()
    return reading.open_table(storage.original(submission), submission.filename, pack.item(submission.item), pack)


def _withheld(preparer: Preparer, frame: pl.DataFrame, day: date) -> set[int]:
    """The numbers of the rows whose record nobody may work with: it has ended since it was handed in."""
    keys = preparer.keys(frame)
    held = Record.objects.filter(key_hash__in=[UUID(hex=key) for key in keys.unique()])
    ended = [key.hex for key in held.exclude(archiving.at_hand(day)).values_list("key_hash", flat=True)]
    return set(frame[ROW].filter(keys.is_in(ended)).to_list()) if ended else set()


def _batches(
    table: reading.Table, hidden: list[int], withheld: Callable[[pl.DataFrame], set[int]]
) -> Iterator[list[tuple[int, Row]]]:
    for chunk in table.chunks():
        without = withheld(chunk.frame)
        frame = masked_cells(chunk.frame, hidden)
        cells = [name for name in frame.columns if name != ROW]
        filled = frame.filter(
            pl.any_horizontal(pl.col(name).str.strip_chars().ne("").fill_null(False) for name in cells)
        )
        for part in filled.fill_null("").iter_slices(_BATCH):
            yield [(number, [] if number in without else list(row)) for number, *row in part.iter_rows()]


def _claims(frame: pl.DataFrame, places: list[int], refused: pl.Series) -> pl.DataFrame:
    """Columns batch (UUID as text), number and taken_in, of the rows that carry both."""
    batch, number = (pl.col(f"c{place}").str.strip_chars() for place in places)
    told = frame.select(
        batch.str.to_lowercase().alias("batch"),
        number.cast(pl.Int64, strict=False).alias("number"),
        (~pl.col(ROW).is_in(refused.implode())).alias("taken_in"),
    )
    return told.filter(pl.col("batch").str.contains(_UUID) & pl.col("number").is_between(1, _FAR))
