"""The count of a hand-in: rows in = accepted + revised + unchanged + rejected + received, always."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from gongxin.intake import findings
from gongxin.intake.faults import FAULTS
from gongxin.intake.seen import ACCEPTED, REVISED, UNCHANGED


@dataclass(slots=True)
class Tally:
    """Rows by what became of them, and rows by code. received: rows that went into persons' own files."""

    rows_in: int = 0
    rejected: int = 0
    received: int = 0
    by_fate: Counter[int] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)

    def add_fates(self, fates: pl.Series) -> None:
        """Count rows that have not been rejected so far."""
        self.by_fate.update(dict(fates.value_counts().iter_rows()))

    def add_findings(self, parts: list[pl.DataFrame]) -> None:
        """Count errors and warnings, each row once a code."""
        self.by_code.update(findings.counts(parts))

    def reject_after_all(self, fates: pl.Series) -> None:
        """Rows counted before turn out to be rejected."""
        self.by_fate.subtract(dict(fates.value_counts().iter_rows()))
        self.rejected += fates.len()

    def outcome(self) -> dict[str, object]:
        """The columns of Submission. Raises AssertionError where a row got lost or was counted twice."""
        accepted, revised, unchanged = (self.by_fate[fate] for fate in (ACCEPTED, REVISED, UNCHANGED))
        if accepted + revised + unchanged + self.rejected + self.received != self.rows_in:
            ends = (accepted, revised, unchanged, self.rejected, self.received)
            raise AssertionError(f"{self.rows_in} rows in, {'+'.join(map(str, ends))} out")
        codes = sorted(self.by_code.items())
        return {
            "rows_in": self.rows_in,
            "accepted": accepted,
            "revised": revised,
            "unchanged": unchanged,
            "rejected": self.rejected,
            "received": self.received,
            "rejections_by_code": {code: count for code, count in codes if not FAULTS[code].is_warning},
            "warnings_by_code": {code: count for code, count in codes if FAULTS[code].is_warning},
        }
