"""Passwords: the rules, changing the own one, and replacing a forgotten one by a code that works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction

from gongxin import ledger
from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity import administering, sessions
from gongxin.identity.models import User
from gongxin.identity.password_words import PlaceWordsValidator

SHORTEST: Final = 10
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


def first_code(account: User, *, at: datetime) -> ResetCode:
    """The code by which the owner of a new account, or of one whose password was voided, sets a password."""
    code = default_token_generator.make_token(account)
    return ResetCode(code, at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))


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
def reset(account: User, *, acting_user: User | None, at: datetime) -> ResetCode:
    """Void the password and give a code by which the account's owner sets a new one; open sessions end.

    Nobody but the owner ever knows the new password. acting_user: None for the command line. Raises NotPermitted.
    """
    actor = administering.judge(account, acting_user, at=at)
    held = _held(account)
    held.set_unusable_password()
    held.save(update_fields=["password"])
    fields = {"account": held.username, "sessions": sessions.drop(held)}
    issued = first_code(held, at=at)
    ledger.append("password.reset", fields=fields, actor=actor, at=at, about=[held.pk])
    return issued


@transaction.atomic
def set_by_code(username: str, *, code: str, new: str, at: datetime) -> User:
    """A new password in exchange for a code of `reset`, which is void afterwards.

    Raises NotPermitted for whatever is not the code of that account, in the same words whether the account exists;
    InvalidInput for a weak password.
    """
    held = User.objects.select_for_update(of=("self",)).filter(username=username.strip(), is_active=True).first()
    if held is None:
        # As slow as for an account that exists.
        make_password(new)
    if held is None or not default_token_generator.check_token(held, code.strip()):
        raise NotPermitted(
            "reset-code-void",
            "账号或一次性代码不正确，或者代码已经失效。",
            remedy="请核对后重试，或者请安全管理员重新签发代码。",
        )
    _set(held, new, keep=None, at=at)
    return held


def _set(user: User, new: str, *, keep: str | None, at: datetime) -> None:
    judge(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])
    fields = {"account": user.username, "sessions": sessions.drop(user, keep=keep)}
    ledger.append("password.changed", fields=fields, actor=user.username, at=at, about=[user.pk])


def _held(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)
