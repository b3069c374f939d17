"""Staff accounts: making them, and who may sign in at the desk."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from gongxin import ledger
from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity.models import Department, Role, User

_log = logging.getLogger(__name__)
_SHORTEST: Final = 10
_PASSWORD_RULES: Final = (
    MinimumLengthValidator(_SHORTEST),
    CommonPasswordValidator(),
    NumericPasswordValidator(),
    UserAttributeSimilarityValidator(("username",)),
)


def create(
    username: str,
    *,
    password: str,
    full_name: str,
    department: Department,
    role: Role | str = Role.DATA_OFFICER,
    acting_user: User | None = None,
    at: datetime,
) -> User:
    """Make a staff account of a department. acting_user: None for the command line.

    Raises InvalidInput: name taken or not usable, unknown role, password short, common or like the name.
    """
    user = User(
        username=username.strip(), first_name=full_name, department=department, role=_role(role), date_joined=at
    )
    _judge_username(user)
    _judge_password(password, user)
    user.set_password(password)
    actor = acting_user.username if acting_user else "the command line"
    fields = {"account": user.username, "department": department.code, "role": str(user.role)}
    try:
        with transaction.atomic():
            user.save()
            ledger.append("account.created", fields=fields, actor=actor, at=at)
    except IntegrityError:
        raise InvalidInput("account-taken", f"账号“{username}”已经存在。", remedy="请换一个账号名。") from None
    _log.info("account %s (%s, %s) made by %s at %s", username, user.role, department.code, actor, at.isoformat())
    return user


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """The user with this name and password, if the account may use the desk. The caller opens the session.

    Raises NotPermitted. An unknown name, a wrong password and a closed account give one and the same answer, so that
    nobody learns which accounts exist; only who knows the password is told that the account has no department.
    """
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise NotPermitted(
            "sign-in-failed", "账号或密码不正确。", remedy="请核对后重试；忘记密码或账号已停用的，请联系信用办。"
        )
    judge(user)
    return user


def judge(user: User) -> Department:
    """The department the account works for. Raises NotPermitted if it has none, or the department is out of use."""
    if user.department is None:
        raise NotPermitted("account-without-department", "账号没有所属单位。", remedy="请联系信用办为账号设置单位。")
    if not user.department.active:
        name = user.department.name
        raise NotPermitted(
            "department-inactive", f"“{name}”已停用，不能使用工作台。", remedy="请联系信用办恢复本单位。"
        )
    return user.department


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError:
        allowed = "、".join(Role.values)
        raise InvalidInput("role-unknown", f"没有“{role}”这个角色。", remedy=f"可用的角色：{allowed}。") from None


def _judge_username(user: User) -> None:
    try:
        user.clean_fields(exclude=["password", "last_name", "email", "department", "role"])
    except ValidationError as error:
        raise InvalidInput("account-name", "账号名不可用。", remedy=" ".join(error.messages)) from None


def _judge_password(password: str, user: User) -> None:
    try:
        validate_password(password, user, password_validators=_PASSWORD_RULES)
    except ValidationError as error:
        raise InvalidInput("password-weak", "密码过于简单。", remedy=" ".join(error.messages)) from None
