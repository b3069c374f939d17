"""What is public, read by one statement that builds the whole answer: organisations with their records, records,
lists.

The database returns the finished JSON text and the view hands its bytes on; no object is made in between. Statements
are prepared once for each connection: planning them costs more than running them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

import psycopg
from django.db import connection
from psycopg import sql

from gongxin.policy import packs
from gongxin.records import as_json

# Records on one page of an answer, unless fewer are asked for.
PAGE: Final = 100

Kind = Literal["by_id", "by_uscc", "record", "of_organisation", "of_item"]

# One record more than the page holds is read, to know whether there is a next page.
_PAGED: Final = """
  SELECT json_agg({record} ORDER BY r.place) FILTER (WHERE r.place <= %(limit)s) AS records,
         max(r.place) > %(limit)s AS more,
         max((r.decided_on - DATE '0001-01-01' + 1) || '~' || r.id::text) FILTER (WHERE r.place = %(limit)s) AS last
  FROM (SELECT r.*, row_number() OVER (ORDER BY {order}) AS place FROM ({visible}) r
        WHERE {condition} ORDER BY {order} LIMIT %(limit)s + 1) r {joins}"""

_ORGANISATION: Final = """
WITH {shapes}
SELECT json_build_object(
  'id', o.id, 'uscc', o.uscc, 'name', o.name, 'kind', o.kind, 'status', o.status, 'district', o.district,
  'url', '/organisations/' || o.id::text, 'type_name', o.type_name,
  'address', CASE WHEN o.kind <> 'sole_trader' THEN o.address END, 'established_on', o.established_on,
  'capital', o.capital, 'scope', o.scope,
  'former_names', coalesce((SELECT json_agg(json_build_object('name', n.name, 'until', n.until) ORDER BY n.until DESC)
                            FROM subjects_formername n WHERE n.organisation_id = o.id), '[]'::json),
  'as_of', {day}, 'rule_version', {version},
  'counts', coalesce((SELECT json_object_agg(g.item, g.total) FROM (
      SELECT r.item, count(*) AS total FROM ({visible}) r WHERE r.organisation_id = o.id
      GROUP BY r.item) g), '{{}}'::json),
  'records', coalesce(l.records, '[]'::json),
  'next', CASE WHEN l.more THEN '/api/v1/organisations/' || o.id::text || '/records?after=' || l.last END)::text
FROM subjects_organisation o, LATERAL ({page}) l
WHERE o.{column} = %(ref)s
"""

_LIST: Final = """
WITH {shapes}
SELECT json_build_object('as_of', {day}, 'rule_version', {version}, 'records', coalesce(l.records, '[]'::json),
  'next', CASE WHEN l.more THEN %(address)s || '?after=' || l.last || '&limit=' || %(limit)s END)::text
FROM ({page}) l
"""

_RECORD: Final = """
WITH {shapes}
SELECT json_build_object('as_of', {day}, 'rule_version', {version}, 'record', {record},
  'organisation', json_build_object('id', o.id, 'uscc', o.uscc, 'name', o.name, 'kind', o.kind,
    'status', o.status, 'district', o.district, 'url', '/organisations/' || o.id::text))::text
FROM ({visible}) r JOIN subjects_organisation o ON o.id = r.organisation_id {joins}
WHERE r.id = %(ref)s
"""

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_TYPES: Final = {"ref": "", "limit": "::int", "address": "::text", "day": "::date", "id": "::uuid"}
_AFTER: Final = "AND (%(day)s IS NULL OR (r.decided_on, r.id) < (%(day)s, %(id)s))"
_TEMPLATES: Final[dict[Kind, tuple[str, str, str]]] = {
    "by_id": (_ORGANISATION, "id", "r.organisation_id = o.id"),
    "by_uscc": (_ORGANISATION, "uscc", "r.organisation_id = o.id"),
    "record": (_RECORD, "", ""),
    "of_organisation": (_LIST, "", f"r.organisation_id = %(ref)s {_AFTER}"),
    "of_item": (_LIST, "", f"r.item = %(ref)s {_AFTER}"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with numbered placeholders, and the names of its parameters in their order."""

    text: bytes
    names: tuple[str, ...]


def read(kind: Kind, parameters: Mapping[str, Any], *, day: date) -> bytes | None:
    """The answer as JSON in UTF-8, None where there is nothing public.

    parameters: ref, and what the statement of `kind` names. A connection that died while idle is noticed here: the read
    is tried once more on a new one.
    """
    asked = statement(kind, day=day)
    values = [parameters[name] for name in asked.names]
    inside_transaction = connection.in_atomic_block
    try:
        return _fetched(asked.text, values)
    except psycopg.OperationalError:
        if inside_transaction:
            raise
        connection.close()
        return _fetched(asked.text, values)


def statement(kind: Kind, *, day: date) -> Statement:
    """The statement of `kind` on `day`."""
    return _statement(kind, day, packs.current().version)


def _fetched(text: bytes, values: Sequence[Any]) -> bytes | None:
    """Run on Django's own connection, past its cursor: that one sends each query as new text, which cannot stay
    prepared.

    A raw cursor with numbered placeholders: looking for named ones in ten thousand characters costs as much as all
    else.
    """
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    held, raw.prepare_threshold = raw.prepare_threshold, 0
    try:
        with psycopg.RawCursor(raw) as cursor:
            row = cursor.execute(text, values).fetchone()
    finally:
        raw.prepare_threshold = held
    return row[0].encode() if row else None


def _numbered(text: str) -> Statement:
    """Named placeholders (``%(ref)s``) as numbered ones, each name one number."""
    names = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
    numbered = _PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}{_TYPES[found[1]]}", text)
    return Statement(numbered.replace("%%", "%").encode(), names)


@lru_cache(maxsize=32)
def _statement(kind: Kind, day: date, pack_version: str) -> Statement:
    template, column, condition = _TEMPLATES[kind]
    parts = {
        "shapes": as_json.current_shapes(),
        "visible": as_json.published_sql(day),
        "record": as_json.RECORD,
        "joins": as_json.JOINS,
        "order": as_json.ORDER,
        "day": as_json.escape(sql.Literal(day).as_string(None)),
        "version": as_json.escape(sql.Literal(pack_version).as_string(None)),
        "column": column,
        "condition": condition,
    }
    return _numbered(template.format(page=_PAGED.format(**parts), **parts))
