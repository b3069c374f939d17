"""Who asks is told to the database before a page of somebody signed in is made (gongxin.walls)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gongxin.identity import walls
from gongxin.web.desk import pages


class ActingAccount:
    """Middleware, after it is settled whether the session lasts. Public pages ask nothing that is anybody's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Outside of every transaction: one that failed would take it back."""
        match = request.resolver_match
        if match is not None and "public" not in match.namespaces and request.user.is_authenticated:
            walls.let_in(pages.acting(request))
