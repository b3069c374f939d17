"""The one statement that matches, answers and logs credit checks, for one question as for a chunk of a batch.

Answer and logged look are the same statement: if the row cannot be written there is nothing to send, and the data
version in both is the snapshot the statement itself read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

import polars as pl
from django.db import connection

from gongxin import metering
from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.looks import Ground, Looker, basis_of
from gongxin.policy import packs
from gongxin.policy.model import Purpose
from gongxin.records import as_json
from gongxin.records.models import Disclosure
from gongxin.records.selectors import disclosable
from gongxin.walls import acting

# What one matched organisation shows of itself. A sole trader's address may be a home: it is never part of an answer.
ORGANISATION: Final = """json_build_object(
  'id', o.id, 'uscc', o.uscc, 'name', o.name, 'kind', o.kind, 'status', o.status, 'district', o.district,
  'url', '/organisations/' || o.id::text)"""

_STATEMENT: Final = """
WITH {shapes},
asked AS MATERIALIZED (
  SELECT * FROM unnest(%(row)s::bigint[], %(check_id)s::uuid[], %(asked_for)s::text[], %(code)s::text[],
                       %(name_key)s::text[], %(matter)s::text[], %(reason)s::text[], %(hint)s::text[])
           AS a(number, check_id, asked_for, code, name_key, matter, reason, hint)),
found AS (
  SELECT a.number, o.id, 1 AS rank FROM asked a JOIN subjects_organisation o ON o.uscc = a.code
  UNION ALL
  SELECT a.number, i.organisation_id, 2 FROM asked a JOIN subjects_identifier i ON i.value = a.code
   WHERE NOT EXISTS (SELECT FROM subjects_organisation o WHERE o.uscc = a.code)
  UNION ALL
  SELECT a.number, o.id, 3 FROM asked a JOIN subjects_organisation o ON o.name_key = a.name_key WHERE a.name_key <> ''
  UNION ALL
  SELECT a.number, n.organisation_id, 4 FROM asked a JOIN subjects_formername n ON n.name_key = a.name_key
   WHERE a.name_key <> ''),
candidates AS MATERIALIZED (SELECT number, id, min(rank) AS rank FROM found GROUP BY number, id),
matched AS MATERIALIZED (
  SELECT a.*, coalesce(c.candidates, 0) AS candidates, CASE WHEN c.candidates = 1 THEN c.id END AS organisation_id,
         CASE WHEN c.candidates = 1 THEN (ARRAY['uscc', 'identifier', 'name', 'former_name'])[c.rank] ELSE '' END
         AS matched_by
  FROM asked a LEFT JOIN (
    SELECT number, count(*) AS candidates, (array_agg(id))[1] AS id, min(rank) AS rank FROM candidates GROUP BY number
  ) c USING (number)),
lent AS MATERIALIZED ({lent}),
held AS MATERIALIZED (
  SELECT m.number, r.* FROM matched m JOIN ({visible}) r ON r.organisation_id = m.organisation_id
   WHERE r.disclosure <> 'authorised'
      OR EXISTS (SELECT FROM lent l WHERE l.number = m.number AND l.live AND l.items ? r.item)),
consents AS (
  SELECT number, coalesce(string_agg(consent, '、' ORDER BY consent) FILTER (WHERE live),
                          (array_agg(consent ORDER BY lent_at DESC))[1]) AS numbers,
         json_agg(json_build_object('number', consent, 'items', items, 'until', ends_on, 'live', live)
                  ORDER BY consent) AS list
  FROM lent GROUP BY number),
lists AS (
  SELECT r.number, count(*)::int AS total, bool_or(r.disclosure = 'authorised') AS consented,
         json_agg({record} ORDER BY {order}) AS records,
         jsonb_agg(jsonb_build_array(r.id, r.revision) ORDER BY {order}) AS disclosed
  FROM held r {joins} GROUP BY r.number),
counts AS (
  SELECT number, json_object_agg(item, total) AS counts
  FROM (SELECT number, item, count(*) AS total FROM held GROUP BY number, item) g GROUP BY number),
judged AS MATERIALIZED (
  SELECT m.*, l.total, l.records, l.disclosed, c.counts, coalesce(a.numbers, '') AS consent, a.list AS consents,
         CASE WHEN l.consented THEN %(consent_rule)s ELSE %(rule)s END AS rule,
         CASE WHEN m.reason <> '' THEN 'refused' WHEN m.candidates = 0 THEN 'not_found'
              WHEN m.candidates > 1 THEN 'ambiguous' WHEN l.total IS NULL THEN 'no_records' ELSE 'found' END AS outcome
  FROM matched m LEFT JOIN lists l USING (number) LEFT JOIN counts c USING (number)
       LEFT JOIN consents a USING (number)),
stored AS (
  INSERT INTO enquiries_look AS l (id, kind, channel, department_id, asked_by, role, asked_at, asked_for,
                                   organisation_id, others, matched_by, purpose, basis, matter, consent, rule, outcome,
                                   reason, record_count, disclosed, batch_id, pack_version, data_version)
  SELECT check_id, 'check', %(channel)s, %(department)s, %(asked_by)s, %(role)s, %(at)s, asked_for, organisation_id,
         '{{}}'::uuid[], matched_by, %(purpose)s, %(basis)s, matter, consent, rule, outcome, reason, coalesce(total, 0),
         coalesce(disclosed, '[]'), %(batch)s, %(pack_version)s, pg_current_snapshot()::text
  FROM judged RETURNING l.id, enquiries_entry(l) AS entry)
