"""Natural persons at the door: which rows are a person's, what of a person is taken out of an organisation's row.

Rows of items that the pack marks for persons go into the person's own file and nowhere else; all others are refused.
Design paper, Boundary 1–3; DOMAIN 1.5, 2.4; docs/adr/0022.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from gongxin.intake import findings, keys
from gongxin.intake.headers import CODE_ROLES, NATURAL_PERSON
from gongxin.intake.tables import ROW
from gongxin.persons.documents import OTHER_SHAPE, RESIDENT_ID
from gongxin.policy.model import FieldRole, Item
from gongxin.subjects import resident_ids
from gongxin.subjects.identifiers import find_resident_ids, fold_code, resident_id_valid, uscc_valid

# Identity documents of the party or of its representative: nobody needs them here, so they are not kept.
IDENTITY_ROLES: Final[frozenset[FieldRole]] = frozenset(
    {"person_id_type", "person_id_number", "representative_id_type", "representative_id_number"}
)
MASKED: Final = "（已遮盖）"


def person_rows(frame: pl.DataFrame, item: Item) -> pl.Series:
    """The numbers of the rows whose party is a natural person.

    Such are: the party's kind says so; no code of an organisation but a person's document number; a resident ID
    number where an organisation's code belongs.
    """
    named = {role: field.name for field in item.fields if (role := field.role)}
    coded = [pl.col(field.name) for field in item.fields if field.role in CODE_ROLES]
    person = pl.lit(value=False)
    if "party_kind" in named:
        person = person | (pl.col(named["party_kind"]) == NATURAL_PERSON)
    if "person_id_number" in named and coded:
        person = person | (
            pl.col(named["person_id_number"]).is_not_null() & pl.all_horizontal(c.is_null() for c in coded)
        )
    rows = frame.filter(person.fill_null(value=False))[ROW]
    return pl.concat([rows, *_ids_as_codes(frame, item)]).unique().sort()


def _ids_as_codes(frame: pl.DataFrame, item: Item) -> Iterator[pl.Series]:
    for field in item.fields:
        if field.role in CODE_ROLES:
            codes = frame.select(ROW, pl.col(field.name).alias("code")).filter(pl.col("code").str.len_bytes() == 18)
            suspects = codes.filter(~uscc_valid(codes["code"]))
            if suspects.height:
                ids = suspects["code"].map_elements(resident_id_valid, return_dtype=pl.Boolean)
                yield suspects[ROW].filter(ids)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """rows: document, key and payload of what goes into persons' files (`persons.receiving`); found: what is wrong
    with the others, without anything that stood in them.
    """

    rows: pl.DataFrame
    found: list[pl.DataFrame]


def refused(people: pl.Series) -> TakenOver:
    """Rows of persons of an item that is not kept for persons: E401, whatever else is wrong with them."""
    return TakenOver(pl.DataFrame(), [findings.table(people, "E401")] if people.len() else [])


def taken_over(own: pl.DataFrame, found: list[pl.DataFrame], item: Item, *, plain: bool) -> TakenOver:
    """Which rows of natural persons go into their files, of an item that is kept for persons.

    own: rows of persons, cast; found: everything that is wrong with such rows, readable or not.
    """
    documents, ill = _documents(own, item)
    both = own.filter(_says_organisation(item))[ROW]
    number = item.by_role("person_id_number")
    wrong = findings.errors([
        *found,
        findings.table(both, "E405"),
        findings.table(ill.filter(~ill.is_in(both.implode())), "E404", field=number.name if number else ""),
    ])  # fmt: skip
    bad = findings.rejected_rows(wrong)
    sound = own.with_columns(documents).filter(~pl.col(ROW).is_in(bad.implode()))
    parts = [pl.col(name).fill_null("") for name in item.natural_key if item.field(name).role != "party_name"]
    clean, _ = cleared(sound, item)
    rows = clean.select("document", keys.folded_key(parts).alias("key")).with_columns(
        keys.payloads(clean, item, plain=plain).alias("payload")
    )
    return TakenOver(rows, [part.with_columns(value=pl.lit(MASKED)) for part in wrong])


def _says_organisation(item: Item) -> pl.Expr:
    """Whether a row taken for a person's has an organisation's code, or says that the party is an organisation."""
    coded = [pl.col(field.name).is_not_null() for field in item.fields if field.role in CODE_ROLES]
    kind = item.by_role("party_kind")
    other = pl.col(kind.name).fill_null(NATURAL_PERSON) != NATURAL_PERSON if kind else pl.lit(value=False)
    return pl.any_horizontal(*coded, other)


def _documents(own: pl.DataFrame, item: Item) -> tuple[pl.Series, pl.Series]:
    """What each row's file is found by (`persons.documents.identity`), and the rows whose document is missing or
    cannot be right. A resident ID is known without its kind, which the template of 2015 did not ask for.
    """
    kinds, numbers = (item.by_role(role) for role in ("person_id_type", "person_id_number"))
    # mypy: the pack marks no item for persons that lacks them.
    assert kinds is not None and numbers is not None  # noqa: S101
    folded = own.select(ROW, kind=pl.col(kinds.name), number=fold_code(pl.col(numbers.name)))
    resident = pl.col("number").str.contains(r"^\d{17}[\dX]$") & find_resident_ids(pl.col("number"))
    untold = pl.col("kind").is_null() & resident
    named = folded.with_columns(kind=pl.when(untold).then(pl.lit(RESIDENT_ID)).otherwise("kind"))
    sound = pl.when(pl.col("kind") == RESIDENT_ID).then(resident).otherwise(pl.col("number").str.contains(OTHER_SHAPE))
    judged = named.with_columns(sound=(sound & pl.col("kind").is_not_null()).fill_null(value=False))
    document = judged.select(pl.concat_str("kind", "number", separator="\n").alias("document")).to_series()
    return document, judged.filter(~pl.col("sound"))[ROW]


def cleared(frame: pl.DataFrame, item: Item) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The frame without identity documents and with resident ID numbers in texts masked; W206 and W204 for what
    was taken out.
    """
    found: list[pl.DataFrame] = []
    changed: list[pl.Series] = []
    for field in item.fields:
        column = frame[field.name]
        if column.null_count() == column.len():
            continue
        if field.role in IDENTITY_ROLES:
            found.append(
                findings.table(frame[ROW].filter(column.is_not_null()), "W206", field=field.name, value=MASKED)
            )
            changed.append(pl.repeat(None, column.len(), dtype=pl.String, eager=True).alias(field.name))
        elif field.type == "text":
            masked = masked_texts(column)
            if masked is column:
                continue
            hit = (masked != column).fill_null(value=False)
            if hit.any():
                found.append(findings.table(frame[ROW].filter(hit), "W204", field=field.name, value=MASKED))
                changed.append(masked)
    return frame.with_columns(changed), found


