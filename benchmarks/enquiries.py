"""The log of looks: «who looked at this organisation» and the auditor's filters over a long log.

The rows are made by one statement in the database: a thousand organisations that are looked at often, a hundred
thousand that are looked at now and then, one that was looked at twice, one look in two hundred at a list. The figure
of each question is that of the slowest of several; indexes are as migrated, built after the rows are in, and the cache
is as the filling left it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import connection

from benchmarks.node import own_database
from gongxin import clock
from gongxin.enquiries import selectors
from gongxin.enquiries.models import Look
from gongxin.enquiries.selectors import Filters
from gongxin.identity import departments
from gongxin.identity.models import Department

DEPARTMENTS = 40
OFTEN, SELDOM = 1_000, 100_000
PAGE = 50
# Rows a statement: a transaction of its own, so that nothing grows with the log.
STEP = 1_000_000
_ORGANISATION = "md5('organisation' || {})::uuid"
_RARE = UUID("00000000-0000-7000-8000-000000000001")

_FILL = f"""
INSERT INTO enquiries_look (id, kind, channel, department_id, asked_by, role, asked_at, asked_for, organisation_id,
                            others, matched_by, purpose, basis, matter, rule, outcome, reason, record_count, disclosed,
                            batch_id, pack_version, data_version)
SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' ||
        substr(md5(n::text), 4, 15))::uuid,
       CASE WHEN n %% 200 = 0 THEN 'records' ELSE 'check' END, CASE WHEN n %% 200 = 0 THEN 'desk' ELSE 'batch' END,
       (%(departments)s::uuid[])[1 + n %% {DEPARTMENTS}], 'key gx_' || (n %% 97), 'key',
       %(began)s::timestamptz + n * interval '3 seconds', '91000000MA0000001X',
       CASE WHEN n %% 200 = 0 THEN NULL WHEN n IN (4711, 9091) THEN %(rare)s
            WHEN n %% 2 = 0 THEN {_ORGANISATION.format(f"(n / 2 %% {OFTEN})")}
            ELSE {_ORGANISATION.format(f"({OFTEN} + n / 2 %% {SELDOM})")} END,
       CASE WHEN n %% 200 = 0 THEN ARRAY[{_ORGANISATION.format(f"(n / 200 %% {OFTEN})")},
            {_ORGANISATION.format(f"({OFTEN} + n / 200 %% {SELDOM})")}] ELSE '{{}}' END,
       'uscc', (ARRAY['licence-review', 'tendering', 'fiscal-funds', 'supervision'])[1 + n %% 4],
       '中华人民共和国行政许可法第三十四条', '许可〔2026〕' || n || '号', 'check-for-purpose',
       CASE WHEN n %% 500 = 1 THEN 'refused' WHEN n %% 3 = 0 THEN 'found' ELSE 'no_records' END,
       CASE WHEN n %% 500 = 1 THEN 'purpose-not-granted' ELSE '' END, 0, '[]', NULL, 'bench', '1:1:'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""


def run(rows: int = 10_000_000) -> dict[str, float]:
    """Seconds, of the slowest question of its sort; `rows` looks in the log."""
    with own_database():
        providers = _departments()
        figures = {"looks_rows": float(rows), "looks_fill_s": _timed(lambda: _fill(rows, providers))}
        figures["who_looked_s"] = max(_timed(lambda key=key: _who_looked(key)) for key in _asked())
        figures["looks_search_s"] = max(
            _timed(lambda wanted=wanted: _search(wanted)) for wanted in _searches(providers)
        )
    return figures


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _departments() -> list[Department]:
    return [
        departments.register(code=f"bench{number}", name=f"基准{number}局", at=clock.now())
        for number in range(DEPARTMENTS)
    ]


def _fill(rows: int, providers: list[Department]) -> None:
    """Rows first, indexes afterwards; then what autovacuum would have done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'enquiries_look' AND indexname LIKE 'look%'")
        indexes = [definition for (definition,) in cursor.fetchall()]
        for definition in indexes:
            cursor.execute(f"DROP INDEX {definition.split()[2]}")
        given = {
            "departments": [str(entry.pk) for entry in providers],
            "began": clock.now() - timedelta(days=1000),
            "rare": str(_RARE),
        }
        for first in range(1, rows + 1, STEP):
            cursor.execute(_FILL, given | {"first": first, "last": min(first + STEP - 1, rows)})
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE enquiries_look")


def _asked() -> list[UUID]:
    """Organisations looked at often, seldom, twice and never."""
    with connection.cursor() as cursor:
        numbers = [0, 1, 500, OFTEN + 1, OFTEN + 777, OFTEN + SELDOM - 1]
        cursor.execute(f"SELECT {_ORGANISATION.format('n')} FROM unnest(%s::bigint[]) AS n", [numbers])
        return [*(key for (key,) in cursor.fetchall()), _RARE, UUID(int=7)]


def _who_looked(organisation: UUID) -> None:
    """The first page and the one after it, as the page asks for them."""
    first = selectors.who_looked(organisation, size=PAGE)
    if organisation == _RARE and len(first.looks) != 2:
        raise RuntimeError(f"found {len(first.looks)} looks, not 2")
    if first.following:
        selectors.who_looked(organisation, size=PAGE, after=first.following)


def _searches(providers: list[Department]) -> list[Filters]:
    """What an auditor asks: by organisation, department, account, purpose, outcome, period, and some together."""
    day = clock.today()
    recent, old = day - timedelta(days=30), day - timedelta(days=900)
    seldom = _asked()[4]
    return [
        Filters(),
        Filters(organisation=seldom),
        Filters(organisation=seldom, outcome="refused"),
        Filters(department=providers[7].pk),
        Filters(department=providers[7].pk, outcome="refused"),
        Filters(account="key gx_13", since=old, until=recent),
        Filters(purpose="tendering", since=old, until=old),
        Filters(outcome="refused"),
        Filters(kind="records", until=old),
    ]


def _search(wanted: Filters) -> list[Look]:
    return selectors.stretch(selectors.search(wanted), size=PAGE).looks
