"""Putting the wall up, after the tables have been brought up to date: roles, grants, policies. Doing it again changes
nothing; what somebody changed by hand is put right.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.db import connection, transaction
from psycopg import Cursor, sql

from gongxin.walls import policies, roles
from gongxin.walls.roles import Names
from gongxin.walls.table import Wall, load

# Two migrations at once must not make the same roles; any constant that nothing else locks.
_LOCK: Final = 4702111323394633574
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Raised:
    """What was done. missing: roles that the owner may not make; open: tables that stay without a policy because the
    loader cannot pass one.
    """

    missing: tuple[str, ...]
    open: tuple[str, ...]


def raise_walls(*, note: bool = True) -> Raised:
    """Make roles, grants and policies of the table of walls in Django's database. Call as its owner.

    note: see to it that web and worker can sign in to this database; not for one that has still to take its place.
    What the owner may not do is left out and told in a line of the log; the rest stands.
    """
    with transaction.atomic():
        connection.ensure_connection()
        with Cursor(connection.connection) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            raised = _raise(cursor, note=note)
    if raised.missing:
        _log.warning("roles of the database are missing (%s): see gongxin database walls", ", ".join(raised.missing))
    return raised


def _raise(cursor: Cursor[Any], *, note: bool) -> Raised:
    names = roles.names()
    missing = roles.make(cursor, names)
    present = roles.found(cursor, names)
    walls = load()
    here = {name: wall for name, wall in walls.items() if name in _tables(cursor)}
    copies = names.loader in present and present[names.loader].passes_policies
    _take_down(cursor)
    for statement in statements(here, names, present=frozenset(present), copies=copies):
        cursor.execute(statement)
    cursor.execute(
        sql.SQL("COMMENT ON FUNCTION gongxin_told(text) IS {}").format(sql.Literal(fingerprint(names, copies=copies)))
    )
    if note and names.app in present:
        roles.open_for_app(cursor, names, owner=_owner())
    open_tables = tuple(name for name, wall in here.items() if wall.copied and not copies)
    return Raised(tuple(missing), open_tables)


def statements(
    walls: dict[str, Wall], names: Names, *, present: frozenset[str], copies: bool
) -> list[sql.SQL | sql.Composed]:
    """Everything that is done, in order."""
    texts = [policies.FUNCTIONS, policies.DOORS]
    for wall in walls.values():
        texts += policies.policies(wall, walls, copies=copies)
    return [*(sql.SQL(text) for text in texts), *policies.grants(walls.values(), names, present=present)]


@lru_cache(maxsize=4)
def fingerprint(names: Names, *, copies: bool) -> str:
    """What tells the walls of one version of Gongxin from those of another."""
    everybody = frozenset((names.app, names.loader, names.auditor))
    made = statements(load(), names, present=everybody, copies=copies)
    return "walls " + hashlib.sha256("\n".join(text.as_string(None) for text in made).encode()).hexdigest()


def _take_down(cursor: Cursor[Any]) -> None:
    """Every policy there is, ours or not."""
    cursor.execute("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public'")
    for policy, table in cursor.fetchall():
        cursor.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table)))


def _tables(cursor: Cursor[Any]) -> frozenset[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return frozenset(name for (name,) in cursor.fetchall())


def _owner() -> dict[str, Any]:
    """Where Django's connection is, as psycopg takes it."""
    return dict(connection.get_connection_params())
