"""Who asks, told to the database: what the policies of the second wall compare rows with.

A session is told when somebody begins to act and told otherwise when the request ends and before the next one begins;
public reads tell it nothing, which is the default and gives what is public. Only connections of the application's role
are told anything: the owner of the tables passes all policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connection, connections
from django.db.backends.signals import connection_created

from gongxin.walls import roles
from gongxin.walls.policies import NODE

_SETTINGS: Final = ("roles", "departments", "codes", "name", "digest")
_TELL: Final = "SELECT " + ", ".join(f"set_config('gongxin.{name}', %s, false)" for name in _SETTINGS)
# The right to pass policies ends with the transaction at the latest.
_TAKE: Final = """SELECT current_setting('role'), (
    SELECT set_config('role', rolname, true) FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, 'MEMBER'))"""
_OPEN: Final = "SELECT set_config('gongxin.opened', %s, true)"


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks. codes: credit codes of represented organisations; name: of the account; digest: of the key.

    digests: of what else was shown: the index of a personal file.
    """

    roles: frozenset[str] = frozenset()
    departments: frozenset[UUID] = frozenset()
    codes: frozenset[str] = frozenset()
    name: str = ""
    digest: str = ""
    digests: frozenset[str] = frozenset()

    def told(self) -> list[str]:
        """The values of `_SETTINGS`, as PostgreSQL reads lists."""
        parts: list[Iterable[object]] = [self.roles, self.departments, self.codes]
        parts += [[self.name] if self.name else [], self.digests | ({self.digest} if self.digest else set())]
        return [_list(str(entry) for entry in part) for part in parts]


NOBODY: Final = Asker()
THE_NODE: Final = Asker(roles=frozenset({NODE}))
# Who asks when no request is at hand: nobody in a web server, the node in a worker (settings.DATABASE_ROLE).
_asker: ContextVar[Asker | None] = ContextVar("asker", default=None)


def is_told() -> bool:
    """Whether the connections of this process stand behind the wall."""
    return bool(settings.DATABASE_ROLE != "owner")


def acting() -> Asker:
    """Who asks at the moment."""
    asker = _asker.get()
    return _by_default() if asker is None else asker


def act(asker: Asker) -> None:
    """From here to the end of the request, `asker` asks. Call outside of transactions: one that fails takes it back."""
    _asker.set(asker)
    _tell(connection)


@contextmanager
def as_node() -> Iterator[None]:
    """The node's own work, whoever's rows it touches. What is found in it is not for whoever asks, unless judged.

    Every use stands in tests/walls/test_acting.py with its reason.
    """
    before = _asker.get()
    act(replace(acting(), roles=acting().roles | {NODE}))
    try:
        yield
    finally:
        _asker.set(before)
        _tell(connection)


def as_account(name: str) -> None:
    """Who signs in has proved to be this account, or its session was shown: its own rows, and nothing else yet."""
    if acting().name != name:
        act(Asker(name=name))


def with_key(digest: str) -> None:
    """Somebody shows a key: the row of that key may be read."""
    act(Asker(digest=digest))


def also_with(digests: Iterable[str]) -> None:
    """Whoever asks shows these, too: what they open may be read until the request ends. Told anew each time, as a
    transaction that failed may have taken it back.
    """
    # It travels with the connection, which knows no such attribute.
    connection.gongxin_told = None  # type: ignore[attr-defined]
    act(replace(acting(), digests=acting().digests | frozenset(digests)))


def opening(classes: Iterable[str]) -> None:
    """Until the transaction ends, records of these disclosure classes may be read for a check."""
    if is_told():
        connection.ensure_connection()
        connection.connection.execute(_OPEN, [_list(classes)])


@contextmanager
def loading() -> Iterator[None]:
    """Inside a transaction, take on the role that loads: COPY does not work behind policies. Ends with the transaction
    at the latest, also where it fails. Where there is no such role, no policy stands before what COPY loads (raising).
    """
    if not is_told():
        yield
        return
    raw = connection.connection
    before = raw.execute(_TAKE, [roles.names().loader]).fetchone()[0]
    yield
    raw.execute("SELECT set_config('role', %s, true)", [before])


def _by_default() -> Asker:
    return THE_NODE if settings.DATABASE_ROLE == "worker" else NOBODY


def _tell(held: Any) -> None:
    """Tell the session who asks, unless it knows. What cannot be told cannot be used: the connection is closed then."""
    asker = acting()
    if not is_told() or held.connection is None or getattr(held, "gongxin_told", None) == asker:
        return
    held.gongxin_told = None
    if held.connection.info.transaction_status.name == "INERROR":
        # The failed transaction takes back what it was told; it is told anew with the next change of who asks.
        return
    try:
        held.connection.execute(_TELL, asker.told())
    except Exception:
        held.close()
        raise
    held.gongxin_told = asker


def _connected(connection: Any, **_: object) -> None:
    """A new session knows nothing, which in a web server is right where nobody asks; a worker's says so itself."""
    if connection.vendor == "postgresql":
        connection.gongxin_told = _by_default()
        _tell(connection)


def _begun(**_: object) -> None:
    """A request begins: nobody asks, whatever was told before."""
    _change(NOBODY)


def _ended(**_: object) -> None:
    """What the request told is gone before the next one can ask anything."""
    _change(None)


def _change(asker: Asker | None) -> None:
    _asker.set(asker)
    for held in connections.all(initialized_only=True):
        _tell(held)


def _list(entries: Iterable[str]) -> str:
    """A list as PostgreSQL reads it from text."""
    quoted = (entry.replace("\\", "\\\\").replace('"', '\\"') for entry in sorted(entries))
    return "{" + ",".join(f'"{entry}"' for entry in quoted) + "}"


def listen() -> None:
    """Have sessions told as requests begin and end. Once a process (walls.apps)."""
    connection_created.connect(_connected, dispatch_uid="gongxin.walls.connected")
    request_started.connect(_begun, dispatch_uid="gongxin.walls.started")
    request_finished.connect(_ended, dispatch_uid="gongxin.walls.finished")
