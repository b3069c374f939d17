"""Rows to organisations: by code first, a name never acts alone. Codes are looked up by the set, each once for a file.

Of a row's codes the unified social credit code decides; else the first of registration number, organisation code, institution,
social organisation and tax number that the register knows. A valid unified code that the register does not know becomes a new
organisation (origin: provider). A name that differs from the present and the former names is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl
from psycopg import Cursor

from gongxin.intake import findings
from gongxin.intake.headers import CODE_ROLES
from gongxin.intake.tables import ROW
from gongxin.policy.model import FieldRole, Item
from gongxin.subjects.identifiers import USCC_PLACEHOLDER, kind_expr
from gongxin.subjects.matching import load_index, register_unknown
from gongxin.subjects.models import Kind
from gongxin.subjects.names import name_key_expr

# Codes remembered from chunk to chunk; above this the memory is emptied and filled anew.
_REMEMBERED: Final = 1_000_000
_INDEX_SCHEMA: Final = {
    "code": pl.String,
    "organisation_id": pl.String,
    "kind": pl.String,
    "name_key": pl.String,
    "former_keys": pl.List(pl.String),
    "holders": pl.UInt32,
}


@dataclass(slots=True)
class Register:
    """What is known of the register so far: one row a code, with the number of organisations that hold it (0: nobody)."""

    index: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_INDEX_SCHEMA))

    def unknown(self, codes: pl.Series) -> pl.Series:
        """The codes that have not been looked up yet."""
        return codes.filter(~codes.is_in(self.index["code"].implode()))

    def learn(self, asked: pl.Series, found: pl.DataFrame) -> None:
        """Remember the answer to a question: codes asked, and the rows `subjects.matching.load_index` found."""
        counted = found.with_columns(pl.len().over("code").cast(pl.UInt32).alias("holders")).unique(
            "code", keep="first", maintain_order=True
        )
        nobody = asked.filter(~asked.is_in(counted["code"].implode())).alias("code").to_frame()
        fresh = pl.concat([counted, nobody.with_columns(pl.lit(0, pl.UInt32).alias("holders"))], how="diagonal")
        if self.index.height > _REMEMBERED:
            self.index = self.index.clear()
        self.index = pl.concat([self.index, fresh.select(list(_INDEX_SCHEMA))]).unique("code", keep="last")


def codes_of(frame: pl.DataFrame, item: Item) -> pl.DataFrame:
    """Row, and the party's codes by role in the order in which they count; the placeholder is no code."""
    named = {role: field.name for role in CODE_ROLES if (field := item.by_role(role)) is not None}
    return frame.select(
        ROW, *(pl.col(name).replace(USCC_PLACEHOLDER, None).alias(role) for role, name in named.items())
    )


def wanted(codes: pl.DataFrame) -> pl.Series:
    """Every distinct code of the frame."""
    columns = [codes[name].drop_nulls().unique() for name in codes.columns if name != ROW]
    return pl.concat([pl.Series("code", [], dtype=pl.String), *columns]).unique()


def ask(cursor: Cursor[Any], codes: pl.Series) -> pl.DataFrame:
    """The register's answer for these codes; nothing is asked where there are none."""
    if codes.is_empty():
        return pl.DataFrame(schema={name: kind for name, kind in _INDEX_SCHEMA.items() if name != "holders"})
    return load_index(cursor.connection, codes)


def match(frame: pl.DataFrame, item: Item, register: Register) -> pl.DataFrame:
    """What the register says of each row.

    Returns row, name, code and field (the code that decides and its column; null: the row has no code), organisation_id, kind,
    name_key, former_keys, holders (of the deciding code; 0: unknown), and conflict (a code of another organisation, else null).
    """
    named = {role: field.name for role in CODE_ROLES if (field := item.by_role(role)) is not None}
    codes = codes_of(frame, item)
    roles = [role for role in named if codes[role].null_count() < codes.height]
    held = register.index.select("code", "holders", pl.col("organisation_id").alias("holder"))
    for role in roles:
        answer = held.rename({"code": role, "holders": f"{role}:n", "holder": f"{role}:id"})
        codes = codes.join(answer, on=role, how="left", maintain_order="left")
    code, column = _deciding(roles, named)
    name = item.by_role("party_name")
    decided = codes.with_columns(
        code.alias("code"),
        column.alias("field"),
        (frame[name.name] if name else pl.Series([None] * frame.height, dtype=pl.String)).alias("name"),
    ).join(register.index, on="code", how="left", maintain_order="left")
    others = [
        pl.when((pl.col(f"{role}:n") == 1) & pl.col(f"{role}:id").ne_missing(pl.col("organisation_id"))).then(
            pl.col(role)
        )
        for role in roles
    ]
    conflict = pl.coalesce(*others, pl.lit(None, dtype=pl.String)).alias("conflict")
    return decided.select(
        ROW, "name", "code", "field", "organisation_id", "kind", "name_key", "former_keys", "holders", conflict
    )


