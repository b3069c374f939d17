"""Limits of requests for pages: refused ones get a page that says how long to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from gongxin.traffic import limiting, tracing
from gongxin.traffic.classes import class_of
from gongxin.web import errors


class PageLimits:
    """Middleware: the address counts before anything else is done, the account once it is known who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if class_ := class_of(request.method or "", request.path_info):
            try:
                limiting.judge_address(class_, tracing.address(request))
            except limiting.TooManyRequests as refused:
                return _page(request, refused)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: list[Any], named: dict[str, Any]
    ) -> HttpResponse | None:
        """Whoever is signed in counts for the account too. Public pages never look at the session for this."""
        class_ = class_of(request.method or "", request.path_info)
        session = settings.SESSION_COOKIE_NAME in request.COOKIES
        at_public_site = request.resolver_match is not None and request.resolver_match.namespace == "public"
        if not class_ or not session or at_public_site or not request.user.is_authenticated:
            return None
        try:
            limiting.judge_credential(class_, f"user {request.user.pk}")
        except limiting.TooManyRequests as refused:
            return _page(request, refused)
        return None


def _page(request: HttpRequest, refused: limiting.TooManyRequests) -> HttpResponse:
    answer = errors.page(request, 429, title=refused.title, remedy=refused.remedy, code=refused.code)
    answer["Retry-After"] = str(refused.retry_after)
    answer["Cache-Control"] = "no-store"
    return answer
