"""Rows to organisations: by code first, a name never acts alone. Codes are looked up by the set, each once for a file;
for a file of many rows the register is read whole.

Of a row's codes the unified social credit code decides; else the first of registration number, organisation code,
institution, social organisation and tax number that the register knows. A valid unified code that the register does
not know becomes a new organisation (origin: provider). A name that differs from the present and the former names is a
warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl
from psycopg import Cursor

from gongxin.intake import findings
from gongxin.intake.headers import CODE_ROLES
from gongxin.intake.tables import ROW
from gongxin.policy.model import FieldRole, Item
from gongxin.subjects.identifiers import USCC_PLACEHOLDER, kind_expr
from gongxin.subjects.matching import load_index, load_whole_index, register_unknown
from gongxin.subjects.models import Kind
from gongxin.subjects.names import name_key_expr

_INDEX_SCHEMA: Final[dict[str, Any]] = {
    "code": pl.String,
    "organisation_id": pl.String,
    "kind": pl.String,
    "held_name": pl.String,
    "name_key": pl.String,
    "former_keys": pl.List(pl.String),
    "holders": pl.UInt32,
}


# From so many rows on, a register of no more organisations than rows is read whole: cheaper than asking by the chunk.
_MANY_ROWS: Final = 50_000
_WHOLE_AT_MOST: Final = 500_000
_MATCHED: Final = (
    ROW, "name", "code", "field", "organisation_id", "kind", "held_name", "name_key", "former_keys", "holders",
)  # fmt: skip
_ANSWER_SCHEMA: Final[dict[str, Any]] = {
    "code": pl.String,
    "organisation_id": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "name_key": pl.String,
    "former_keys": pl.List(pl.String),
}


class Register:
    """What is known of the register so far: one row a code, with the number of organisations that hold it (0:
    nobody). Once the register has been read whole, a code that has no row is nobody's.
    """

    def __init__(self) -> None:
        self.index = pl.DataFrame(schema=_INDEX_SCHEMA)
        self._asked = pl.Series("code", [], dtype=pl.String)
        self._whole = False

    def question(self, frame: pl.DataFrame, item: Item) -> pl.Series:
        """The codes of the rows that have not been asked for yet; they count as asked from now on."""
        if self._whole:
            return self._asked.clear()
        codes = wanted(codes_of(frame, item))
        fresh = codes.filter(~codes.is_in(self._asked.implode()))
        self._asked = pl.concat([self._asked, fresh], rechunk=False)
        return fresh

    def learn(self, asked: pl.Series, answer: Answer) -> None:
        """Remember the answer to a question."""
        if answer.whole:
            self.index, self._whole = _counted(answer.found).select(list(_INDEX_SCHEMA)), True
        elif asked.len() and not self._whole:
            self._add(asked, answer.found)

    def correct(self, asked: pl.Series, found: pl.DataFrame) -> None:
        """Replace earlier answers, after newcomers have been registered."""
        self.index = self.index.filter(~pl.col("code").is_in(asked.implode()))
        self._add(asked, found)

    def look_up(self, codes: pl.Series) -> pl.DataFrame:
        """The columns of the index but the code, a row for each of the codes; holders is null only where there is no
        code.
        """
        asked = codes.alias("code").to_frame()
        # The joins build their tables on the right: on the few codes of a chunk, not on the whole index.
        known = self.index.join(asked, on="code", how="semi")
        found = asked.join(known, on="code", how="left", maintain_order="left").drop("code")
        held = pl.select(pl.when(codes.is_not_null()).then(found["holders"].fill_null(0))).to_series()
        return found.with_columns(held.alias("holders"))

    def _add(self, asked: pl.Series, found: pl.DataFrame) -> None:
        answers = asked.alias("code").to_frame().join(_counted(found), on="code", how="left")
        fresh = answers.with_columns(pl.col("holders").fill_null(0)).select(list(_INDEX_SCHEMA))
        self.index = pl.concat([self.index, fresh], rechunk=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What `subjects.matching` found for a question. whole: it is the whole register."""

    found: pl.DataFrame
    whole: bool = False