def masked_texts(texts: pl.Series) -> pl.Series:
    """The texts with asterisks in place of resident ID numbers; the very same column where there are none."""
    return resident_ids.masked(texts)


def masked_text(text: str) -> str:
    """One text (a file's name, a column's title) with asterisks in place of resident ID numbers."""
    return str(masked_texts(pl.Series([text], dtype=pl.String))[0])


def masked_cells(raw: pl.DataFrame, identity_columns: Sequence[int]) -> pl.DataFrame:
    """Raw cells as they may be kept with a rejected row: identity columns emptied, resident ID numbers masked."""
    columns = []
    for name in raw.columns:
        if name == ROW:
            columns.append(raw[name])
        elif int(name[1:]) in identity_columns:
            hidden = pl.when(raw[name].is_not_null()).then(pl.lit(MASKED))
            columns.append(raw.select(hidden.alias(name)).to_series())
        else:
            columns.append(masked_texts(raw[name]))
    return pl.DataFrame(columns)


def speaks_of_person(raw: pl.DataFrame) -> pl.Series:
    """For rows that could not be read cell by cell: true where some cell says «自然人» or is a resident ID number."""
    cells = [name for name in raw.columns if name != ROW]
    person = pl.any_horizontal(pl.col(name).str.contains(NATURAL_PERSON, literal=True) for name in cells)
    number = pl.any_horizontal(find_resident_ids(pl.col(name)) for name in cells)
    return raw.select((person | number).fill_null(value=False).alias("person")).to_series()
