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

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import NOTHING, Actor, Decision, Resource
from gongxin.identity.models import Department, User
from gongxin.web import looking

# The one place where a view's further arguments are passed on untouched.
View: TypeAlias = Callable[..., HttpResponseBase]


def desk_page(view: View) -> View:
    """A page for signed-in staff of a department that is in use.

    Others are sent to the sign-in page; errors of the domain become a page that says what to do; nothing is cached.
    """
    return _page(view, Action.DESK_ENTER)


def account_page(view: View) -> View:
    """A page of the own account, for everybody who is signed in, staff or not; otherwise as `desk_page`."""
    return _page(view, Action.ACCOUNT_OWN)


def _page(view: View, action: Action) -> View:
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return private(_to_sign_in(request))
        try:
            require(request, action, Resource(account=acting_user(request).username))
            return private(view(request, *args, **kwargs))
        except GongxinError as error:
            return private(refusal(request, error))

    return page


def acting(request: HttpRequest) -> Actor:
    """Who asks, as the rules of access take it; made once a request."""
    known: Actor | None = getattr(request, "gongxin_actor", None)
    if known is None:
        known = actors.of_user(acting_user(request), day=clock.today())
        # HttpRequest has no such attribute; it travels with the request as `user` does.
        request.gongxin_actor = known  # type: ignore[attr-defined]
    return known


def ask(request: HttpRequest, action: Action, resource: Resource = NOTHING, *, purpose: str = "") -> Decision:
    """Whether the signed-in account may do it today."""
    return decisions.decide(acting(request), action, resource, purpose=purpose, day=clock.today())


def require(request: HttpRequest, action: Action, resource: Resource = NOTHING, *, purpose: str = "") -> Decision:
    """As `ask`; raises decisions.Refused, which becomes a page that says the rule and the next step."""
    decision = decisions.require(acting(request), action, resource, purpose=purpose, day=clock.today())
    looking.judged(request, decision.rule)
    return decision


def scope(request: HttpRequest, action: Action) -> Department | None:
    """Whose things the account may list: the own department's, or every department's (None). Raises Refused."""
    found = decisions.scope(acting(request), action, day=clock.today())
    own = acting_user(request).department
    looking.judged(request, ask(request, action, of_department(own)).rule)
    return None if found is None else own


def of_department(department: Department | None) -> Resource:
    """What belongs to a department."""
    return Resource(department=department.pk if department else None)


def acting_user(request: HttpRequest) -> User:
    """The signed-in user; call only behind `desk_page`."""
    return cast("User", request.user)


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a response out of every cache: it is meant for one account."""
    response["Cache-Control"] = "no-store, private"
    return response


def refusal(request: HttpRequest, error: GongxinError) -> HttpResponse:
    """The page that says what was refused, why, and what to do now."""
    looking.refused(request, error)
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
