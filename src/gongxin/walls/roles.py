"""The roles of the database: what they are called here, making them, and where their passwords are noted.

The owner (who migrates) is whoever DATABASE_URL names. `_app` is what web and worker sign in as; `_loader` is what the
application takes on for loading a hand-in and nobody signs in as; `_auditor` reads the log, once it has a password.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from psycopg import Cursor, errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gongxin import ledger
from gongxin.embedded.place import app_url_file
from gongxin.errors import Unavailable
from gongxin.secrecy import private_files

# PostgreSQL cuts names at 63 bytes; the longest of our endings is eight.
_LONGEST: Final = 54


@dataclass(frozen=True, slots=True)
class Names:
    """What the roles are called. Roles are the server's, not the database's: they are called after the database."""

    app: str
    loader: str
    auditor: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role as the server has it."""

    superuser: bool
    passes_policies: bool
    signs_in: bool


def names() -> Names:
    """The roles of this node: called after its database or GONGXIN_DATABASE_ROLES; the application's, if given, after
    GONGXIN_DATABASE_APP_URL.
    """
    base = settings.DATABASE_ROLES[:_LONGEST]
    given = conninfo_to_dict(settings.DATABASE_APP_URL).get("user") if settings.DATABASE_APP_URL else None
    return Names(str(given or f"{base}_app"), f"{base}_loader", f"{base}_auditor")


def found(cursor: Cursor[Any], wanted: Names) -> dict[str, Role]:
    """Those of the roles that the server has."""
    cursor.execute(
        "SELECT rolname, rolsuper, rolbypassrls OR rolsuper, rolcanlogin FROM pg_roles WHERE rolname = ANY(%s)",
        [[wanted.app, wanted.loader, wanted.auditor]],
    )
    return {str(name): Role(*facts) for name, *facts in cursor.fetchall()}


def make(cursor: Cursor[Any], wanted: Names) -> list[str]:
    """Make the roles that are missing, each by itself. Returns those that the owner may not make."""
    present = found(cursor, wanted)
    # Where the owner may make no role that passes policies, a loader without is better than none (raising).
    options = {
        wanted.loader: ("NOLOGIN BYPASSRLS", "NOLOGIN"),
        wanted.app: ("LOGIN NOINHERIT",),
        wanted.auditor: ("LOGIN",),
    }
    refused = [
        name
        for name, ways in options.items()
        if name not in present and not any(_made(cursor, name, way) for way in ways)
    ]
    if wanted.app not in refused and wanted.loader not in refused:
        _attempt(cursor, "GRANT {} TO {}", wanted.loader, wanted.app)
    if wanted.auditor not in refused:
        _attempt(cursor, "ALTER ROLE {} SET default_transaction_read_only = on", wanted.auditor)
    return refused


def open_for_app(cursor: Cursor[Any], wanted: Names, *, owner: dict[str, Any]) -> None:
    """See to it that web and worker can sign in: a password is made and noted unless the one noted fits.

    owner: the owner's address as psycopg takes it. Nothing where GONGXIN_DATABASE_APP_URL says how.
    """
    if settings.DATABASE_APP_URL:
        return
    note = app_url_file(settings.VAR_DIR)
    if _fits(note, wanted, owner):
        return
    password = secrets.token_urlsafe(32)
    if _attempt(cursor, "ALTER ROLE {} PASSWORD {}", wanted.app, sql.Literal(password)):
        private_files.write(note, make_conninfo("", **_place(owner), user=wanted.app, password=password) + "\n")


def let_audit(*, actor: str, at: datetime) -> str:
    """The address of the auditor's own login, with a new password that is kept nowhere. A leaf says that it was made.

    Raises Unavailable where the owner may not set one.
    """
    wanted, password = names(), secrets.token_urlsafe(24)
    connection.ensure_connection()
    with connection.connection.transaction(), Cursor(connection.connection) as cursor:
        done = _attempt(cursor, "ALTER ROLE {} PASSWORD {}", wanted.auditor, sql.Literal(password))
        if done:
            ledger.append("auditor.admitted", fields={}, actor=actor, at=at, connection=connection.connection)
    if not done:
        raise Unavailable(
            "auditor-role",
            f"不能为数据库角色 {wanted.auditor} 设置密码。",
            remedy="请由数据库管理员建立该角色并设置密码，见 docs/operations.md“Second wall”。",
        )
    return make_conninfo("", **_place(connection.get_connection_params()), user=wanted.auditor, password=password)


def _place(owner: dict[str, Any]) -> dict[str, Any]:
    return {name: owner[name] for name in ("host", "port", "dbname", "sslmode", "sslrootcert") if owner.get(name)}


def _fits(note: Path, wanted: Names, owner: dict[str, Any]) -> bool:
    if not note.exists():
        return False
    noted = conninfo_to_dict(private_files.read(note) or "")
    same = all(str(noted.get(name, "")) == str(owner.get(name, "")) for name in ("host", "port", "dbname"))
    return same and noted.get("user") == wanted.app


def _made(cursor: Cursor[Any], name: str, options: str) -> bool:
    return _attempt(cursor, f"CREATE ROLE {{}} {options}", name)


def _attempt(cursor: Cursor[Any], text: str, *parts: str | sql.Literal) -> bool:
    """Do it, in a savepoint; False where the owner may not."""
    filled = sql.SQL(text).format(*(sql.Identifier(part) if isinstance(part, str) else part for part in parts))
    try:
        with cursor.connection.transaction():
            cursor.execute(filled)
    except (errors.InsufficientPrivilege, errors.UndefinedObject):
        return False
    return True
