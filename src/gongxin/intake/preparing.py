"""A chunk of the file becomes rows of the item: cells to fields, cast, judged, freed of everything that is a person's.

Nothing here asks the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from gongxin.intake import findings, keys, normalising, persons
from gongxin.intake.headers import Columns
from gongxin.intake.rules import RuleSet
from gongxin.intake.tables import ROW, Chunk
from gongxin.policy.model import Field, Item
from gongxin.policy.pack import Pack

# Cells looked at first to tell a blank row; only rows blank in all of them are looked at whole.
_PROBED: Final = 3


@dataclass(slots=True)
class Prepared:
    """The rows of a chunk. raw: all rows as they stand in the file; frame: the rows without errors so far, normalised
    fields and key_hash, content_hash, payload (see `keys`).

    found: findings; persons: rows of natural persons, whose content is not kept; personal: those among them that go
    into the persons' own files (`persons.taken_over`); done: share of the file that is read.
    """

    raw: pl.DataFrame
    frame: pl.DataFrame
    found: list[pl.DataFrame]
    persons: pl.Series
    personal: pl.DataFrame
    done: float
    plain: bool
    rows_in: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows_in = self.raw.height


@dataclass(frozen=True, slots=True)
class Preparer:
    """Prepares the chunks of one file."""

    item: Item
    pack: Pack
    columns: Columns
    rules: RuleSet

    def prepare(self, chunk: Chunk) -> Prepared:
        """Cast and judge a chunk's rows."""
        raw = without_blank_rows(chunk.frame, tight=chunk.tight)
        faults = chunk.faults.join(raw.select(ROW), on=ROW, how="semi")
        unreadable = faults.filter(pl.col("column").is_null())
        readable = (
            raw.join(unreadable.select(ROW), on=ROW, how="anti", maintain_order="left") if unreadable.height else raw
        )
        frame, found = self._cast(readable, plain=chunk.plain, tight=chunk.tight)
        people = pl.concat([self._people(frame), _people_among(raw, unreadable)])
        found = [*self._faults(faults), *found]
        taken = self._taken_over(frame, people, found, plain=chunk.plain)
        frame = without(frame, people)
        frame, taken_out = persons.cleared(frame, self.item)
        found = [*found, *taken_out, *self.rules.judge(frame)]
        found = [*(without(part, people) for part in found), *taken.found]
        frame = without(frame, findings.rejected_rows(found))
        payloads = keys.payloads(frame, self.item, plain=chunk.plain)
        hashes = [keys.key_hashes(frame, self.item), keys.content_hashes(payloads)]
        columns = zip(("key_hash", "content_hash", "payload"), (*hashes, payloads), strict=True)
        frame = frame.with_columns(column.alias(name) for name, column in columns)
        return Prepared(raw, frame, found, people, taken.rows, chunk.done, chunk.plain)

    def keys(self, raw: pl.DataFrame) -> pl.Series:
        """The key_hash of each row as it stands in the file, judged or not."""
        names = {*self.item.natural_key, *(entry.name for entry in (self.item.by_role("document_no"),) if entry)}
        lists = self.pack.code_lists
        cast = [
            normalising.cast(entry, self._given(entry, raw), lists.get(entry.code_list)).value.alias(entry.name)
            for entry in self.item.fields
            if entry.name in names
        ]
        return keys.key_hashes(pl.DataFrame(cast), self.item)

    def _people(self, frame: pl.DataFrame) -> pl.Series:
        return frame[ROW] if self.columns.of_persons else persons.person_rows(frame, self.item)

    def _taken_over(
        self, frame: pl.DataFrame, people: pl.Series, found: list[pl.DataFrame], *, plain: bool
    ) -> persons.TakenOver:
        """What becomes of the rows of natural persons; nothing is asked where there is none."""
        if people.is_empty() or not self.item.persons:
            return persons.refused(people)
        own = frame.filter(pl.col(ROW).is_in(people.implode()))
        broken = [part.filter(pl.col(ROW).is_in(people.implode())) for part in found]
        return persons.taken_over(own, [*broken, *self.rules.judge(own)], self.item, plain=plain)

    def _cast(self, raw: pl.DataFrame, *, plain: bool, tight: bool) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        columns: list[pl.Series] = [raw[ROW]]
        found: list[pl.DataFrame] = []
        for entry in self.item.fields:
            given = self._given(entry, raw)
            cast = normalising.cast(entry, given, self.pack.code_lists.get(entry.code_list), plain=plain, tight=tight)
            columns.append(cast.value.alias(entry.name))
            for code in (cast.code, cast.warning):
                if code is not None:
                    hit = code.is_not_null()
                    rows, codes, values = raw[ROW].filter(hit), code.filter(hit), given.filter(hit)
                    found.append(findings.table(rows, codes, field=entry.name, value=values, expected=cast.expected))
        return pl.DataFrame(columns), found

    def _given(self, entry: Field, raw: pl.DataFrame) -> pl.Series:
        """The cells of a field; of several columns the texts joined; codes of an old template as today's."""
        places = self.columns.places.get(entry.name, ())
        if not places:
            return pl.repeat(None, raw.height, dtype=pl.String, eager=True)
        given = raw[f"c{places[0]}"]
        if len(places) > 1:
            parts = [normalising.trimmed(raw[f"c{place}"], text=False).alias(str(place)) for place in places]
            joined = pl.concat_str(pl.all(), separator=normalising.SEPARATOR, ignore_nulls=True)
            given = pl.DataFrame(parts).select(joined.replace("", None)).to_series()
        recode = dict(self.columns.generation.recode).get(entry.name) if self.columns.generation else None
        return normalising.trimmed(given, text=True).replace(dict(recode)) if recode else given

    def _faults(self, faults: pl.DataFrame) -> list[pl.DataFrame]:
        """Read faults as findings: of whole rows, and of cells that belong to a field."""
        if faults.is_empty():
            return []
        names = {place: name for name, places in self.columns.places.items() for place in places}
        whole = pl.col("column").is_null()
        placed = faults.with_columns(
            pl.when(whole).then(pl.lit("")).otherwise(
                pl.col("column").replace_strict(names, default=None, return_dtype=pl.String)
            ).alias("field")
        )  # fmt: skip
        return [placed.filter(pl.col("field").is_not_null()).select(list(findings.SCHEMA))]


def without_blank_rows(frame: pl.DataFrame, *, tight: bool = False) -> pl.DataFrame:
    """The rows in which anything stands. tight: no cell begins or ends with a blank."""
    cells = [name for name in frame.columns if name != ROW]
    if not cells:
        return frame.clear()
    probed = pl.all_horizontal(pl.col(name).is_null() if tight else _blank(name) for name in cells[:_PROBED])
    suspects = frame.filter(probed)
    if suspects.is_empty():
        return frame
    blank = suspects.filter(pl.all_horizontal(_blank(name) for name in cells))
    return without(frame, blank[ROW])


def without(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The frame without the rows of these numbers."""
    return frame.filter(~pl.col(ROW).is_in(rows.implode())) if rows.len() else frame


def _blank(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name).str.strip_chars(normalising.BLANKS) == "")


def _people_among(raw: pl.DataFrame, unreadable: pl.DataFrame) -> pl.Series:
    """Of the rows that could not be read cell by cell those that speak of a natural person."""
    if unreadable.is_empty():
        return pl.Series(ROW, [], dtype=pl.Int64)
    rows = raw.join(unreadable.select(ROW), on=ROW, how="semi", maintain_order="left")
    return rows[ROW].filter(persons.speaks_of_person(rows))
