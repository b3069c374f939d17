"""The own account: second factors, sessions, password."""

from __future__ import annotations

from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity import factors, passwords, sealing, sessions, signing_in
from gongxin.identity.models import User
from gongxin.web.desk.pages import View, account_page, acting_user
from gongxin.web.signing import ceremony, drawing, ending, targets
from gongxin.web.signing.forms import AppForm, ConfirmForm, KeyForm, PasswordForm

# The secret of an app that is being set up, sealed, in the session.
_SECRET: Final = "gx_app_secret"  # noqa: S105  (the name of a place)


def confirmed(view: View) -> View:
    """Only for somebody who has proved the password within settings.CONFIRMED_SECONDS; others are asked for it."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        age = clock.now().timestamp() - request.session.get(sessions.CONFIRMED, 0)
        if age > settings.CONFIRMED_SECONDS:
            back = request.path if request.method == "GET" else reverse("desk:factors")
            return HttpResponseRedirect(f"{reverse('desk:confirm')}?{urlencode({'next': back})}")
        return view(request, *args, **kwargs)

    return page


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@account_page
def confirm(request: HttpRequest) -> HttpResponseBase:
    """The password once more, before something about the own account changes."""
    user, target = acting_user(request), targets.wanted(request) or reverse("desk:factors")
    if not user.has_usable_password():
        # Whoever comes by the identity service proves himself there again.
        ending.end(request, reason="signed-out")
        return redirect(f"{reverse('desk:sign-in')}?{urlencode({'next': target})}")
    form, refused = ConfirmForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            signing_in.prove(request, user, form.cleaned_data["password"], at=clock.now())
        except GongxinError as error:
            refused = error
        else:
            request.session[sessions.CONFIRMED] = int(clock.now().timestamp())
            return HttpResponseRedirect(target)
    return _form_page(request, "desk/confirm.html", {"form": form, "refused": refused, "next": target})


@require_safe
@account_page
def factor_list(request: HttpRequest) -> HttpResponseBase:
    """Which second factors there are, and what can be done about them."""
    user = acting_user(request)
    held = factors.listing(user)
    context = {
        "factors": held,
        "has_app": any(one.kind == factors.TOTP_KIND for one in held),
        "codes_left": factors.codes_left(user),
        "required": factors.required(user),
        "demo": settings.DEMO,
    }
    return render(request, "desk/factors.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@account_page
@confirmed
def factor_app(request: HttpRequest) -> HttpResponseBase:
    """Set up an authenticator app: picture and secret, then its first code."""
    user, secret = acting_user(request), _secret(request)
    form, refused = AppForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            codes = factors.add_app(user, secret=secret, code=form.cleaned_data["code"], at=clock.now())
        except GongxinError as error:
            refused = error
        else:
            del request.session[_SECRET]
            return _set_up(request, user, factors.TOTP_KIND, codes)
    address = drawing.set_up_address(user, secret)
    context = {"form": form, "refused": refused, "picture": drawing.picture(address), "secret": _grouped(secret)}
    return _form_page(request, "desk/factor_app.html", context)


@sensitive_post_parameters("credential")
@require_http_methods(["GET", "POST"])
@account_page
@confirmed
def factor_key(request: HttpRequest) -> HttpResponseBase:
    """Set up a security key or passkey."""
    user, form, refused = acting_user(request), KeyForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            credential = ceremony.registered(request, user)
            codes = factors.add_key(user, name=form.cleaned_data["name"], credential=credential, at=clock.now())
        except GongxinError as error:
            refused = error
        else:
            return _set_up(request, user, factors.KEY_KIND, codes)
    context = {"form": form, "refused": refused, "options": ceremony.registration(user)}
    return _form_page(request, "desk/factor_key.html", context)


@require_POST
@account_page
@confirmed
def factor_remove(request: HttpRequest, factor_id: int) -> HttpResponseBase:
    """Take a second factor off the own account."""
    user = acting_user(request)
    factors.remove(user, factor_id, at=clock.now())
    if not factors.enrolled(user):
        request.session.pop(sessions.FACTOR, None)
    messages.success(request, _("已移除验证方式。"))
    return redirect("desk:factors")


@require_POST
@account_page
@confirmed
def factor_codes(request: HttpRequest) -> HttpResponseBase:
    """New recovery codes; shown in this answer and never again."""
    codes = factors.renew_codes(acting_user(request), at=clock.now())
    return render(request, "desk/recovery_codes.html", {"codes": _pairs(codes), "renewed": True})


@require_safe
@account_page
def session_list(request: HttpRequest) -> HttpResponseBase:
    """Where the account is signed in."""
    found = sessions.listing(acting_user(request), current=request.session.session_key, at=clock.now())
    context = {
        "sessions": found,
        "others": any(not one.current for one in found),
        "idle_minutes": settings.SESSION_IDLE_SECONDS // 60,
        "longest_hours": settings.SESSION_LONGEST_SECONDS // 3600,
        "most": settings.SESSIONS_PER_ACCOUNT,
    }
    return render(request, "desk/sessions.html", context)


@require_POST
@account_page
def session_end(request: HttpRequest, session_id: int) -> HttpResponseBase:
    """End one of the own sessions; with the one that asks, it is signing out."""
    user, at = acting_user(request), clock.now()
    found = sessions.listing(user, current=request.session.session_key, at=at)
    if any(one.current for one in found if one.id == session_id):
        ending.end(request, reason="signed-out")
        return redirect("desk:sign-in")
    sessions.end(user, session_id, at=at)
    return redirect("desk:sessions")


@require_POST
@account_page
def sessions_end(request: HttpRequest) -> HttpResponseBase:
    """End all of the own sessions but this one."""
    sessions.end_others(acting_user(request), keep=request.session.session_key, at=clock.now())
    messages.success(request, _("其他登录会话已全部结束。"))
    return redirect("desk:sessions")


@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "POST"])
@account_page
def password(request: HttpRequest) -> HttpResponseBase:
    """Change the own password; all other sessions end."""
    form, refused = PasswordForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            _change_password(request, form.cleaned_data["current"], form.cleaned_data["new"])
        except GongxinError as error:
            refused = error
        else:
            messages.success(request, _("密码已更改，其他登录会话已全部结束。"))
            return redirect("desk:account")
    context = {"form": form, "refused": refused, "shortest": passwords.SHORTEST}
    return _form_page(request, "desk/password.html", context)


def _change_password(request: HttpRequest, current: str, new: str) -> None:
    """This session goes on under a new key; all others end."""
    at, key = clock.now(), request.session.session_key
    signing_in.prove(request, acting_user(request), current, at=at)
    user = passwords.change(acting_user(request), new=new, keep=key, at=at)
    update_session_auth_hash(request, user)
    sessions.moved(user, old=key, new=request.session.session_key)


def _set_up(request: HttpRequest, user: User, kind: str, codes: list[str]) -> HttpResponse:
    """The page after a factor was added; with the first one come the recovery codes, shown now and never again."""
    request.session[sessions.FACTOR] = kind
    old = request.session.session_key
    request.session.cycle_key()
    sessions.moved(user, old=old, new=request.session.session_key)
    sessions.end_others(user, keep=request.session.session_key, at=clock.now())
    return render(request, "desk/recovery_codes.html", {"codes": _pairs(codes), "kind": kind})


def _secret(request: HttpRequest) -> str:
    """The secret being set up: the same one until it is used."""
    with sealing.secrets_of(acting_user(request)):
        if _SECRET not in request.session:
            request.session[_SECRET] = sealing.seal(factors.new_secret())
        return sealing.unseal(request.session[_SECRET])


def _form_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _grouped(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _pairs(codes: list[str]) -> list[str]:
    return [f"{code[:4]} {code[4:]}" for code in codes]
