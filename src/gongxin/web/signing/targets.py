"""Where a sign-in leads."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from gongxin.identity.models import User
from gongxin.identity.roles import Role


def home(user: User) -> str:
    """The first page of an account: the desk for staff, the own place for representatives and persons."""
    own = {Role.REPRESENTATIVE: "mine:home", Role.PERSON: "person:home"}
    return reverse(own.get(Role(user.role), "desk:home"))


def wanted(request: HttpRequest) -> str:
    """The page asked for before signing in (`next`), if it is one of ours; else ""."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else ""
