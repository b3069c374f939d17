"""Signing in: who may, and the leaf of every attempt. Opening the session is the web's work, between the two halves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest

from gongxin import ledger
from gongxin.errors import GongxinError, NotPermitted
from gongxin.identity import accounts, doors, lockout, passwords
from gongxin.identity.models import User
from gongxin.identity.roles import OUTSIDE
from gongxin.walls import acting

PASSWORD: Final = "password"  # noqa: S105  (the name of a way to sign in)
GOVERNMENT: Final = "government"
# Reasons of refusals that come after the password was right.
FACTOR_REASONS: Final = frozenset({"factor", "factor-locked"})
_NOBODY: Final = "nobody signed in"


@dataclass(frozen=True, slots=True)
class Way:
    """How a session was opened. method: PASSWORD or GOVERNMENT; factor: kind of the second factor, or ""."""

    method: str
    factor: str


def by_password(request: HttpRequest, *, username: str, password: str, at: datetime) -> User:
    """The user with this name and password, if the account may be used; the second factor comes after.

    Raises NotPermitted. An unknown name, a wrong password, a closed account and one that is locked out give one and
    the same answer, so that nobody learns which accounts exist; only who knows the password is told that the
    account's department is out of use. Every refusal is a leaf, and so is the lock-out it may lead to.
    """
    if lockout.is_locked(request, username):
        raise refused(request, username, reason="locked", at=at)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise failed(request, username, reason="password", at=at)
    acting.as_account(user.username)
    passwords.keep_up(user, password)
    judge(request, user, at=at)
    return user


def prove(request: HttpRequest, user: User, password: str, *, at: datetime) -> None:
    """Whoever is signed in proves the password once more. Raises NotPermitted; failures count towards the lock-out."""
    if lockout.is_locked(request, user.username):
        raise refused(request, user.username, reason="locked", at=at)
    if not user.check_password(password):
        lockout.failed(request, user.username)
        raise failed(request, user.username, reason="password", at=at)


def judge(request: HttpRequest, user: User, *, at: datetime) -> None:
    """Raises NotPermitted, leaf written, if the account is closed, has no department or one that is out of use."""
    try:
        if not user.is_active:
            raise NotPermitted("account-closed", "账号已停用。", remedy="请联系信用办恢复账号。")
        if user.role not in OUTSIDE:
            accounts.judge(user)
    except GongxinError as error:
        _log_refusal(request, user.username, error.code, at)
        raise


def failed(request: HttpRequest, username: str, *, reason: str, at: datetime) -> NotPermitted:
    """The refusal after a wrong password or code that django-axes has counted; a leaf, and another if it now locks."""
    error = refused(request, username, reason=reason, at=at)
    if lockout.is_locked(request, username):
        who, about = _who(request, username)
        fields = who | {"minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)}
        with transaction.atomic():
            ledger.append("account.locked", fields=fields, actor=_NOBODY, at=at, about=about)
    return error


def refused(request: HttpRequest, username: str, *, reason: str, at: datetime) -> NotPermitted:
    """The one answer to whoever may not sign in, for raising; its leaf is written. reason: for the leaf only."""
    _log_refusal(request, username, reason, at)
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return NotPermitted(
        "sign-in-failed",
        "验证码不正确。" if reason in FACTOR_REASONS else "账号或密码不正确。",
        remedy=f"请核对后重试；连续失败{settings.AXES_FAILURE_LIMIT}次会暂停登录，请等待{minutes}分钟。"
        "忘记密码、遗失验证设备或账号已停用的，请联系信用办。",
    )


def succeeded(request: HttpRequest, user: User, way: Way, *, ended: int, at: datetime) -> None:
    """Log a sign-in as the last statement of the transaction that opened the session.

    ended: how many of the account's oldest sessions made room for it.
    """
    who, about = _who(request, user.username)
    fields = who | {"method": way.method, "factor": way.factor, "sessions_ended": ended}
    ledger.append("signin.succeeded", fields=fields, actor=user.username, at=at, about=about)


def _log_refusal(request: HttpRequest, username: str, reason: str, at: datetime) -> None:
    who, about = _who(request, username)
    with transaction.atomic():
        ledger.append("signin.refused", fields=who | {"reason": reason}, actor=_NOBODY, at=at, about=about)


def _who(request: HttpRequest, username: str) -> tuple[dict[str, str], list[int]]:
    """Account and address, and the account's number; a name nobody has is left out: it may be a password typed into the
    wrong field.
    """
    found = doors.account_named(User, username)
    known = [found.pk] if found else []
    return {"account": username if known else "", "address": lockout.address(request)}, known
