"""What every page of the desk has in common: signed in, private, errors told with their next step."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from gongxin.errors import GongxinError
from gongxin.identity import access
from gongxin.identity.models import User

# The one place where a view's further arguments are passed on untouched.
View: TypeAlias = Callable[..., HttpResponseBase]


def desk_page(view: View) -> View:
    """A page for signed-in staff of a department that is in use.

    Others are sent to the sign-in page; errors of the domain become a page that says what to do; nothing is cached.
    """

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return private(_to_sign_in(request))
        try:
            access.scope(acting_user(request))
            return private(view(request, *args, **kwargs))
        except GongxinError as error:
            return private(refusal(request, error))

    return page


def acting_user(request: HttpRequest) -> User:
    """The signed-in user; call only behind `desk_page`."""
    return cast("User", request.user)


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a response out of every cache: it is meant for one account."""
    response["Cache-Control"] = "no-store, private"
    return response


def refusal(request: HttpRequest, error: GongxinError) -> HttpResponse:
    """The page that says what was refused, why, and what to do now."""
    return render(request, "desk/refused.html", {"error": error}, status=error.status)


def number(text: str | None, *, default: int = 1) -> int:
    """A page number from the address; anything that is none gives `default`."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def query(request: HttpRequest, **changes: Any) -> str:
    """The address's query string with some parameters changed; empty ones are left out."""
    parameters = {**request.GET.dict(), **changes}
    return urlencode({name: value for name, value in parameters.items() if value not in ("", None)})


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    sign_in = reverse("desk:sign-in")
    htmx = getattr(request, "htmx", None)
    if htmx:
        # A redirect would put the sign-in page into a fragment; htmx follows this header instead.
        target = htmx.current_url_abs_path or reverse("desk:home")
        return HttpResponse(status=204, headers={"HX-Redirect": f"{sign_in}?{urlencode({'next': target})}"})
    target = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("desk:home")
    return HttpResponseRedirect(f"{sign_in}?{urlencode({'next': target})}")
