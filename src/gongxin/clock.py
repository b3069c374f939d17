"""One clock that can be set. Rules take `day` or `now` as arguments; only the outermost layer asks this module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CIVIL_TIME = ZoneInfo("Asia/Shanghai")

_set_instant: ContextVar[datetime | None] = ContextVar("set_instant", default=None)


def now() -> datetime:
    """The present instant, UTC, or the instant set by `at`."""
    return _set_instant.get() or datetime.now(UTC)


def today() -> date:
    """The present civil day in China (UTC+8): the day that legal terms count in."""
    return now().astimezone(CIVIL_TIME).date()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Set the clock inside a `with` block (tests and rehearsals). `instant` must carry a time zone."""
    token = _set_instant.set(instant)
    try:
        yield
    finally:
        _set_instant.reset(token)
