"""Signing in and out: password, second factor, a new password by code."""

from __future__ import annotations

from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gongxin import clock
from gongxin.errors import GongxinError, NotPermitted
from gongxin.identity import factors, lockout, passwords, sessions, signing_in
from gongxin.identity.models import User
from gongxin.web.desk.pages import private
from gongxin.web.signing import ceremony, ending, stages, targets
from gongxin.web.signing.forms import CodeForm, ResetForm, SignInForm


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; after the password on to the second factor, or to `next`, if that is an address of ours."""
    target = targets.wanted(request)
    if request.method == "GET" and isinstance(request.user, User):
        return private(HttpResponseRedirect(target or targets.home(request.user)))
    form = SignInForm(request.POST if request.method == "POST" else None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            user = signing_in.by_password(request, at=clock.now(), **form.cleaned_data)
        except NotPermitted as error:
            refused = error
        else:
            ending.end(request, reason="signed-out")
            answer: HttpResponseBase = perform_login(request, user, redirect_url=target or targets.home(user))
            return private(answer)
    context = {"form": form, "refused": refused, "next": target, "demo": settings.DEMO, "service": _service()}
    status = 422 if request.method == "POST" else 200
    return private(render(request, "desk/sign_in.html", context, status=status))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    ending.end(request, reason="signed-out")
    answer = private(redirect("desk:sign-in"))
    # What the browser still holds of the pages; it keeps to this over HTTPS only.
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """The second half of a sign-in: a code, or a security key."""
    stage = stages.waiting(request)
    if stage is None:
        messages.warning(request, _("登录没有完成，请重新输入账号和密码。"))
        return private(redirect("desk:sign-in"))
    user, by_key = stage.account, "credential" in request.POST
    form = CodeForm(request.POST if request.method == "POST" and not by_key else None)
    refused = None
    if request.method == "POST" and (by_key or form.is_valid()):
        try:
            request.session[sessions.FACTOR] = _proved(request, user, form, by_key=by_key)
        except NotPermitted as error:
            refused = error
        else:
            answer: HttpResponseBase = stage.exit()
            return private(answer)
    keys = any(one.kind == factors.KEY_KIND for one in factors.listing(user))
    options = ceremony.authentication(user) if keys else ""
    context = {"form": form, "refused": refused, "options": options, "apps": _has_codes(user)}
    return private(render(request, "desk/second_factor.html", context, status=422 if request.method == "POST" else 200))


@sensitive_post_parameters("code", "new", "again")
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest) -> HttpResponseBase:
    """A new password in exchange for the code that an administrator had issued."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    refused = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            passwords.set_by_code(given["username"], code=given["code"], new=given["new"], at=clock.now())
        except GongxinError as error:
            refused = error
        else:
            messages.success(request, _("新密码已生效，请登录。"))
            return private(redirect("desk:sign-in"))
    context = {"form": form, "refused": refused, "shortest": passwords.SHORTEST}
    return private(render(request, "desk/new_password.html", context, status=422 if request.method == "POST" else 200))


def _proved(request: HttpRequest, user: User, form: CodeForm, *, by_key: bool) -> str:
    """The kind of the factor that was shown. Raises NotPermitted; wrong ones count towards the lock-out."""
    at = clock.now()
    signing_in.judge(request, user, at=at)
    if lockout.is_locked(request, user.username):
        raise signing_in.refused(request, user.username, reason="factor-locked", at=at)
    if by_key:
        key = ceremony.proved(request, user)
        if key is not None:
            factors.key_used(key, at=at)
            return factors.KEY_KIND
    elif kind := factors.check_code(user, form.cleaned_data["code"], at=at):
        return kind
    lockout.failed(request, user.username)
    raise signing_in.failed(request, user.username, reason="factor", at=at)


def _has_codes(user: User) -> bool:
    """Whether there is anything to type: an app, or recovery codes."""
    return bool(Authenticator.objects.filter(user=user).exclude(type=factors.KEY_KIND).exists())


def _service() -> str:
    """What the government identity service is called here; "" if there is none."""
    return settings.OIDC_NAME if settings.OIDC_ISSUER else ""
