"""Appending a leaf inside the business transaction.

The database function `ledger_append` takes an advisory lock that ends with the transaction, finds the next number,
computes the hashes of the subtrees the leaf finishes and inserts one row: one round trip, no gaps, and nothing of it
stays if the transaction fails. Call it as the last statement of the transaction: from there on, others wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, Final

import django.db
import psycopg
from django.db import connection as django_connection
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from gongxin.errors import Unavailable
from gongxin.ledger import leaves
from gongxin.ledger.events import EVENTS
from gongxin.ledger.leaves import Opening
from gongxin.secrecy import sealing

_OPENINGS: Final = """
    INSERT INTO ledger_opening (commitment, salt, field, value)
    SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::text[], %s::text[])
"""
_APPEND: Final = "SELECT ledger_append(%s::bytea)"
_APPEND_ABOUT: Final = """
    WITH leaf AS MATERIALIZED (SELECT ledger_append(%s::bytea) AS seq),
         listed AS (INSERT INTO ledger_concerned (account, leaf)
                    SELECT DISTINCT account, seq FROM leaf, unnest(%s::bigint[]) account)
    SELECT seq FROM leaf
"""


def append(
    event: str,
    *,
    fields: Mapping[str, Any],
    actor: str,
    at: datetime,
    about: Collection[int] = (),
    connection: psycopg.Connection[Any] | None = None,
) -> int:
    """Log one change and return the number of its leaf, from 0.

    event, fields: as events.yaml has them. actor: account name or operator; kept apart from the leaf. about: numbers of
    the accounts whose history it belongs to. connection: the psycopg connection whose transaction makes the change;
    None for Django's.
    Raises RuntimeError outside a transaction, ValueError for what the catalogue does not know, Unavailable where the
    log cannot be written; a database that is gone or full is told as everywhere (OperationalError). Whatever is raised,
    the caller's transaction must fail, and a broken statement makes it.
    """
    if event not in EVENTS:
        raise ValueError(f"events.yaml has no event {event!r}")
    body, openings = leaves.build(EVENTS[event], fields, actor=actor, at=at)
    if connection is None:
        if not django_connection.in_atomic_block:
            raise RuntimeError("a leaf is appended in the transaction of its change, and there is none")
        with django_connection.cursor() as cursor:
            return _written(cursor, body, openings, about)
    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        raise RuntimeError("a leaf is appended in the transaction of its change, and there is none")
    with closing(connection.cursor(row_factory=tuple_row)) as cursor:
        return _written(cursor, body, openings, about)


def _written(cursor: Any, body: bytes, openings: list[Opening], about: Collection[int]) -> int:
    try:
        return _insert(cursor, body, openings, about)
    except (django.db.OperationalError, psycopg.OperationalError):
        raise
    except (django.db.DatabaseError, psycopg.DatabaseError) as error:
        raise Unavailable(
            "ledger-unwritable",
            "操作日志写不进去，本次操作没有生效。",
            remedy="请稍后重试；仍不行的，请系统管理员运行 gongxin ledger verify 并检查数据库。",
        ) from error


def _insert(cursor: Any, body: bytes, openings: list[Opening], about: Collection[int]) -> int:
    values = sealing.seal_many(
        [one.value for one in openings],
        table="ledger_opening",
        field="value",
        rows=[one.commitment.hex() for one in openings],
    )
    commitments, salts, fields = zip(*((one.commitment, one.salt, one.field) for one in openings), strict=True)
    cursor.execute(_OPENINGS, [list(commitments), list(salts), list(fields), values])
    if about:
        cursor.execute(_APPEND_ABOUT, [body, list(about)])
    else:
        cursor.execute(_APPEND, [body])
    return int(cursor.fetchone()[0])
