"""Accounts: making them, changing their role, and whether one may be used."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import administering, passwords
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department, Representation, Role, Substitution, User
from gongxin.identity.roles import STAFF

_log = logging.getLogger(__name__)


def create(
    username: str,
    *,
    password: str,
    full_name: str,
    department: Department | None,
    role: Role | str = Role.DATA_OFFICER,
    acting_user: User | None = None,
    at: datetime,
) -> User:
    """Make an account: of staff, with the department it works for, or of somebody from outside, without one.

    acting_user: None for the command line. Raises NotPermitted; InvalidInput: name taken or not usable, unknown role, a
    department too many or too few, password short, common or like the name.
    """
    actor = administering.judge(None, acting_user, action=Action.ACCOUNT_CREATE, at=at)
    _judge_department(_role(role), department)
    user = User(
        username=username.strip(), first_name=full_name, department=department, role=_role(role), date_joined=at
    )
    _judge_username(user)
    passwords.judge(password, user)
    user.set_password(password)
    fields = {"account": user.username, "department": _code(department), "role": str(user.role)}
    try:
        with transaction.atomic():
            user.save()
            ledger.append("account.created", fields=fields, actor=actor, at=at, about=[user.pk])
    except IntegrityError:
        raise InvalidInput("account-taken", f"账号“{username}”已经存在。", remedy="请换一个账号名。") from None
    _log.info("account %s (%s, %s) made by %s at %s", username, user.role, _code(department), actor, at.isoformat())
    return user


def create_with_code(
    username: str,
    *,
    full_name: str,
    department: Department | None,
    role: Role | str,
    acting_user: User | None,
    at: datetime,
) -> tuple[User, passwords.ResetCode]:
    """Make an account that nobody knows the password of, and the code by which its owner sets one. As `create`."""
    made = create(
        username,
        password=secrets.token_urlsafe(32),
        full_name=full_name,
        department=department,
        role=role,
        acting_user=acting_user,
        at=at,
    )
    return made, passwords.first_code(made, at=at)


@transaction.atomic
def change_role(
    account: User, *, role: Role | str, department: Department | None, acting_user: User | None, at: datetime
) -> User:
    """Give an account another role, and the department it has from now on; it takes effect with its next request.

    department: None for roles from outside. Substitutions the account takes part in, and its bindings to
    organisations, belong to the role it had: they end. acting_user: None for the command line.
    Raises NotPermitted, also for the own account; InvalidInput: unknown role, a department too many or too few;
    Conflict if nothing would change.
    """
    actor = administering.judge(account, acting_user, action=Action.ACCOUNT_ROLE, at=at)
    wanted = _role(role)
    _judge_department(wanted, department)
    held = User.objects.select_for_update(of=("self",)).select_related("department").get(pk=account.pk)
    if (held.role, held.department) == (wanted, department):
        raise Conflict("account-role-same", "该账号已经是这个角色和单位。", remedy="无需变更。")
    before = held.role
    ended = {"ended_at": at, "ended_by": actor}
    concerned = Q(absent=held) | Q(substitute=held)
    substitutions = Substitution.objects.filter(concerned, ended_at__isnull=True).update(**ended)
    bindings = Representation.objects.filter(user=held, ended_at__isnull=True).update(**ended)
    held.role, held.department = wanted, department
    held.save(update_fields=["role", "department"])
    fields = {
        "account": held.username,
        "old": str(before),
        "role": str(wanted),
        "department": _code(department),
        "substitutions_ended": substitutions,
        "representations_ended": bindings,
    }
    ledger.append("account.role.changed", fields=fields, actor=actor, at=at, about=[held.pk])
    return held


def by_name(username: str) -> User:
    """The account of this name, with its department. Raises NotFound."""
    found = User.objects.select_related("department").filter(username=username.strip()).first()
    if found is None:
        raise NotFound("account-unknown", f"没有账号“{username}”。", remedy="请核对账号名。")
    return found


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


def _code(department: Department | None) -> str:
    return department.code if department else ""


def _judge_department(role: Role, department: Department | None) -> None:
    if role in STAFF and department is None:
        raise InvalidInput("account-needs-department", f"{role.label}账号必须有所属单位。", remedy="请指定单位代码。")
    if role not in STAFF and department is not None:
        raise InvalidInput("account-from-outside", f"{role.label}不属于任何单位。", remedy="请不要指定单位。")


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