def _deciding(roles: list[FieldRole], named: dict[FieldRole, str]) -> tuple[pl.Expr, pl.Expr]:
    """The code that decides and its column: the unified one if given, else the first that the register knows, else the first."""
    order: list[tuple[pl.Expr, FieldRole]] = []
    if "party_uscc" in roles:
        order.append((pl.col("party_uscc").is_not_null(), "party_uscc"))
    order += [(pl.col(f"{role}:n") > 0, role) for role in roles]
    order += [(pl.col(role).is_not_null(), role) for role in roles]
    none = pl.lit(None, dtype=pl.String)
    code = pl.coalesce(*(pl.when(holds).then(pl.col(role)) for holds, role in order), none)
    column = pl.coalesce(*(pl.when(holds).then(pl.lit(named[role])) for holds, role in order), none)
    return code, column


def judged(matched: pl.DataFrame, item: Item) -> list[pl.DataFrame]:
    """The errors of matching: E305 (the number of namesakes is filled in by `with_namesakes`), E307, E309, E310, E311."""
    uscc = item.by_role("party_uscc")
    unified = pl.col("field") == (uscc.name if uscc else "")
    party = item.by_role("party_name")
    nameless = matched.filter(pl.col("code").is_null())
    conflicting = matched.filter(pl.col("conflict").is_not_null())
    unknown = matched.filter((pl.col("holders") == 0) & ~unified)
    several = matched.filter((pl.col("holders") > 1) & ~unified)
    unsuited = matched.filter(~_kind(unified).is_in(list(item.subject_kinds)))
    shown = unsuited.select(_kind(unified).replace_strict(dict(Kind.choices), default="", return_dtype=pl.String))
    return [
        findings.table(nameless[ROW], "E305", field=party.name if party else "", value=nameless["name"]),
        findings.table(conflicting[ROW], "E307", field=_field_of(conflicting), value=conflicting["conflict"],
                       expected=conflicting["code"]),
        findings.table(unknown[ROW], "E310", field=unknown["field"], value=unknown["code"]),
        findings.table(several[ROW], "E311", field=several["field"], value=several["code"],
                       expected=several["holders"].cast(pl.String)),
        findings.table(unsuited[ROW], "E309", field=_field_of(unsuited), value=shown.to_series()),
    ]  # fmt: skip


def _kind(unified: pl.Expr) -> pl.Expr:
    """The kind the register holds, else the one that the valid unified code speaks of."""
    return pl.coalesce(pl.col("kind"), pl.when(unified).then(kind_expr(pl.col("code"))))


def _field_of(rows: pl.DataFrame) -> pl.Series:
    return rows["field"].fill_null("")


def differing_names(matched: pl.DataFrame, item: Item) -> pl.DataFrame:
    """W301: the name in the file is neither the present nor a former name (brackets, width and legal form do not matter)."""
    known = matched.filter(pl.col("name_key").is_not_null() & pl.col("name").is_not_null())
    given = known.with_columns(name_key_expr(pl.col("name")).alias("given"))
    other = given.filter(pl.col("given") != pl.col("name_key"))
    other = other.filter(~pl.col("former_keys").list.contains(pl.col("given")).fill_null(value=False))
    party = item.by_role("party_name")
    field_name = party.name if party else ""
    return findings.table(other[ROW], "W301", field=field_name, value=other["name"], expected=other["name_key"])


def newcomers(matched: pl.DataFrame) -> pl.DataFrame:
    """Row, code and name of the rows whose valid unified code the register does not know; the others have been rejected."""
    return matched.filter((pl.col("holders") == 0) & pl.col("code").is_not_null()).select(
        ROW, "code", pl.col("name").fill_null("")
    )


def register_newcomers(cursor: Cursor[Any], fresh: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Add them to the register (in the order of their codes, so that two files do not wait for each other crosswise).

    Returns rows of the index for their codes.
    """
    register_unknown(fresh.select("code", "name").sort("code"), cursor.connection, at)
    return load_index(cursor.connection, fresh["code"])


def namesakes(cursor: Cursor[Any], names: pl.Series) -> dict[str, int]:
    """How many organisations have a name with the same key, by name."""
    keyed = (
        names.drop_nulls().unique().alias("name").to_frame().with_columns(name_key_expr(pl.col("name")).alias("key"))
    )
    cursor.execute(
        "SELECT name_key, count(*) FROM subjects_organisation WHERE name_key = ANY(%s) GROUP BY name_key",
        [keyed["key"].to_list()],
    )
    counts = dict(cursor.fetchall())
    return {name: counts.get(key, 0) for name, key in keyed.iter_rows()}
