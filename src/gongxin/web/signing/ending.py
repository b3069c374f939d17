"""Ending the session of a request."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest

from gongxin import clock
from gongxin.identity import sessions
from gongxin.walls import acting
from gongxin.walls.acting import NOBODY


def end(request: HttpRequest, *, reason: str) -> None:
    """The session is over, and logged; the rest of the request is nobody's. No harm if nobody is signed in."""
    if request.user.is_authenticated:
        user, key = request.user, request.session.session_key
        acting.as_account(user.username)
        sessions.close(user, key=key, reason=reason, at=clock.now())
    logout(request)
    acting.act(NOBODY)
