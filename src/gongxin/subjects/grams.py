"""Pairs of characters of a name key: neighbours, and characters with one between them.

One wrong character spoils at most two pairs of each sort; the pair that jumps over it survives and is rare. The
SQL function `gongxin_name_grams` (migration 0002) is the same rule; a test holds both equal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_FACTOR: Final = 131_071
_MODULUS: Final = 1_073_741_823
# How long frequencies are kept before PostgreSQL's statistics are read again. They decide speed, never what is found.
_KEEP_SECONDS: Final = 300.0

_STATISTICS: Final = """
SELECT s.most_common_elems::text::int[], s.most_common_elem_freqs::float8[], t.reltuples
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_stats s ON s.tablename = 'organisation_grams' AND s.schemaname = n.nspname
WHERE t.oid = 'subjects_organisation'::regclass
"""


def grams(key: str) -> list[int]:
    """The pairs of a key as numbers, ascending, distinct: even ones are neighbours, odd ones jump over one."""
    return np.unique(gram_matrix(code_points([key]))).tolist() if len(key) > 1 else []


def code_points(keys: list[str]) -> NDArray[np.int64]:
    """The characters of each key as a row of numbers, filled up with 0."""
    width = max(map(len, keys), default=0) or 1
    return np.array(keys, dtype=f"U{width}").view(np.uint32).reshape(len(keys), width).astype(np.int64)


def gram_matrix(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pairs of each row of `code_points`; 0 where a row has ended."""
    near = _pairs(points[:, :-1], points[:, 1:]) * 2
    far = _pairs(points[:, :-2], points[:, 2:]) * 2 + 1
    near[points[:, 1:] == 0] = 0
    far[points[:, 2:] == 0] = 0
    return np.concatenate([near, far], axis=1)


def _pairs(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    return (first * _FACTOR + second) % _MODULUS


@dataclass
class Frequencies:
    """How many names hold a pair, as PostgreSQL's statistics (ANALYZE) estimate it."""

    names: float = 0.0
    counts: dict[int, float] = field(default_factory=dict)
    # An upper bound for pairs that are not among the most frequent ones.
    other: float = 0.0

    def of(self, gram: int) -> float:
        """Estimated number of names that hold the pair."""
        return self.counts.get(gram, self.other)

    def rarest_first(self, wanted: list[int]) -> list[tuple[int, float]]:
        """The pairs with their estimates, rarest first."""
        return sorted(((gram, self.of(gram)) for gram in wanted), key=lambda entry: entry[1])


class _Kept:
    """The frequencies last read, of one database."""

    database = ""
    read_at = float("-inf")
    frequencies = Frequencies()


def frequencies() -> Frequencies:
    """The frequencies of pairs in the register, at most some minutes old. Empty before the first ANALYZE."""
    database = str(connection.settings_dict["NAME"])
    if _Kept.database != database or time.monotonic() - _Kept.read_at > _KEEP_SECONDS:
        _Kept.database, _Kept.read_at, _Kept.frequencies = database, time.monotonic(), _read()
    return _Kept.frequencies


def forget_frequencies() -> None:
    """Read PostgreSQL's statistics again at the next search (after a bulk load)."""
    _Kept.read_at = float("-inf")


def _read() -> Frequencies:
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS)
        elements, shares, names = cursor.fetchone()
    if not elements:
        return Frequencies()
    # PostgreSQL appends the least and greatest share and that of null elements.
    counts = {gram: share * names for gram, share in zip(elements, shares, strict=False)}
    return Frequencies(names=names, counts=counts, other=min(counts.values()))
