"""The flow of a file's chunks through one transaction.

Reading and preparing, matching and comparing, and the database have a thread each. The questions of a chunk (register,
held records) go to the database before the load of the chunk in front of it, so that the database always has work and
never waits for an answer to be digested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from gongxin.intake import code_periods, findings, matching, shaping
from gongxin.intake.faults import FileRefused
from gongxin.intake.loading import Comparison, Lane, Loader
from gongxin.intake.matching import Answer, Register
from gongxin.intake.preparing import Prepared, Preparer, without, without_blank_rows
from gongxin.intake.reading import Table
from gongxin.intake.rejecting import HeldBack
from gongxin.intake.seen import ACCEPTED, PENDING, REVISED, UNCHANGED, SeenRows
from gongxin.intake.shaping import Origin
from gongxin.intake.tables import ROW, Chunk
from gongxin.intake.tally import Tally
from gongxin.intake.timeliness import Timeliness
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack

# stage, rows done, rows in all (None while unknown)
Progress = Callable[[str, int, int | None], None]

LOADING: Final = "读取、校验和入库"
FINISHING: Final = "核对并提交"
_AHEAD: Final = 2


@dataclass(slots=True)
class _Asked:
    """A prepared chunk whose questions are on their way."""

    prepared: Prepared
    codes: pl.Series
    answer: Future[tuple[Answer, Comparison]]


@dataclass(slots=True)
class Flow:
    """One file on its way into the records."""

    item: Item
    pack: Pack
    table: Table
    preparer: Preparer
    loader: Loader
    origin: Origin
    timeliness: Timeliness
    held_back: HeldBack
    report: Progress
    tally: Tally = field(default_factory=Tally)
    register: Register = field(default_factory=Register)
    rows: SeenRows = field(default_factory=SeenRows)
    quota: findings.WarningQuota = field(default_factory=findings.WarningQuota)

    def run(self) -> Tally:
        """Load the whole file. Raises FileRefused where it turns out to be unusable; E102 where it has no row."""
        with Lane(depth=1) as lane, ThreadPoolExecutor(1, thread_name_prefix="intake-prepare") as ahead:
            chunks, under_way = self.table.chunks(), deque[_Asked]()
            coming = ahead.submit(self._next, chunks)
            while (prepared := coming.result()) is not None:
                coming = ahead.submit(self._next, chunks)
                under_way.append(self._ask(lane, prepared))
                if len(under_way) >= _AHEAD:
                    self._load(lane, under_way.popleft())
            while under_way:
                self._load(lane, under_way.popleft())
            if not self.tally.rows_in:
                raise FileRefused("E102")
            self.report(FINISHING, self.tally.rows_in, self.tally.rows_in)
            self.held_back.add_findings(self._notices())
            self._reject_contradictions(lane)
            self._flush(lane)
            lane.drain()
        return self.tally

    def _next(self, chunks: Iterator[Chunk]) -> Prepared | None:
        """Read and prepare the next chunk; None after the last."""
        chunk = next(chunks, None)
        return None if chunk is None else self.preparer.prepare(chunk)

    def _ask(self, lane: Lane, prepared: Prepared) -> _Asked:
        codes = self.register.question(prepared.frame, self.item)
        keys = prepared.frame.select("key_hash", "content_hash")
        rows = _estimated(self.tally.rows_in + prepared.rows_in, prepared.done)
        return _Asked(prepared, codes, lane.ask(lambda: self.loader.ask(codes, keys, rows=rows)))

    def _load(self, lane: Lane, asked: _Asked) -> None:
        """Match and compare a chunk, hand its rows to the database and count them."""
        prepared = asked.prepared
        answer, comparison = asked.answer.result()
        self.register.learn(asked.codes, answer)
        frame, found = self._matched(lane, prepared)
        found += _held_by_others(prepared.frame, comparison, self.item)
        frame = without(frame, findings.rejected_rows(found))
        frame, repeated = self._with_fates(frame, prepared.frame, comparison)
        new, revised, about = self._records(frame, plain=prepared.plain)
        everything = [*prepared.found, *found, repeated, *about]
        errors, warnings = findings.together(findings.errors(everything)), findings.warnings(everything)
        rejected = findings.rejected_rows([errors])
        pieces = [self.loader.new_records(new), self.loader.staged_revisions(revised)]
        lane.send(lambda: self.loader.store(pieces))
        self.held_back.add_findings(errors, *self.quota.kept(warnings))
        if not self.held_back.add_rows(prepared.raw, rejected, prepared.persons):
            self._flush(lane)
            self.held_back.add_rows(prepared.raw, rejected, prepared.persons)
        if prepared.personal.height:
            # Not sent where there is nothing: waiting for the lane costs the overlap of reading and loading.
            lane.send(lambda: self.loader.hand_over(prepared.personal, self.origin.recorded_at))
        self.tally.received += prepared.personal.height
        self.tally.rows_in += prepared.rows_in
        self.tally.rejected += rejected.len()
        self.tally.add_fates(frame["fate"])
        self.tally.add_findings([errors, *warnings])
        self.report(LOADING, self.tally.rows_in, _estimated(self.tally.rows_in, prepared.done))

    def _matched(self, lane: Lane, prepared: Prepared) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """The rows that have an organisation (organisation_id added), and the findings of matching."""
        matched = matching.match(prepared.frame, self.item, self.register)
        found = matching.judged(matched, self.item)
        sound = without(matched, findings.rejected_rows(found))
        fresh = matching.newcomers(sound)
        if fresh.height:
            added = lane.ask(lambda: self.loader.register_newcomers(fresh, self.origin.recorded_at)).result()
            self.register.correct(fresh["code"].unique(), added)
            again = matching.match(prepared.frame, self.item, self.register)
            sound = without(again, findings.rejected_rows(found))
            uscc = self.item.by_role("party_uscc")
            found.append(findings.table(fresh[ROW], "W302", field=uscc.name if uscc else "", value=fresh["code"]))
        found.append(matching.differing_names(sound, self.item))
        found = self._with_namesakes(lane, found)
        if sound.height < prepared.frame.height:
            kept = prepared.frame[ROW].is_in(sound[ROW].implode())
            return prepared.frame.filter(kept).with_columns(sound["organisation_id"]), found
        return prepared.frame.with_columns(sound["organisation_id"]), found

    def _with_namesakes(self, lane: Lane, found: list[pl.DataFrame]) -> list[pl.DataFrame]:
        """E305 says how many organisations bear the name."""
        nameless = pl.col("code") == "E305"
        names = pl.concat(found).filter(nameless)["value"].drop_nulls().unique()
        if names.is_empty():
            return found
        counts = {name: str(n) for name, n in lane.ask(lambda: self.loader.namesakes(names)).result().items()}
        said = pl.col("value").replace_strict(counts, default="0", return_dtype=pl.String)
        return [
            part.with_columns(pl.when(nameless).then(said).otherwise("expected").alias("expected")) for part in found
        ]

    def _with_fates(
        self, frame: pl.DataFrame, asked: pl.DataFrame, comparison: Comparison
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows with their fate, and W205 for those that repeat an earlier row of the file."""
        judged = self.rows.judge(frame["key_hash"], frame["content_hash"], frame[ROW])
        same, different = (asked[ROW].gather(places).implode() for places in (comparison.same, comparison.different))
        fate = (
            pl.when(judged.contradicted).then(pl.lit(PENDING))
            .when(judged.repeated | pl.col(ROW).is_in(same)).then(pl.lit(UNCHANGED))
            .when(pl.col(ROW).is_in(different)).then(pl.lit(REVISED))
            .otherwise(pl.lit(ACCEPTED))
        )  # fmt: skip
        frame = frame.with_columns(fate.cast(pl.UInt8).alias("fate"))
        self.rows.remember(judged, frame["fate"])
        first = judged.first_row.filter(judged.repeated).cast(pl.String)
        return frame, findings.table(frame[ROW].filter(judged.repeated), "W205", expected=first)

    def _records(self, frame: pl.DataFrame, *, plain: bool) -> tuple[pl.DataFrame, pl.DataFrame, list[pl.DataFrame]]:
        """New records, staged revisions, and the warnings about days."""
        loaded = frame.filter(pl.col("fate").is_in([ACCEPTED, REVISED]))
        if loaded.is_empty():
            return pl.DataFrame(), pl.DataFrame(), []
        records = shaping.record_columns(loaded, self.item, self.pack, self.origin, plain=plain)
        is_new = loaded["fate"] == ACCEPTED
        about = [
            self.timeliness.late_rows(loaded),
            shaping.differing_ends(loaded, records, self.item),
            *code_periods.out_of_use(loaded, self.item, self.pack),
        ]
        # In the order of their days: the index over these has few distinct entries and likes them together. The ids
        # rise all the same, as theirs does.
        new = records.filter(is_new).sort("decided_on").with_columns(records["id"].head(int(is_new.sum())))
        return new, records.filter(~is_new), about

    def _flush(self, lane: Lane) -> None:
        """Hand the rejected rows and the findings kept back to the database."""
        rejected, found = self.held_back.taken(self.origin.submission_id)
        pieces = [self.loader.piece("intake_rejectedrow", rejected), self.loader.piece("intake_finding", found)]
        lane.send(lambda: self.loader.store(pieces))

    def _notices(self) -> pl.DataFrame:
        """The warnings about the whole file, as findings of row 0."""
        rows = [(0, "", code, value, expected) for code, value, expected in self.table.notices]
        found = pl.DataFrame(rows, schema=findings.SCHEMA, orient="row")
        self.tally.add_findings([found])
        return found

    def _reject_contradictions(self, lane: Lane) -> None:
        """E215 for all rows whose key came with different contents: taken out again, and kept as rejected."""
        rows = self.rows.contradicting()
        if rows.is_empty():
            return
        lane.send(lambda: self.loader.withdraw(self.rows.contradicted_keys()))
        self.tally.reject_after_all(rows["fate"])
        labels = "、".join(self.item.field(name).label for name in self.item.natural_key)
        numbers = rows[ROW].cast(pl.Int64)
        found = findings.table(
            numbers, "E215", value=pl.select("第 " + rows["rows"] + " 行").to_series(), expected=labels
        )
        self.tally.add_findings([found])
        self.held_back.add_findings(found)
        nobody = numbers.clear()
        # The cells are not in memory any more: the file is read once again, for these rows only.
        for chunk in self.table.chunks():
            raw = without_blank_rows(chunk.frame)
            here = numbers.filter(numbers.is_in(raw[ROW].implode()))
            if not self.held_back.add_rows(raw, here, nobody):
                self._flush(lane)
                self.held_back.add_rows(raw, here, nobody)


def _estimated(rows: int, done: float) -> int:
    """How many rows the file has, when so many of them are that share of it."""
    return round(rows / max(done, 1e-6))


def _held_by_others(asked: pl.DataFrame, comparison: Comparison, item: Item) -> list[pl.DataFrame]:
    """E308: the record belongs to another provider."""
    if not comparison.foreign:
        return []
    number = item.by_role("document_no")
    rows = asked.select(ROW, *([pl.col(number.name).alias("value")] if number else []))[comparison.foreign]
    value = rows["value"] if number else ""
    holders = pl.Series(comparison.holders, dtype=pl.String)
    return [findings.table(rows[ROW], "E308", field=number.name if number else "", value=value, expected=holders)]
