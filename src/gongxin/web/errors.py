"""Errors as pages: what is wrong and the next step, in the look of the site.

Errors under /api end at `gongxin.api.gate`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from gongxin.errors import GongxinError, full_disk
from gongxin.outages import AWAY
from gongxin.traffic import tracing
from gongxin.web import preferences

_log = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS: Final = "60"


@dataclass(frozen=True, slots=True)
class _Words:
    """What a page says where only the HTTP status is known."""

    title: Promise | str
    remedy: Promise | str


_BY_STATUS: Final = {
    400: _Words(_lazy("请求格式有误"), _lazy("请从网站页面重新进入，不要手工修改地址或表单内容。")),
    403: _Words(_lazy("无权进行此项操作"), _lazy("请确认已用有权限的账号登录；停留过久的，请刷新页面再试。")),
    404: _Words(_lazy("页面不存在"), _lazy("请核对地址，或者回到首页用名称、代码、文书号查询。")),
    429: _Words(_lazy("请求过于频繁"), _lazy("请稍候再试。")),
    410: _Words(_lazy("内容已停止公示"), _lazy("公示期满或者已经修复的信息不再公示。")),
    500: _Words(_lazy("平台出现故障"), _lazy("故障已经记录，请稍后再试；没有显示成功的提交就是没有提交。")),
    503: _Words(_lazy("平台暂时无法响应"), _lazy("请一分钟后再试。")),
}


def page(request: HttpRequest, status: int, *, title: str = "", remedy: str = "", code: str = "") -> HttpResponse:
    """The error page of a status; title and remedy replace the words of the status."""
    words = _BY_STATUS.get(status) or _BY_STATUS[400 if status < 500 else 500]
    told: dict[str, object] = {
        "status": status,
        "error_title": title or words.title,
        "remedy": remedy or words.remedy,
        "code": code,
        "request_id": tracing.identity(request),
    }
    response = HttpResponse(_rendered(request, status, told), status=status)
    # It says who is signed in, and it may stand in the place of what is for one account alone.
    response["Cache-Control"] = "no-store, private"
    return response


def _rendered(request: HttpRequest, status: int, told: dict[str, object]) -> str:
    """Server errors are rendered without the request's context: it may be what failed (session, database)."""
    if status < 500:
        return render_to_string("errors/page.html", told, request=request)
    frame = {"preferences": preferences.of(request), "english": (get_language() or "").startswith("en"), "here": "/"}
    return render_to_string("errors/page.html", frame | told)


class ErrorPages:
    """Middleware: our own errors and a database that does not answer become pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, or None where the error is not ours to tell (bugs go on to `server_error`)."""
        if isinstance(exception, GongxinError):
            return page(request, exception.status, title=exception.title, remedy=exception.remedy, code=exception.code)
        return _outage(request, exception)


def _outage(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """The page for a database that does not answer and for a full disk; None for everything else."""
    full = full_disk(exception) if exception else None
    if not full and not isinstance(exception, AWAY):
        return None
    _log.error("the disk is full" if full else "the database does not answer", exc_info=exception)
    told = {"title": full.title, "remedy": full.remedy, "code": full.code} if full else {}
    response = page(request, 503, **told)
    response["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500, and the outages that a middleware met: those are no fault of the program. Faults of ours are logged
    here with the places they passed; the page has the request's id, which is in the line too.
    """
    error = sys.exc_info()[1]
    outage = _outage(request, error)
    if outage is None:
        _log.error("request %s failed", tracing.identity(request), exc_info=error)
    return outage or page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the form was open too long or came from elsewhere."""
    return page(request, 403, title=_("表单已失效"), remedy=_("请返回上一页刷新后重新提交；内容没有保存。"))
