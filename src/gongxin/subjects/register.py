"""Import of a register: organisations with identifiers, kind and name history, by the set, in one transaction.

rows_in = accepted + unchanged + rejected. A row is accepted if it adds or changes an organisation, unchanged if all it
says is held already, rejected only without a name or if it is a natural person's. Rows with flags are among the
accepted and the unchanged ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.ids import uuid7_column
from gongxin.subjects import grams, register_file, register_rows
from gongxin.subjects.bulk import copy_from, copy_to
from gongxin.subjects.names import fold_expr, name_key_expr
from gongxin.subjects.register_rows import SCHEMES

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

# Fields a register fills; an empty cell says nothing and changes nothing.
_FILLED: Final = (
    "name", "status", "type_name", "district", "address", "established_on", "capital", "scope", "legal_representative",
)  # fmt: skip
_SEARCH_INDEXES: Final = ("organisation_grams", "organisation_pinyin_part", "former_name_grams")
# Key and initials too: the same register again brings them up to date when their rule has changed.
_COMPARED: Final = (*_FILLED, "name_key", "pinyin", "kind", "flags")
_STORED: Final = ("id", "uscc", *_COMPARED)


@dataclass(frozen=True)
class Rejection:
    """A row not taken in: its number (the header is row 1) and why (``name-missing`` or ``natural-person``)."""

    row: int
    code: str


@dataclass(frozen=True)
class RegisterReport:
    """What an import did, in rows of the file. `flags_by_code` counts rows; a row may have several flags."""

    rows_in: int
    accepted: int
    unchanged: int
    flagged: int
    rejected: int
    flags_by_code: dict[str, int] = field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()


def import_file(path: Path, *, acting: str, at: datetime, progress: Progress | None = None) -> RegisterReport:
    """Take the register in `path` (CSV, CSV.gz, XLSX, Parquet; titles in register_columns.yaml) into the organisations.

    acting: who imports. at: the instant of the import; a name that changes is closed on its civil day. progress: called
    with rows done and rows in all. All or nothing; the same file again changes nothing.
    Raises InvalidInput if the file cannot be read as a register.
    """
    tell = progress or (lambda _done, _total: None)
    judged = register_rows.judge(register_file.read(Path(path)))
    total = len(judged)
    tell(total // 4, total)
    taken = judged.filter(pl.col("rejected").is_null())
    with transaction.atomic():
        changed = _merge(taken, at, lambda share: tell(total // 4 + int(share * total * 3 / 4), total))
        report = _report(judged, taken, changed)
        if len(changed):
            counts = {name: getattr(report, name) for name in ("rows_in", "accepted", "unchanged", "rejected")}
            ledger.append("register.imported", fields=counts, actor=acting, at=at)
    tell(total, total)
    log.info("register imported by %s: %s", acting, report)
    return report


def _report(judged: pl.DataFrame, taken: pl.DataFrame, changed: pl.Series) -> RegisterReport:
    accepted = int(taken["identity"].is_in(changed.implode()).sum())
    flags = taken["flags"].explode().drop_nulls().value_counts().sort("flags")
    rejected = judged.filter(pl.col("rejected").is_not_null())
    return RegisterReport(
        rows_in=len(judged),
        accepted=accepted,
        unchanged=len(taken) - accepted,
        flagged=int((taken["flags"].list.len() > 0).sum()),
        rejected=len(rejected),
        flags_by_code=dict(flags.iter_rows()),
        rejections=tuple(Rejection(*row) for row in rejected.select("row", "rejected").iter_rows()),
    )


def _merge(taken: pl.DataFrame, at: datetime, tell: Callable[[float], None]) -> pl.Series:
    """Bring the organisations to what the rows say. Returns the identities that were added or changed."""
    latest = taken.unique("identity", keep="last", maintain_order=True)
    with connection.cursor() as cursor:
        # Two imports must not judge by the same state; readers are not held up.
        cursor.execute("LOCK TABLE subjects_organisation IN SHARE ROW EXCLUSIVE MODE")
        # Entries of the search indexes wait and are sorted in at once at the end, not a few thousand at a time.
        cursor.execute("SET LOCAL gin_pending_list_limit = '256MB'")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        held = _held(cursor, latest)
        joined = _told(latest.join(held, on="identity", how="left"))
        fresh = joined.filter(pl.col("held_id").is_null())
        fresh = fresh.with_columns(uuid7_column(len(fresh)).alias("id"))
        known = joined.filter(pl.col("held_id").is_not_null()).with_columns(pl.col("held_id").alias("id"))
        altered = known.filter(_differs())
        _add(cursor, fresh, at, tell)
        _alter(cursor, altered, at)
        whole = pl.concat([fresh, known])
        named = _keep_former_names(cursor, taken, whole, at)
        identified = _keep_identifiers(cursor, taken, whole)
        _settle(cursor, grown=len(fresh) * 10 > len(held))
    touched = pl.concat([fresh["id"], altered["id"], named, identified])
    return whole.filter(pl.col("id").is_in(touched.implode()))["identity"]


def _settle(cursor: Any, *, grown: bool) -> None:
    """Leave search as fast as it can be: nothing waiting beside the indexes, statistics of what is there now."""
    clean = "SELECT gin_clean_pending_list(name::regclass) FROM unnest(%s::text[]) name"
    cursor.execute(clean, [list(_SEARCH_INDEXES)])
    if grown:
        cursor.execute("ANALYZE subjects_organisation")
        grams.forget_frequencies()


_HELD: Final = """
SELECT s.identity, o.id AS held_id, o.origin AS held_origin, {columns}
FROM gx_register_identity s JOIN subjects_organisation o ON o.id = coalesce(
    (SELECT u.id FROM subjects_organisation u WHERE u.uscc = s.uscc),
    CASE WHEN s.uscc IS NULL THEN (
        SELECT x.id FROM subjects_organisation x JOIN subjects_identifier i ON i.organisation_id = x.id
        WHERE x.uscc IS NULL AND i.scheme = 'registration-no' AND i.value = s.registration
        ORDER BY x.id LIMIT 1) END,
    CASE WHEN s.uscc IS NULL AND s.registration IS NULL THEN (
        SELECT x.id FROM subjects_organisation x
        WHERE x.uscc IS NULL AND x.name_key = s.name_key
          AND CASE WHEN s.raw_code IS NULL
              THEN x.district = s.district AND NOT EXISTS (
                  SELECT FROM subjects_identifier i
                  WHERE i.organisation_id = x.id AND i.scheme IN ('raw', 'registration-no'))
              ELSE EXISTS (
                  SELECT FROM subjects_identifier i
                  WHERE i.organisation_id = x.id AND i.scheme = 'raw' AND i.value = s.raw_code) END
        ORDER BY x.id LIMIT 1) END)
