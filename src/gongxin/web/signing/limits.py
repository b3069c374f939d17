"""Every request of a signed-in account: does its session still last, and does its role have its second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from gongxin import clock
from gongxin.identity import factors, sessions
from gongxin.identity.models import User
from gongxin.web.signing import ending

# A page asks for these by itself while nobody may be there: they do not count as use.
_QUIET: Final = frozenset({"desk:progress"})
# Where somebody who has still to set up a second factor may go.
_ON_THE_WAY: Final = frozenset(
    {"desk:factors", "desk:factor-app", "desk:factor-key", "desk:confirm", "desk:sign-in", "desk:sign-out"}
)
_DESK: Final = ("desk:", "cases:", "person-desk:")
# Use is noted at most once in this time: a session is written a few times an hour, not with every page.
_NOTED_SECONDS: Final = 60


class SessionLimits:
    """Middleware, after the session, its account and messages are known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        """Ends a session whose time or whose account's time is over; leads to the set-up of a missing second factor."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return None
        at, name = clock.now(), request.resolver_match.view_name if request.resolver_match else ""
        reason = _closed(request.user) or sessions.overdue(request.session, at=at)
        if reason:
            ending.end(request, reason=reason)
            messages.warning(request, _words(reason))
            return None
        _note(request, at, quiet=name in _QUIET)
        return _set_up(request, name)


def _closed(user: User) -> str:
    """Accounts that are closed, and sessions of an older password, Django itself knows no more."""
    return "department-closed" if user.department is not None and not user.department.active else ""


def _note(request: HttpRequest, at: datetime, *, quiet: bool) -> None:
    now = int(at.timestamp())
    request.session.setdefault(sessions.STARTED, now)
    if not quiet and now - request.session.get(sessions.SEEN, 0) >= _NOTED_SECONDS:
        request.session[sessions.SEEN] = now


def _set_up(request: HttpRequest, name: str) -> HttpResponseBase | None:
    if not name.startswith(_DESK) or name in _ON_THE_WAY:
        return None
    if not factors.required(cast("User", request.user)) or request.session.get(sessions.FACTOR):
        return None
    return HttpResponseRedirect(reverse("desk:factors"))


def _words(reason: str) -> str:
    minutes, hours = settings.SESSION_IDLE_SECONDS // 60, settings.SESSION_LONGEST_SECONDS // 3600
    return {
        "idle": _("已有%(minutes)s分钟没有操作，登录已自动结束，请重新登录；没有提交的内容没有保存。")
        % {"minutes": minutes},
        "age": _("登录已满%(hours)s小时，请重新登录；没有提交的内容没有保存。") % {"hours": hours},
        "department-closed": _("所属单位已停用，登录已结束。请联系信用办恢复本单位。"),
    }[reason]
