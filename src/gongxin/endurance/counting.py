"""Middleware: every request is counted by its route, never by its address, which may name whom it is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gongxin import metering
from gongxin.traffic import inside

# Set by proxies: a request that carries one of these did not begin on this machine.
_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
# Pages of personal files: few enough that a number would speak of somebody (design paper, Boundary 2).
_OF_PERSONS: Final = frozenset({"person", "person-desk"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class CountRequests:
    """Counts and times what everything below it answers. Stands first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        metering.begun()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then count."""
        begun = time.perf_counter()
        # Asked before what is behind this middleware takes headers off that it does not believe (see views.metrics).
        marked: Any = request
        marked.gongxin_direct = not any(name in request.META for name in _FORWARDED)
        response = self.get_response(request)
        method = request.method if request.method in _METHODS else "other"
        if not inside.is_own():
            metering.answered(str(method), _route(request), response.status_code, time.perf_counter() - begun)
        return response


def _route(request: HttpRequest) -> str:
    """The pattern of the address; what leads nowhere, static files and everything of natural persons count as one."""
    match = request.resolver_match
    if match is None or _OF_PERSONS & set(match.namespaces):
        return "other"
    return "/" + match.route.removeprefix("^/")
