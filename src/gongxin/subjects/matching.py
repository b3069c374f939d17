"""Codes of a file to organisations of the register, by the set: what intake matches with.

Match by code first; a name never acts alone. The names come along so that the caller can say that a name differs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Protocol

import polars as pl
from psycopg import sql

from gongxin.ids import uuid7_column
from gongxin.subjects.bulk import copy_from, copy_to
from gongxin.subjects.identifiers import kind_expr, uscc_valid
from gongxin.subjects.names import name_key_expr, pinyin_initials_expr


class Connection(Protocol):
    """Django's connection or a psycopg one, inside a transaction."""

    def cursor(self) -> Any:
        """A psycopg cursor, or Django's around one."""


_SEPARATOR: Final = "\x1f"
# From here on reading the whole register once is cheaper than one look-up for each code.
_MANY_CODES: Final = 20_000

_COLUMNS: Final = "replace(o.id::text, '-', '') AS organisation_id, o.kind, o.name, o.name_key, f.keys AS former_keys"
_FORMER_NAMES: Final = r"""
LEFT JOIN (
    SELECT organisation_id, string_agg(name_key, E'\x1f' ORDER BY until) AS keys
    FROM subjects_formername GROUP BY organisation_id
) f ON f.organisation_id = o.id
"""
# The pieces are constants of this module.
_INDEX: Final = f"""
SELECT h.code, {_COLUMNS}
FROM (
    SELECT w.code, o.id, true AS own FROM gx_wanted_code w JOIN subjects_organisation o ON o.uscc = w.code
    UNION ALL
    SELECT DISTINCT w.code, i.organisation_id, false
    FROM gx_wanted_code w JOIN subjects_identifier i ON i.value = w.code
) h
JOIN subjects_organisation o ON o.id = h.id {_FORMER_NAMES}
ORDER BY h.code, h.own DESC, o.id
"""  # noqa: S608  (made of constants of this module)
_BY_USCC: Final = f"""
SELECT o.uscc AS code, {_COLUMNS} FROM subjects_organisation o {_FORMER_NAMES} WHERE o.uscc IS NOT NULL
"""  # noqa: S608  (made of constants of this module)
_BY_IDENTIFIER: Final = f"""
SELECT i.value AS code, {_COLUMNS}
FROM subjects_identifier i JOIN subjects_organisation o ON o.id = i.organisation_id {_FORMER_NAMES}
"""  # noqa: S608  (made of constants of this module)

_ADD_UNKNOWN: Final = """
INSERT INTO subjects_organisation (id, kind, uscc, name, name_key, pinyin, status, type_name, district, address,
                                   capital, scope, legal_representative, origin, flags, registered_at, updated_at)
SELECT id::uuid, kind, uscc, name, name_key, pinyin, '', '', '', '', '', '', '', 'provider', '[]', %(at)s, %(at)s
FROM gx_new_organisation
ON CONFLICT (uscc) DO NOTHING
"""

_ADDED: Final = """
SELECT uscc AS code, replace(o.id::text, '-', '') AS organisation_id
FROM gx_new_organisation n JOIN subjects_organisation o USING (uscc)
"""


def load_index(connection: Connection, codes: pl.Series) -> pl.DataFrame:
    """The organisations that have any of the folded `codes` as USCC or as another identifier.

    Returns code, organisation_id (32 hexadecimal digits), kind, name, name_key, former_keys (list, oldest first). A
    code that several organisations have comes in several rows, first the one whose USCC it is; unknown codes are
    absent.
    """
    with connection.cursor() as cursor:
        wanted = codes.rename("code").drop_nulls().unique().to_frame()
        copy_from(cursor, "gx_wanted_code", wanted)
        # A register filled just now has no statistics yet; the planner would loop over whole tables.
        avoided = sql.Identifier("enable_nestloop" if len(wanted) > _MANY_CODES else "enable_seqscan")
        cursor.execute(sql.SQL("SET LOCAL {} = off").format(avoided))
        found = copy_to(cursor, _INDEX)
        cursor.execute(sql.SQL("SET LOCAL {} = on").format(avoided))
    return _one_each(found)


def load_whole_index(connection: Connection, *, at_most: int) -> pl.DataFrame | None:
    """The same for every code of the register, read once; None where it holds more than `at_most` organisations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM subjects_organisation LIMIT %s) o", [at_most + 1])
        (held,) = cursor.fetchone()
        if held > at_most:
            return None
        # First the organisation whose USCC a code is, then the others in the order of their ids.
        others = copy_to(cursor, _BY_IDENTIFIER).sort("code", "organisation_id")
        found = pl.concat([copy_to(cursor, _BY_USCC), others])
    return _one_each(found)


def _one_each(found: pl.DataFrame) -> pl.DataFrame:
    """An organisation once for each code, also where it holds the code twice; former_keys as a list."""
    keys = pl.col("former_keys").fill_null("")
    found = found.unique(["code", "organisation_id"], keep="first", maintain_order=True)
    return found.with_columns(pl.when(keys == "").then([]).otherwise(keys.str.split(_SEPARATOR)).alias("former_keys"))


def register_unknown(frame: pl.DataFrame, connection: Connection, at: datetime) -> pl.DataFrame:
    """Add the organisations of a provider's file that no register has: valid codes only, origin ``provider``.

    frame: `code` (folded) and `name`, null-free; the first name of a code counts. Rows whose code is no valid USCC are
    left out. A code that somebody else added meanwhile is taken as it is. Returns code and organisation_id (32
    hexadecimal digits) of every valid code.
    """
    fresh = frame.filter(uscc_valid(frame["code"])).unique("code", keep="first", maintain_order=True)
    name = pl.col("name")
    staged = fresh.select(
        uuid7_column(len(fresh)).alias("id"),
        kind_expr(pl.col("code")).alias("kind"),
        pl.col("code").alias("uscc"),
        name.str.strip_chars().str.slice(0, 200),
        name_key_expr(name).str.slice(0, 200).alias("name_key"),
        pinyin_initials_expr(name_key_expr(name)).str.slice(0, 200).alias("pinyin"),
    )
    with connection.cursor() as cursor:
        copy_from(cursor, "gx_new_organisation", staged)
        cursor.execute(_ADD_UNKNOWN, {"at": at})
        return copy_to(cursor, _ADDED)
