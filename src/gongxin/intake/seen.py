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
import polars as pl

from gongxin.intake.tables import ROW

ACCEPTED, REVISED, UNCHANGED, PENDING = range(4)
FATES: Final = ("accepted", "revised", "unchanged", "pending")
_SCHEMA: Final = {"key": pl.UInt128, "content": pl.UInt128, ROW: pl.UInt32, "fate": pl.UInt8}


@dataclass(slots=True)
class Judged:
    """Of each row: the first row of the file with its key, whether it repeats that one, whether its key is
    contradicted.
    """

    first_row: pl.Series
    repeated: pl.Series
    contradicted: pl.Series


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
        return Judged(joined["first_row"], later & ~contradicted, contradicted)

    def remember(self, key_hashes: pl.Series, content_hashes: pl.Series, rows: pl.Series, fates: pl.Series) -> None:
        """Add judged rows with what became of them (ACCEPTED … PENDING)."""
        columns = [number(key_hashes), number(content_hashes), rows, fates]
        # cast() takes a mapping of names to types, which its annotation leaves out.
        self._parts.append(pl.DataFrame(dict(zip(_SCHEMA, columns, strict=True))).cast(_SCHEMA))  # type: ignore[arg-type]

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

    def loaded(self) -> tuple[bytes, bytes]:
        """Keys and contents of the rows that become records (accepted or revised), 16 bytes each, in one order."""
        parts = [
            part.filter(pl.col("fate").is_in([ACCEPTED, REVISED])).select("key", "content") for part in self._parts
        ]
        whole = pl.concat([pl.DataFrame(schema={name: _SCHEMA[name] for name in ("key", "content")}), *parts])
        return _bytes_of(whole["key"]), _bytes_of(whole["content"])

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


def _bytes_of(numbers: pl.Series) -> bytes:
    """Numbers of 128 bits, the highest byte first."""
    half = pl.lit(1 << 64, dtype=pl.UInt128)
    halves = numbers.to_frame("n").select(high=pl.col("n") // half, low=pl.col("n") % half).cast(pl.UInt64)
    return np.column_stack([halves[name].to_numpy() for name in halves.columns]).astype(">u8").tobytes()
