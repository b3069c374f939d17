"""An id for every request and one log line about it: who, which route, what came of it, how long.

The line names the route's pattern, never the address itself: an address can hold what somebody searched for. The id is
the caller's, if it looks like one (a proxy or a calling system may have begun the trace), otherwise a new UUIDv7; it is
in the answer's header, on error pages and in problem documents.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pydantic_core import to_json

from gongxin.ids import uuid7_hex
from gongxin.traffic import inside, logs
from gongxin.traffic.addresses import FORWARDED, client_address, from_proxy
from gongxin.traffic.lines import gathered

HEADER: Final = "X-Request-Id"
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_log: Final = logging.getLogger("gongxin.access")


class Tracing:
    """Middleware, the outermost: sets `gongxin_request_id` and `gongxin_address` on the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        given: Any = request
        identity = request.META.get("HTTP_X_REQUEST_ID")
        if identity is None or not _WELL_FORMED.fullmatch(identity):
            identity = uuid7_hex()
        given.gongxin_request_id = identity
        _believe_proxies_only(given)
        token = logs.request_id.set(identity)
        try:
            answer = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        answer.headers[HEADER] = identity
        level = logging.WARNING if answer.status_code >= 500 else logging.INFO
        if _log.isEnabledFor(level) and not inside.is_own():
            _write(facts(given, answer, identity, 1000 * (time.perf_counter() - began)))
        return answer


def identity(request: HttpRequest) -> str:
    """The id of a request, empty for one that never passed the middleware."""
    return str(getattr(request, "gongxin_request_id", ""))


def address(request: HttpRequest) -> str:
    """Where a request comes from (`addresses.client_address`)."""
    known = getattr(request, "gongxin_address", None)
    return known if known is not None else client_address(request.META, settings.TRUSTED_PROXIES)


def facts(request: Any, answer: HttpResponseBase, identity: str, milliseconds: float) -> dict[str, Any]:
    """The line of a request. Users, keys and departments by id; a user only if the request looked at its session."""
    match = request.resolver_match
    told: dict[str, Any] = {
        "at": _now(),
        "level": "warning" if answer.status_code >= 500 else "info",
        "logger": "gongxin.access",
        "event": "request",
        "request": identity,
        "method": request.method if request.method in _METHODS else "other",
        "route": match.route if match else "",
        "status": answer.status_code,
        "ms": round(milliseconds, 1),
        "address": request.gongxin_address,
    }
    user = getattr(request, "_cached_user", None)
    if user is not None and user.pk is not None:
        told |= {"user": user.pk, "department": str(user.department_id)}
    key = getattr(request, "auth", None)
    if key is not None and hasattr(key, "department_id"):
        told |= {"key": str(key.pk), "department": str(key.department_id)}
    return told


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _now() -> str:
    seconds = time.time()
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


def _write(told: dict[str, Any]) -> None:
    """Past the machinery of logging, which would cost a look-up a twentieth of its time.

    Nothing in the line comes from the client but its address: method and id are checked, the route is ours.
    """
    gathered.add((logs.as_text(None, "", told) if settings.LOG_FORM == "text" else _encoded(told)) + "\n")


def _encoded(told: dict[str, Any]) -> str:
    """One line of JSON, ASCII only as all lines are: by the encoder of pydantic, which takes a fifth of the time."""
    text = to_json(told).decode()
    return text if text.isascii() else json.dumps(told)


def _believe_proxies_only(request: Any) -> None:
    """Forwarding headers of anybody who is no proxy of ours are taken off: nothing behind this may believe them."""
    meta, proxies = request.META, settings.TRUSTED_PROXIES
    # Cut: what a socket of the system calls its other end is no address.
    request.gongxin_address = client_address(meta, proxies)[:64]
    if not from_proxy(meta, proxies):
        for name in FORWARDED:
            if name in meta:
                del meta[name]