def _counted(found: pl.DataFrame) -> pl.DataFrame:
    """The first organisation of each code, and how many hold it."""
    counted = found.with_columns(pl.len().over("code").cast(pl.UInt32).alias("holders"))
    return counted.unique("code", keep="first", maintain_order=True).rename({"name": "held_name"})


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


def ask(cursor: Cursor[Any], codes: pl.Series, *, rows: int) -> Answer:
    """The register's answer for these codes; nothing is asked where there are none. rows: how many the file has."""
    if codes.is_empty():
        return Answer(pl.DataFrame(schema=_ANSWER_SCHEMA))
    if rows >= _MANY_ROWS:
        whole = load_whole_index(cursor.connection, at_most=min(rows, _WHOLE_AT_MOST))
        if whole is not None:
            return Answer(whole, whole=True)
    return Answer(load_index(cursor.connection, codes))


def match(frame: pl.DataFrame, item: Item, register: Register) -> pl.DataFrame:
    """What the register says of each row.

    Returns row, name, code and field (the code that decides and its column; null: the row has no code),
    organisation_id, kind, held_name, name_key, former_keys, holders (of the deciding code; 0: unknown), and conflict (a
    code of another organisation, else null).
    """
    named = {role: field.name for role in CODE_ROLES if (field := item.by_role(role)) is not None}
    codes = codes_of(frame, item)
    roles = [role for role in named if codes[role].null_count() < codes.height]
    name = item.by_role("party_name")
    codes = codes.with_columns((frame[name.name] if name else pl.lit(None, dtype=pl.String)).alias("name"))
    if roles == ["party_uscc"]:
        # Nothing to weigh: by far the most frequent case.
        column = pl.when(pl.col("party_uscc").is_not_null()).then(pl.lit(named["party_uscc"])).alias("field")
        decided = codes.with_columns(pl.col("party_uscc").alias("code"), column)
        return _with_answer(decided, register).select(*_MATCHED, pl.lit(None, dtype=pl.String).alias("conflict"))
    for role in roles:
        answer = register.look_up(codes[role])
        codes = codes.with_columns(answer["holders"].alias(f"{role}:n"), answer["organisation_id"].alias(f"{role}:id"))
    code, column = _deciding(roles, named)
    decided = codes.with_columns(code.alias("code"), column.alias("field"))
    others = [
        pl.when((pl.col(f"{role}:n") == 1) & pl.col(f"{role}:id").ne_missing(pl.col("organisation_id"))).then(
            pl.col(role)
        )
        for role in roles
    ]
    conflict = pl.coalesce(*others, pl.lit(None, dtype=pl.String)).alias("conflict")
    return _with_answer(decided, register).select(*_MATCHED, conflict)


def _with_answer(decided: pl.DataFrame, register: Register) -> pl.DataFrame:
    """The rows with what the register says of their deciding code."""
    return decided.with_columns(register.look_up(decided["code"]).get_columns())


def _deciding(roles: list[FieldRole], named: dict[FieldRole, str]) -> tuple[pl.Expr, pl.Expr]:
    """The code that decides and its column: the unified one if given, else the first that the register knows, else
    the first.
    """
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
    """The errors of matching: E305 (the number of namesakes is filled in by `with_namesakes`), E307, E309, E310,
    E311.
    """
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
    """W301: the name in the file is neither the present nor a former name (brackets, width and legal form do not
    matter).
    """
    other = matched.filter(pl.col("name") != pl.col("held_name"))
    if other.height:
        other = other.with_columns(name_key_expr(pl.col("name")).alias("given"))
        former = pl.col("former_keys").list.contains(pl.col("given")).fill_null(value=False)
        other = other.filter((pl.col("given") != pl.col("name_key")) & ~former)
    party = item.by_role("party_name")
    return findings.table(
        other[ROW], "W301", field=party.name if party else "", value=other["name"], expected=other["held_name"]
    )


def newcomers(matched: pl.DataFrame) -> pl.DataFrame:
    """Row, code and name of the rows whose valid unified code the register does not know; the others have been
    rejected.
    """
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
