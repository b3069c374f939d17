"""Token buckets in PostgreSQL: one statement takes tokens, for all processes of all machines of a node.

The table is unlogged: nothing of it is written ahead, and after a crash of the server everybody begins with a full
bucket. A bucket that has filled up again is the same as none and is deleted by `tidy`, so the table holds only whoever
sent something in the last minutes.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from gongxin.traffic.classes import Limit

# `left` is what the bucket holds now: what it held and what flowed in since, at most the burst. A clock that went back
# lets nothing flow in.
_LEFT: Final = """LEAST(%(burst)s, b.tokens + %(rate)s * GREATEST(0, EXTRACT(EPOCH FROM %(at)s - b.at)))"""
_GRANTED: Final = f"LEAST(%(want)s, FLOOR({_LEFT}))"
_TAKE: Final = f"""
INSERT INTO traffic_bucket AS b (key, tokens, granted, at, full_at)
VALUES (%(key)s, %(burst)s::float8 - %(want)s::float8, %(want)s, %(at)s,
        %(at)s + make_interval(secs => %(want)s / %(rate)s))
ON CONFLICT (key) DO UPDATE SET
  tokens = {_LEFT} - {_GRANTED}, granted = {_GRANTED}, at = GREATEST(b.at, %(at)s),
  full_at = %(at)s + make_interval(secs => GREATEST(0, %(burst)s - ({_LEFT} - {_GRANTED})) / %(rate)s)
RETURNING granted, tokens
"""  # noqa: S608  (its parts are the two constants above; every value is a parameter)
_TIDY: Final = """
DELETE FROM traffic_bucket WHERE key IN (
  SELECT key FROM traffic_bucket WHERE full_at <= %(at)s LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
_MOST_TIDIED: Final = 5000
_NOW: Final = "clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens granted (0: none), and the seconds until there is one again."""

    granted: int
    wait: float


def key(*parts: str) -> UUID:
    """The bucket of class, kind and who: a hash under the node's secret, so that the table tells nobody's address."""
    text = "\x1f".join(parts).encode()
    return UUID(bytes=hmac.digest(settings.SECRET_KEY.encode(), b"traffic\x1f" + text, hashlib.sha256)[:16])


def take(bucket: UUID, limit: Limit, want: int, *, at: datetime | None = None) -> Taken:
    """Take up to `want` tokens. at: the instant, for rehearsals; without it the server's clock counts, one for all.

    Raises the errors of the database.
    """
    wanted = min(want, int(limit.burst))
    values: dict[str, Any] = {"key": bucket, "burst": limit.burst, "rate": limit.per_second, "want": wanted, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_at(_TAKE, at), values)
        granted, tokens = cursor.fetchone()
    return Taken(int(granted), max(0.0, (1 - tokens) / limit.per_second))


def tidy(*, at: datetime | None = None) -> int:
    """Delete buckets that are full again, a few thousand at most; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_at(_TIDY, at), {"at": at, "most": _MOST_TIDIED})
        return int(cursor.rowcount)


def _at(statement: str, at: datetime | None) -> str:
    return statement if at else statement.replace("%(at)s", _NOW)
