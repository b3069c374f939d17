"""Tests behind the second wall: GONGXIN_TEST_ROLE=app runs them with the rights of the application's role.

Outside of requests the node itself works (fixtures, verbs called directly), inside of them whoever is signed in.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.signals import connection_created
from psycopg import sql

from gongxin.walls import roles

WANTED = os.environ.get("GONGXIN_TEST_ROLE") == "app"


def begin() -> None:
    """From here on every connection has the application's role."""
    settings.DATABASE_ROLE = "worker"
    connection_created.connect(_take, dispatch_uid="tests.as_app")
    handle = flush.Command.handle

    def flush_as_owner(self: Any, *args: Any, **options: Any) -> None:
        connection.ensure_connection()
        connection.connection.execute("RESET ROLE")
        try:
            handle(self, *args, **options)
        finally:
            _take(connection)

    # Only the owner empties tables.
    flush.Command.handle = flush_as_owner  # type: ignore[method-assign]
    connection.close()


def end() -> None:
    """Only the owner drops the database."""
    connection_created.disconnect(dispatch_uid="tests.as_app")
    connection.close()


def _take(connection: Any, **_: object) -> None:
    """This and `node` are said by the address where web and worker sign in by themselves."""
    raw = connection.connection
    raw.execute("SELECT set_config('gongxin.roles', '{node}', false)")
    raw.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(roles.names().app)))
