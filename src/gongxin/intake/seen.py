"""The rows of one file among themselves: which repeat an earlier one, and which contradict one.

Rows with the same natural key and the same content are one record: the first counts, the later ones are unchanged
(W205). Rows with the same natural key and different content contradict each other: the platform does not choose, all
of them are rejected (E215), those too that have been loaded before the contradiction showed; the load takes them out
again before it commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from gongxin.intake.tables import ROW
from gongxin.ledger.batches import ENTRY_BYTES

ACCEPTED, REVISED, UNCHANGED, PENDING = range(4)
FATES: Final = ("accepted", "revised", "unchanged", "pending")
Entries = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Judged:
    """Of each row: the first row of the file with its key, whether it repeats that one, whether its key is
    contradicted.
    """

    first_row: pl.Series
    repeated: pl.Series
    contradicted: pl.Series
    # Key and content as numbers, and the row: what is remembered of it.
    rows: pl.DataFrame


class SeenRows:
    """Keys, contents, row numbers and fates of the rows so far: 37 bytes a row."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._contradicted = pl.Series("key", [], dtype=pl.UInt128)

    def judge(self, key_hashes: pl.Series, content_hashes: pl.Series, rows: pl.Series) -> Judged:
        """Compare the rows of a chunk with each other and with all before. Hashes: 32 hexadecimal digits."""
        frame = pl.DataFrame({"key": number(key_hashes), "content": number(content_hashes), ROW: rows.cast(pl.UInt32)})
        first = self._first(frame)
        joined = frame.join(first, on="key", how="left", maintain_order="left")
        against = joined.filter(pl.col("content") != pl.col("first_content"))["key"]
        if against.len():
            self._contradicted = pl.concat([self._contradicted, against]).unique()
        contradicted = frame["key"].is_in(self._contradicted.implode())
        later = joined[ROW] != joined["first_row"]
        return Judged(joined["first_row"], later & ~contradicted, contradicted, frame)

    def remember(self, judged: Judged, fates: pl.Series) -> None:
        """Add judged rows with what became of them (ACCEPTED … PENDING)."""
        self._parts.append(judged.rows.with_columns(fates.cast(pl.UInt8).alias("fate")))

    def contradicting(self) -> pl.DataFrame:
        """Rows whose key is contradicted: row, fate, and others (the other rows of the key as text)."""
        if not self._contradicted.len():
            return pl.DataFrame(schema={ROW: pl.UInt32, "fate": pl.UInt8, "rows": pl.String})
        found = pl.concat(self._parts).filter(pl.col("key").is_in(self._contradicted.implode()))
        listed = pl.col(ROW).sort().head(10).cast(pl.String).implode().list.join("、").over("key")
        return found.select(ROW, "fate", listed.alias("rows")).sort(ROW)

    def contradicted_keys(self) -> pl.Series:
        """The contradicted keys as 32 hexadecimal digits."""
        return pl.Series("key_hash", [f"{key:032x}" for key in self._contradicted], dtype=pl.String)

    def taken(self) -> Entries:
        """Key and content of each row that becomes a record (accepted or revised), 32 bytes; all rows are forgotten.

        One part after the other gives its memory back while the table of the entries is filled.
        """
        becoming = pl.col("fate").is_in([ACCEPTED, REVISED])
        count = sum(part.select(becoming.sum()).item() for part in self._parts)
        entries, filled = np.empty((count, ENTRY_BYTES), np.uint8), 0
        while self._parts:
            part = self._parts.pop(0).filter(becoming)
            rows = entries[filled : filled + part.height]
            rows[:, :16], rows[:, 16:] = _bytes_of(part["key"]), _bytes_of(part["content"])
            filled += part.height
        return entries

    def _first(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The first row of the file with each key of the chunk, and its content."""
        own = frame.unique("key", keep="first", maintain_order=True)
        if self._parts:
            earlier = pl.concat(self._parts).join(own.select("key"), on="key", how="semi", maintain_order="left")
            if earlier.height:
                before = earlier.unique("key", keep="first", maintain_order=True).select("key", "content", ROW)
                own = pl.concat([before, own.join(before, on="key", how="anti")])
        return own.select("key", pl.col("content").alias("first_content"), pl.col(ROW).alias("first_row"))


def number(hashes: pl.Series) -> pl.Series:
    """32 hexadecimal digits as a number of 128 bits."""
    return hashes.str.to_integer(base=16, dtype=pl.UInt128)


def _bytes_of(numbers: pl.Series) -> Entries:
    """Numbers of 128 bits as 16 bytes each, the highest first."""
    half = pl.lit(1 << 64, dtype=pl.UInt128)
    halves = numbers.to_frame("n").select(high=pl.col("n") // half, low=pl.col("n") % half).cast(pl.UInt64)
    return np.column_stack([halves[name].to_numpy() for name in halves.columns]).astype(">u8").view(np.uint8)
