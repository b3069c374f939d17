"""Requests that the node asks itself (the daily proof): they are not limited, not counted and no line is written.

Only code of this process can ask so; nothing in a request says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_asking: Final[ContextVar[bool]] = ContextVar("asking_oneself", default=False)


def is_own() -> bool:
    """Whether the request at hand is the node's own."""
    return _asking.get()


@contextmanager
def asking() -> Iterator[None]:
    """Inside, requests made in this thread are the node's own."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)