SELECT j.outcome, s.entry, json_build_object(
  'row', j.number, 'check', j.check_id, 'outcome', j.outcome, 'reason', nullif(j.reason, ''),
  'hint', nullif(j.hint, ''),
  'asked_for', j.asked_for, 'purpose', %(purpose)s::text, 'matter', j.matter, 'answered_at', %(at)s::timestamptz,
  'rule_version', %(pack_version)s::text, 'data_version', pg_current_snapshot()::text,
  'matched_by', nullif(j.matched_by, ''),
  'names', CASE j.matched_by
    WHEN 'name' THEN json_build_object('asked', j.asked_for, 'on_record', o.name)
    WHEN 'former_name' THEN (
      SELECT json_build_object('asked', j.asked_for, 'on_record', n.name, 'until', max(n.until))
        FROM subjects_formername n WHERE n.organisation_id = o.id AND n.name_key = j.name_key
       GROUP BY n.name ORDER BY max(n.until) DESC LIMIT 1) END,
  'organisation', CASE WHEN o.id IS NOT NULL THEN {organisation} END,
  'candidates', coalesce((
    SELECT json_agg({organisation} ORDER BY c.rank, o.name, o.id)
    FROM candidates c JOIN subjects_organisation o ON o.id = c.id
    WHERE c.number = j.number AND j.outcome = 'ambiguous'), '[]'::json),
  'authorisations', coalesce(j.consents, '[]'::json),
  'counts', coalesce(j.counts, '{{}}'::json), 'records', coalesce(j.records, '[]'::json))::text
FROM judged j JOIN stored s ON s.id = j.check_id LEFT JOIN subjects_organisation o ON o.id = j.organisation_id
ORDER BY j.number
"""

# What the asking department was lent for the purpose, in force or ended; purposes that do not open the class ask no
# table.
_LENT: Final = """
  SELECT m.number, c.number AS consent, c.items, c.ends_on, c.lent_at,
         c.ended_at IS NULL AND c.ends_on >= %(day)s AS live
  FROM matched m JOIN subjects_organisation o ON o.id = m.organisation_id
  JOIN identity_consent c ON c.uscc = o.uscc AND c.department_id = %(department)s AND c.purpose = %(purpose)s"""
_NOTHING_LENT: Final = """
  SELECT NULL::bigint AS number, '' AS consent, '[]'::jsonb AS items, NULL::date AS ends_on,
         NULL::timestamptz AS lent_at, false AS live WHERE false"""


class Answered(NamedTuple):
    """One answer: how it ended, what the ledger commits to, and the whole of it as JSON text."""

    outcome: str
    entry: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, on which ground and when.

    purpose: the pack's, or None where it is refused (`ground` holds what was said). fields: records with their
    fields. consent_rule: the rule of access where records are told that the organisation has lent.
    """

    looker: Looker
    ground: Ground
    purpose: Purpose | None
    at: datetime
    batch: UUID | None = None
    fields: bool = True
    consent_rule: str = ""


def answers(questions: pl.DataFrame, asking: Asking) -> list[Answered]:
    """Answer and store the questions (`asked.prepared`); one answer each, in their order."""
    day = asking.at.astimezone(CIVIL_TIME).date()
    parameters = {name: questions[name].to_list() for name in questions.columns} | {
        "channel": asking.looker.channel.value,
        "department": asking.looker.department_id,
        "asked_by": asking.looker.name,
        "role": asking.looker.role,
        "at": asking.at,
        "purpose": asking.ground.purpose,
        "basis": basis_of(asking.ground.purpose),
        "rule": asking.ground.rule,
        "consent_rule": asking.consent_rule,
        "day": day,
        "batch": asking.batch,
        "pack_version": packs.current().version,
    }
    if asking.purpose is not None and (restricted := set(asking.purpose.disclosures) - {Disclosure.PUBLIC}):
        acting.opening(restricted)
    with connection.cursor() as cursor:
        cursor.execute(_statement(asking.purpose, day, asking.fields, packs.current().version), parameters)
        found = [Answered(outcome, bytes(entry), text) for outcome, entry, text in cursor.fetchall()]
    metering.checked(answer.outcome for answer in found)
    return found


@lru_cache(maxsize=64)
def _statement(purpose: Purpose | None, day: date, fields: bool, pack_version: str) -> str:
    """The statement for a purpose on a day; `pack_version` keeps the texts of two packs apart."""
    del pack_version
    lendable = purpose is not None and "authorised" in purpose.disclosures
    return _STATEMENT.format(
        lent=_LENT if lendable else _NOTHING_LENT,
        shapes=as_json.current_shapes(),
        visible=as_json.visible(disclosable(purpose, day)) if purpose else as_json.published_sql(day),
        record=as_json.RECORD if fields else as_json.HEADLINE,
        joins=as_json.JOINS,
        order=as_json.ORDER,
        organisation=ORGANISATION,
    )
