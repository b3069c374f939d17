"""Sessions in the database under a digest of their key (SESSION_ENGINE): who reads a dump cannot go on with one.

The key itself is in the browser's cookie and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection
from django.utils import timezone

# Before anything ran out: sessions that have run out are there, too.
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def kept(key: str | None) -> str:
    """What stands in the database for a session's key; empty for none. 160 bits: all that the column takes."""
    return hashlib.sha256(b"gongxin session|" + key.encode()).hexdigest()[:40] if key else ""


def stored(keys: Iterable[str], *, at: datetime) -> dict[str, dict[str, Any]]:
    """What stands in the sessions of these digests that have not run out, by digest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data FROM gongxin_sessions(%s, %s)", [list(keys), at])
        return {key: SessionStore().decode(data) for key, data in cursor.fetchall()}


def end(keys: Iterable[str]) -> None:
    """End the sessions of these digests."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_sessions_end(%s)", [list(keys)])


def sweep(*, at: datetime) -> None:
    """Put away sessions that have run out, whoever's they were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_sessions_over(%s)", [at])


class SessionStore(db.SessionStore):
    """Django's store, with `kept` at every place where the key meets the table.

    The table itself the application cannot read: it asks functions, which want the digest (walls.policies.DOORS).
    """

    def load(self) -> dict[str, Any]:
        """What stands in this session; nothing for one that is not there or has run out."""
        digest = kept(self.session_key)
        found = stored([digest], at=timezone.now()).get(digest) if digest else None
        if found is None:
            self._session_key = None
        return found or {}

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of this key."""
        return bool(stored([kept(session_key)], at=_EVER))

    def save(self, must_create: bool = False) -> None:
        """Keep this session. Raises CreateError for a key that is taken, UpdateError for one that has gone."""
        if self.session_key is None:
            self.create()
            return
        # django-stubs leave the method out.
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            given = [row.session_key, row.session_data, row.expire_date, must_create]
            cursor.execute("SELECT gongxin_session_keep(%s, %s, %s, %s)", given)
            ((done,),) = cursor.fetchall()
        if not done:
            raise CreateError if must_create else UpdateError

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row to be saved."""
        row = super().create_model_instance(data)
        row.session_key = kept(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """End the session of this key; without one, this session."""
        end([kept(session_key or self.session_key)])
