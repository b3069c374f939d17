"""Sessions in the database under a digest of their key (SESSION_ENGINE): who reads a dump cannot go on with one.

The key itself is in the browser's cookie and nowhere else.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone


def kept(key: str | None) -> str:
    """What stands in the database for a session's key; empty for none. 160 bits: all that the column takes."""
    return hashlib.sha256(b"gongxin session|" + key.encode()).hexdigest()[:40] if key else ""


class SessionStore(db.SessionStore):
    """Django's store, with `kept` at every place where the key meets the table."""

    def _get_session_from_db(self) -> Any:
        found = self.model.objects.filter(session_key=kept(self.session_key), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of this key."""
        return bool(self.model.objects.filter(session_key=kept(session_key)).exists())

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row to be saved."""
        row = super().create_model_instance(data)
        row.session_key = kept(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """End the session of this key; without one, this session."""
        self.model.objects.filter(session_key=kept(session_key or self.session_key)).delete()
