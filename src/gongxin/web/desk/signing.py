"""Signing in and out."""

from __future__ import annotations

from django import forms
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gongxin.errors import NotPermitted
from gongxin.identity import accounts
from gongxin.web.desk.pages import private


class SignInForm(forms.Form):
    """Account name and password."""

    username = forms.CharField(label=_("账号"), max_length=150)
    password = forms.CharField(label=_("密码"), max_length=200, strip=False)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; after signing in on to `next`, if that is an address of ours."""
    target = _safe_target(request)
    if request.method == "GET" and request.user.is_authenticated:
        return private(HttpResponseRedirect(target))
    form = SignInForm(request.POST if request.method == "POST" else None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.sign_in(request, **form.cleaned_data)
        except NotPermitted as error:
            refused = error
        else:
            login(request, user)
            return private(HttpResponseRedirect(target))
    context = {"form": form, "refused": refused, "next": target}
    status = 422 if request.method == "POST" else 200
    return private(render(request, "desk/sign_in.html", context, status=status))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session."""
    logout(request)
    return private(redirect("desk:sign-in"))


def _safe_target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if allowed else reverse("desk:home")