"""


def _held(cursor: Any, latest: pl.DataFrame) -> pl.DataFrame:
    """The organisations that the identities stand for already, with what is held about them."""
    copy_from(
        cursor,
        "gx_register_identity",
        latest.select("identity", "uscc", "registration", "raw_code", "name_key", "district"),
    )
    columns = ", ".join(f"o.{column} AS held_{column}" for column in _COMPARED)
    cursor.execute("SET LOCAL enable_seqscan = off")
    held = copy_to(cursor, _HELD.format(columns=columns))
    cursor.execute("SET LOCAL enable_seqscan = on")
    return held.unique("identity", keep="first")


def _told(joined: pl.DataFrame) -> pl.DataFrame:
    """What will be held: what the row says, else what is held; flags as the JSON that is stored."""
    flags = pl.format('["{}"]', pl.col("flags").list.join('", "')).replace('[""]', "[]").alias("flags")
    texts = joined.with_columns(flags, pl.col("established_on").dt.to_string("%Y-%m-%d"))
    filled = [
        pl.when(pl.col(column).is_null() | (pl.col(column) == ""))
        .then(pl.col(f"held_{column}"))
        .otherwise(pl.col(column))
        .alias(column)
        for column in _FILLED
    ]
    told = texts.with_columns(filled)
    empty = [pl.col(column).fill_null("") for column in _FILLED if column != "established_on"]
    # What kind an organisation is does not become unknown again because a later row says less.
    kind = pl.when(pl.col("kind_unknown") & pl.col("held_kind").is_not_null()).then("held_kind").otherwise("kind")
    return told.with_columns(*empty, kind.alias("kind"))


def _differs() -> pl.Expr:
    """True where a row tells something new, or where so far only a provider had told of the organisation."""
    new = [pl.col(column).ne_missing(pl.col(f"held_{column}")) for column in _COMPARED]
    return pl.any_horizontal(*new, pl.col("held_origin") != "register")


def _add(cursor: Any, fresh: pl.DataFrame, at: datetime, tell: Callable[[float], None]) -> None:
    """COPY the new organisations straight into their table."""
    stamp = pl.lit(at.isoformat())
    rows = fresh.select(
        *_STORED, pl.lit("register").alias("origin"), stamp.alias("registered_at"), stamp.alias("updated_at")
    )
    command = f"COPY subjects_organisation ({', '.join(rows.columns)}) FROM STDIN WITH (FORMAT csv)"
    with cursor.copy(command) as copy:
        for number, part in enumerate(rows.iter_slices(10_000)):
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))
            tell(number * 10_000 / len(rows))


def _alter(cursor: Any, altered: pl.DataFrame, at: datetime) -> None:
    if altered.is_empty():
        return
    casts = {"established_on": "date", "flags": "jsonb"}
    assigned = ", ".join(f"{column} = s.{column}::{casts.get(column, 'text')}" for column in _COMPARED)
    copy_from(cursor, "gx_register_altered", altered.select("id", *_COMPARED))
    cursor.execute(
        # Column names are constants of this module.
        f"UPDATE subjects_organisation o SET {assigned}, origin = 'register', updated_at = %(at)s "  # noqa: S608
        "FROM gx_register_altered s WHERE o.id = s.id::uuid",
        {"at": at},
    )


_ADD_FORMER: Final = """
INSERT INTO subjects_formername (organisation_id, name, name_key, until)
SELECT DISTINCT ON (s.id, s.name) s.id::uuid, s.name, s.name_key, %(until)s
FROM gx_register_former s
WHERE NOT EXISTS (SELECT FROM subjects_formername f WHERE f.organisation_id = s.id::uuid AND f.name = s.name)
RETURNING replace(organisation_id::text, '-', '')
"""


def _keep_former_names(cursor: Any, taken: pl.DataFrame, whole: pl.DataFrame, at: datetime) -> pl.Series:
    """File names an organisation no longer has: the one held, 曾用名, those of other rows. Returns whose are new."""
    present = whole.select("identity", "id", pl.col("name").alias("present"))
    replaced = whole.filter(pl.col("held_origin") == "register")
    replaced = replaced.select("id", pl.col("held_name").alias("name"), present="name")
    said = taken.join(present, on="identity")
    others = said.select("id", "name", "present")
    # Several former names come separated by marks of enumeration.
    declared = said.select("id", pl.col("former_name").str.split("；").alias("name"), "present").explode("name")
    candidates = pl.concat([replaced, others, declared]).filter(
        (pl.col("name") != "") & (fold_expr(pl.col("name")) != fold_expr(pl.col("present")))
    )
    if candidates.is_empty():
        return pl.Series("id", [], dtype=pl.String)
    staged = candidates.select("id", "name", name_key_expr(pl.col("name")).str.slice(0, 200).alias("name_key"))
    copy_from(cursor, "gx_register_former", staged.unique(maintain_order=True))
    cursor.execute(_ADD_FORMER, {"until": at.astimezone(CIVIL_TIME).date()})
    return _returned(cursor)


_ADD_IDENTIFIERS: Final = """
INSERT INTO subjects_identifier (organisation_id, scheme, value)
SELECT id::uuid, scheme, value FROM gx_register_identifier
ON CONFLICT DO NOTHING
RETURNING replace(organisation_id::text, '-', '')
"""


def _keep_identifiers(cursor: Any, taken: pl.DataFrame, whole: pl.DataFrame) -> pl.Series:
    """Add new identifiers: those of their own columns, and codes that are no valid USCC. Returns whose they are."""
    rows = taken.join(whole.select("identity", "id"), on="identity")
    told = [
        rows.select("id", pl.lit(scheme).alias("scheme"), pl.col(column).alias("value"))
        for column, scheme in SCHEMES.items()
    ]
    told.append(rows.select("id", pl.col("raw_scheme").alias("scheme"), pl.col("raw_code").alias("value")))
    staged = pl.concat(told).drop_nulls("value").unique(maintain_order=True)
    if staged.is_empty():
        return pl.Series("id", [], dtype=pl.String)
    copy_from(cursor, "gx_register_identifier", staged)
    cursor.execute(_ADD_IDENTIFIERS)
    return _returned(cursor)


def _returned(cursor: Any) -> pl.Series:
    return pl.Series("id", [row[0] for row in cursor.fetchall()], dtype=pl.String)
