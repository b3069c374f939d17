"""May this request go on? A bucket in PostgreSQL for each class and each address or credential, and in every process a
small advance from it.

An advance spares the statement: a process fetches some tokens at once (a twentieth of the burst, a hundred at most) and
spends them from memory. What it does not spend within seconds is lost to the client, never gained. Small limits
(sign-in) fetch one at a time and are exact. Whoever has been refused is refused from memory until the bucket holds a
token again, so that a flood does not reach the database.

Where PostgreSQL does not answer, each process counts for itself with the whole limit: neither everybody is locked out
nor is anybody let in without a limit.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from gongxin.errors import GongxinError
from gongxin.traffic import buckets, inside
from gongxin.traffic.addresses import shared_by
from gongxin.traffic.classes import Limit

ADDRESS: Final = "address"
CREDENTIAL: Final = "credential"

_log = logging.getLogger(__name__)
_STEP_SHARE: Final = 20
_LARGEST_STEP: Final = 100
_ADVANCE_LASTS: Final = 10.0
_MOST_HELD: Final = 20_000
_TIDY_EVERY: Final = 60.0


class TooManyRequests(GongxinError):
    """More requests than the limit of their class; `retry_after` seconds later one more is let through."""

    status = 429

    def __init__(self, class_: str, retry_after: int) -> None:
        super().__init__(
            "too-many-requests",
            "请求过于频繁。",
            remedy=f"请在 {retry_after} 秒后重试；业务系统确有需要的，请联系信用办。",
        )
        self.class_ = class_
        self.retry_after = retry_after


@dataclass(slots=True)
class _Advance:
    """Tokens in hand until `until`; with none in hand, `until` is the instant before which all are refused."""

    tokens: float
    until: float


class _Advances:
    """What this process has in hand, by bucket. Bounded: when full, it forgets all and fetches anew."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[tuple[str, str, str], _Advance] = {}
        self.tidied = time.monotonic()

    def clear(self) -> None:
        """Forget everything (tests)."""
        with self.lock:
            self.held.clear()

    def spend(self, who: tuple[str, str, str], now: float) -> float | None:
        """-1: one token spent. Otherwise the seconds to wait, or None where the database has to be asked."""
        with self.lock:
            advance = self.held.get(who)
            if advance is None or advance.until <= now:
                return None
            if advance.tokens >= 1:
                advance.tokens -= 1
                return -1
            return advance.until - now if advance.tokens < 0 else None

    def keep(self, who: tuple[str, str, str], advance: _Advance) -> None:
        """Hold an advance."""
        with self.lock:
            if len(self.held) >= _MOST_HELD:
                self.held.clear()
            self.held[who] = advance

    def tidy_due(self, now: float) -> bool:
        """Whether a minute has passed since this process tidied."""
        with self.lock:
            due = now - self.tidied >= _TIDY_EVERY
            if due:
                self.tidied = now
            return due


advances: Final = _Advances()


def judge_address(class_: str, address: str) -> None:
    """One request of `class_` from an address. Raises TooManyRequests."""
    _judge(class_, ADDRESS, address)


def judge_credential(class_: str, credential: str) -> None:
    """One request of `class_` by an account or key. Raises TooManyRequests."""
    _judge(class_, CREDENTIAL, credential)


def _judge(class_: str, kind: str, who: str) -> None:
    chosen = settings.RATE_LIMITS.get(class_)
    limit = chosen[kind == CREDENTIAL] if chosen else None
    if limit is None or inside.is_own():
        return
    bucket, now = (class_, kind, who), time.monotonic()
    wait = advances.spend(bucket, now)
    if wait is None:
        wait = _fetch(bucket, limit, now)
    if wait >= 0:
        seconds = max(1, math.ceil(wait))
        _log.warning("over the limit", extra={"limit_class": class_, "limit_kind": kind, "retry_after": seconds})
        raise TooManyRequests(class_, seconds)


def _fetch(bucket: tuple[str, str, str], limit: Limit, now: float) -> float:
    """Fetch an advance and spend one token of it: -1, or the seconds to wait."""
    step = max(1, min(_LARGEST_STEP, int(limit.burst) // _STEP_SHARE))
    taken = _taken(bucket, limit, step)
    if taken.granted:
        advances.keep(bucket, _Advance(taken.granted - 1, now + _ADVANCE_LASTS))
        return -1
    advances.keep(bucket, _Advance(-1, now + taken.wait))
    return taken.wait


def _taken(bucket: tuple[str, str, str], limit: Limit, step: int) -> buckets.Taken:
    class_, kind, who = bucket
    try:
        if advances.tidy_due(time.monotonic()):
            buckets.tidy()
        return buckets.take(_key(class_, kind, shared_by(who) if kind == ADDRESS else who), limit, step)
    except DatabaseError as error:
        _log.warning("the database does not count requests; this process counts for itself", exc_info=error)
        if not connection.in_atomic_block:
            connection.close()
        return _alone.take(bucket, limit, step)


def _key(class_: str, kind: str, who: str) -> UUID:
    return buckets.key(class_, kind, who)


class _Alone:
    """The same buckets in the memory of one process, while the database does not answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[tuple[str, str, str], tuple[float, float]] = {}

    def take(self, bucket: tuple[str, str, str], limit: Limit, want: int) -> buckets.Taken:
        """As `buckets.take`."""
        now = time.monotonic()
        with self.lock:
            if len(self.held) >= _MOST_HELD:
                self.held.clear()
            tokens, at = self.held.get(bucket, (limit.burst, now))
            left = min(limit.burst, tokens + limit.per_second * (now - at))
            granted = min(want, math.floor(left))
            self.held[bucket] = (left - granted, now)
        return buckets.Taken(granted, max(0.0, (1 - left + granted) / limit.per_second))


_alone: Final = _Alone()
