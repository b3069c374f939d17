"""WebAuthn: the questions for the browser, and what it answers, by django-allauth's forms and python-fido2."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature
from django.http import HttpRequest

from gongxin.errors import InvalidInput
from gongxin.identity.models import User


def registration(user: User) -> str:
    """The options of `navigator.credentials.create` as JSON; the challenge is kept in the session."""
    return json.dumps(dict(auth.begin_registration(user, False)))


def authentication(user: User) -> str:
    """The options of `navigator.credentials.get` as JSON; the challenge is kept in the session."""
    return json.dumps(dict(auth.begin_authentication(user)))


def registered(request: HttpRequest, user: User) -> dict[str, Any]:
    """The new credential in the form (`credential`), verified. Raises InvalidInput; a challenge works once."""
    with _said_in_words():
        form = AddWebAuthnForm(data=request.POST, user=user)
        if form.is_valid():
            credential: dict[str, Any] = form.cleaned_data["credential"]
            return credential
    raise _not_this()


def proved(request: HttpRequest, user: User) -> Authenticator | None:
    """The account's key that signed the challenge (`credential` in the form); None if none did."""
    try:
        with _said_in_words():
            form = AuthenticateWebAuthnForm(data=request.POST, user=user)
            return form.cleaned_data["credential"] if form.is_valid() else None
    except InvalidInput:
        return None


@contextmanager
def _said_in_words() -> Iterator[None]:
    """What a browser sends can break the parsers in many ways; none of them is an error of the server."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, InvalidSignature) as error:
        raise _not_this() from error


def _not_this() -> InvalidInput:
    return InvalidInput("key-refused", "安全密钥没有验证成功。", remedy="请重新操作；仍不成功的，请改用验证器应用。")
