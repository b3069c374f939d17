"""Asking this node through all its middleware, as somebody without an account would."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from gongxin import clock
from gongxin.traffic import inside
from gongxin.walls import acting


class Unanswered(Exception):
    """An exit answered with a status that says neither «shown» nor «not shown»."""


@contextmanager
def on(day: date) -> Iterator[None]:
    """Inside, the node's clock stands at noon of `day` and requests are its own."""
    with clock.at(datetime.combine(day, time(12), clock.CIVIL_TIME)), inside.asking():
        yield


def get(path: str, expected: Iterable[int] = (200, 404, 410), **query: object) -> tuple[int, bytes]:
    """Status and body of a GET. Raises Unanswered for a status that is not expected."""
    request = WSGIRequest(_environ(path, urlencode(query)))
    # Not closed: that would tell Django that a request is over, and have it close the connection of this process's own
    # work. What is streamed is read to its end.
    before = acting.acting()
    acting.act(acting.NOBODY)
    try:
        answer: Any = _application().get_response(request)
        body = b"".join(answer) if answer.streaming else answer.content
    finally:
        acting.act(before)
    if answer.status_code not in expected:
        # The status and never the address: an address can hold what is searched for.
        raise Unanswered(f"status {answer.status_code}")
    return answer.status_code, body


@lru_cache(maxsize=1)
def _application() -> WSGIHandler:
    with warnings.catch_warnings():
        # A node that serves no static files itself has no folder of them.
        warnings.filterwarnings("ignore", message="No directory at")
        return WSGIHandler()


def _environ(path: str, query: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": _host(),
        "SERVER_PORT": "443" if settings.TLS else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": _host(),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if settings.TLS else "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _host() -> str:
    """A name this node answers to."""
    named = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name.strip(".*")]
    return named[0] if named else "localhost"
