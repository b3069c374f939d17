"""Addresses for machines that watch this node: /livez, /healthz, /metrics. Never cached, nothing secret in them."""

from __future__ import annotations

import hmac
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gongxin import clock
from gongxin.endurance import metrics as counted
from gongxin.endurance.health import Cached

_health: Final = Cached()
_HERE: Final = frozenset({"127.0.0.1", "::1"})


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return _private(HttpResponse("ok\n", content_type="text/plain; charset=utf-8"))


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """A real round trip with the time of each part: 200, or 503 where a part fails."""
    health = _health.health(at=clock.now())
    answer = _private(JsonResponse(health.facts(), status=200 if health.well else 503))
    if not health.well:
        answer["Retry-After"] = "5"
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus: from this machine, or with the token of GONGXIN_METRICS_TOKEN; to others there is no page."""
    if not _may_read(request):
        raise Http404
    try:
        text = counted.exposition(at=clock.now())
    except (DatabaseError, InterfaceError):
        return _private(HttpResponse("database unavailable\n", status=503, content_type="text/plain"))
    return _private(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    # Behind a proxy on this machine everybody seems to be here.
    return request.META.get("REMOTE_ADDR") in _HERE and getattr(request, "gongxin_direct", False)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
