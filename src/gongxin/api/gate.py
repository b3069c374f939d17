"""The gate: everything under /api is answered here, before sessions, languages, cookies and pages have any part in
it.

A middleware right behind the security headers. It resolves the address itself, so that nothing meant for pages runs
for a request of a program (measured: a third of the time of a look-up), and so that whatever goes wrong, an unknown
path, a wrong method, a fault of ours, leaves in the one shape of `problems`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern

from gongxin.api import problems
from gongxin.errors import GongxinError, full_disk
from gongxin.outages import AWAY
from gongxin.policy import packs
from gongxin.traffic import limiting, tracing
from gongxin.traffic.classes import class_of

PREFIX: Final = "/api/"
_log = logging.getLogger(__name__)
_resolver = URLResolver(RegexPattern(r"^/api/"), "gongxin.api.urls")


class ApiGate:
    """Answers requests under /api; everything else goes on to the pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # Read now, so that it is not the first request that waits for it.
        packs.current()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        answer = _answer(request)
        if isinstance(answer, HttpResponse):
            answer["Content-Length"] = str(len(answer.content))
        return answer


def _answer(request: HttpRequest) -> HttpResponseBase:
    try:
        request.get_host()
        if refused := _refused_unread(request):
            return problems.response(request, refused)
        limiting.judge_address(class_of(request.method or "", request.path_info), tracing.address(request))
        match = _resolver.resolve(request.path_info)
        request.resolver_match = match
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    # Whatever broke is ours: it is logged with its id and answered without any detail of it.
    except Exception as error:
        return problems.response(request, problem_of(request, error))
    if answer.status_code >= 400 and not answer.get("Content-Type", "").startswith(problems.MEDIA_TYPE):
        kept = {"Allow": answer["Allow"]} if "Allow" in answer else {}
        return problems.response(request, problems.of_status(answer.status_code, headers=kept))
    return answer


def _refused_unread(request: HttpRequest) -> problems.Problem | None:
    """What is refused before anything of the body is looked at: plain HTTP where there is HTTPS, compressed bodies."""
    if settings.TLS and not request.is_secure():
        return problems.of_code("https-required")
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
    return problems.of_code("content-encoding") if encoding not in ("", "identity") else None


def problem_of(request: HttpRequest, error: Exception) -> problems.Problem:
    """What an exception is to the caller. Faults of ours are logged here, with the id that the caller is told."""
    match error:
        case limiting.TooManyRequests():
            return problems.of_error(error, headers={"Retry-After": str(error.retry_after)})
        case GongxinError():
            return problems.of_error(error)
        case Resolver404() | Http404():
            return problems.of_code("not-found")
        case RequestDataTooBig():
            return problems.of_code("too-large")
        case MultiPartParserError() | BadRequest() | SuspiciousOperation() | UnreadablePostError():
            return problems.of_code("bad-request")
        case _ if full_disk(error):
            code = "storage-full"
        case _ if isinstance(error, AWAY):
            code = "unavailable"
        case _:
            code = "internal"
    # The line of the request has its route; an address as it was sent can hold what somebody searched for.
    _log.error("request %s failed", tracing.identity(request), exc_info=error)
    return problems.of_code(code)
