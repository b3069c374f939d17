"""The forms of sign-in and of the own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

_LONGEST_PASSWORD = 200


def _password(label: Any, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=_LONGEST_PASSWORD, strip=False, widget=widget)


def _digits(label: Any, help_text: Any = "") -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=20, help_text=help_text, widget=forms.TextInput(attrs=attributes))


class SignInForm(forms.Form):
    """Account name and password."""

    username = forms.CharField(label=_("账号"), max_length=150)
    password = forms.CharField(label=_("密码"), max_length=_LONGEST_PASSWORD, strip=False)


class CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = _digits(_("验证码"), _("验证器应用显示的6位数字，或者一个恢复码。"))


class AppForm(forms.Form):
    """The first code of an authenticator app."""

    code = _digits(_("验证码"), _("扫码后验证器应用显示的6位数字。"))


class KeyForm(forms.Form):
    """What the owner calls a security key."""

    name = forms.CharField(
        label=_("名称"), max_length=60, required=False, help_text=_("便于您自己辨认，例如“办公室的密钥”。")
    )


class ConfirmForm(forms.Form):
    """The password once more."""

    password = _password(_("密码"), "current-password")


class _NewPassword(forms.Form):
    """A new password, typed twice."""

    new = _password(_("新密码"), "new-password")
    again = _password(_("再次输入新密码"), "new-password")

    def clean(self) -> dict[str, Any]:
        """Both the same."""
        given = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", ValidationError(_now("两次输入的新密码不一致。")))
        return given


class PasswordForm(_NewPassword):
    """The own password, changed."""

    current = _password(_("当前密码"), "current-password")
    field_order = ("current", "new", "again")


class ResetForm(_NewPassword):
    """A new password in exchange for a code."""

    username = forms.CharField(
        label=_("账号"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    code = forms.CharField(
        label=_("一次性代码"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    field_order = ("username", "code", "new", "again")
