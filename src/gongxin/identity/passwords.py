"""Passwords: the rules, changing the own one, and replacing a forgotten one by a code that works once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password, verify_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare

from gongxin import ledger
from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity import doors, sessions
from gongxin.identity.models import User
from gongxin.identity.password_words import PlaceWordsValidator
from gongxin.identity.warrants import Warrant
from gongxin.walls import acting

SHORTEST: Final = 10
# Characters of a code's second half, 64 bits; the first has as many, and the instant.
_HALF: Final = 16
_RULES: Final = (
    MinimumLengthValidator(SHORTEST),
    CommonPasswordValidator(),
    NumericPasswordValidator(),
    UserAttributeSimilarityValidator(("username",)),
    PlaceWordsValidator(),
)


@dataclass(frozen=True, slots=True)
class ResetCode:
    """What stands in for a password, once. code: the only copy there is; until: when it runs out."""

    code: str
    until: datetime


def judge(password: str, user: User) -> None:
    """Raises InvalidInput for a password that is short, common, all digits, or like the account's name."""
    try:
        validate_password(password, user, password_validators=_RULES)
    except ValidationError as error:
        raise InvalidInput("password-weak", "密码过于简单。", remedy=" ".join(error.messages)) from None


class _Codes(PasswordResetTokenGenerator):
    """Django's generator, whose codes can be made again from the instant they are of: halves need not be kept."""

    def stamp(self) -> int:
        """Now, as the generator counts."""
        return self._num_seconds(self._now())

    def of(self, account: User, stamp: int) -> str:
        """The account's code of that instant; another one once its password has changed."""
        return self._make_token_with_timestamp(account, stamp, self.secret)


_codes: Final = _Codes()


def code_now(account: User, *, at: datetime) -> ResetCode:
    """The code by which the owner of a new account, or of one whose password was voided, sets a password, whole."""
    return ResetCode(_codes.of(account, _codes.stamp()), until(at))


def marked(account: User) -> tuple[int, str]:
    """A code made now, as it may be kept: of which instant it is, and its digest."""
    stamp = _codes.stamp()
    return stamp, _digest(_codes.of(account, stamp))


def halves(account: User, stamp: int, digest: str) -> tuple[str, str] | None:
    """The code of these marks in two halves, each as hard to guess as a password; None once it is used or too old."""
    code = _codes.of(account, stamp)
    if not constant_time_compare(_digest(code), digest) or not _codes.check_token(account, code):
        return None
    return code[:-_HALF], code[-_HALF:]


def until(at: datetime) -> datetime:
    """When a code made at that instant runs out."""
    return at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


@transaction.atomic
def change(user: User, *, new: str, keep: str | None, at: datetime) -> User:
    """The account's own new password, after `signing_in.prove`. keep: key of the session that asks; all others end.

    Raises InvalidInput for a weak password or the same again.
    """
    held = _held(user)
    if check_password(new, held.password):
        raise InvalidInput("password-same", "新密码与当前密码相同。", remedy="请换一个密码。")
    _set(held, new, keep=keep, at=at)
    return held


@transaction.atomic
def reset(account: User, *, by: Warrant, at: datetime) -> User:
    """Void the password; its owner sets a new one with a code (`code_now`, `halves`). Open sessions end.

    Nobody but the owner ever knows the new password. by: whose right it rests on.
    """
    held = _held(account)
    held.set_unusable_password()
    held.save(update_fields=["password"])
    fields = {"account": held.username, "sessions": sessions.drop(held), **by.fields()}
    ledger.append("password.reset", fields=fields, actor=by.actor, at=at, about=[held.pk])
    return held


def set_by_code(username: str, *, code: str, new: str, at: datetime) -> User:
    """A new password in exchange for a code, both halves one after the other, which is void afterwards.

    Raises NotPermitted for whatever is not the code of that account, in the same words whether the account exists;
    InvalidInput for a weak password.
    """
    found = doors.account_named(User, username.strip())
    if found is None or not found.is_active:
        # As slow as for an account that exists.
        make_password(new)
        raise _void()
    typed = "".join(code.split())
    if not _codes.check_token(found, typed):
        raise _void()
    acting.as_account(found.username)
    with transaction.atomic():
        held = _held(found)
        if not held.is_active or not _codes.check_token(held, typed):
            raise _void()
        _set(held, new, keep=None, at=at)
    return held


def keep_up(user: User, password: str) -> None:
    """Keep a password that has just been right in today's form, if it is kept in an older one."""
    if verify_password(password, user.password)[1]:
        user.set_password(password)
        user.save(update_fields=["password"])


def _void() -> NotPermitted:
    return NotPermitted(
        "reset-code-void",
        "账号或一次性代码不正确，或者代码已经失效。",
        remedy="请核对后重试；代码分两段的，两段连着填写。失效的，请系统管理员重新提出。",
    )


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _set(user: User, new: str, *, keep: str | None, at: datetime) -> None:
    judge(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])
    fields = {"account": user.username, "sessions": sessions.drop(user, keep=keep)}
    ledger.append("password.changed", fields=fields, actor=user.username, at=at, about=[user.pk])


def _held(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)
