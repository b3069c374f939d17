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
from gongxin.identity import passwords
from gongxin.identity.models import Department, Representation, Role, Substitution, User
from gongxin.identity.roles import STAFF
from gongxin.identity.warrants import DEMONSTRATION, Warrant

_log = logging.getLogger(__name__)


def create(
    username: str,
    *,
    password: str,
    full_name: str,
    department: Department | None,
    role: Role | str = Role.DATA_OFFICER,
    by: Warrant = DEMONSTRATION,
    at: datetime,
) -> User:
    """Make an account: of staff, with the department it works for, or of somebody from outside, without one.

    by: whose right it rests on; whoever hands one in has been judged. Raises InvalidInput: name taken or not usable,
    unknown role, a department too many or too few, password short, common or like the name.
    """
    user = judged(username, full_name=full_name, department=department, role=role)
    passwords.judge(password, user)
    user.set_password(password)
    user.date_joined = at
    fields = {"account": user.username, "department": code_of(department), "role": str(user.role), **by.fields()}
    try:
        with transaction.atomic():
            user.save()
            ledger.append("account.created", fields=fields, actor=by.actor, at=at, about=[user.pk])
    except IntegrityError:
        raise _taken(username) from None
    _log.info("account %s (%s, %s) made by %s at %s", username, user.role, by.rule, by.actor, at.isoformat())
    return user


def create_unopened(
    username: str, *, full_name: str, department: Department | None, role: Role | str, by: Warrant, at: datetime
) -> User:
    """Make an account that nobody knows the password of: its owner sets one with a code. Raises as `create`."""
    secret = secrets.token_urlsafe(32)
    return create(username, password=secret, full_name=full_name, department=department, role=role, by=by, at=at)


def judged(username: str, *, full_name: str, department: Department | None, role: Role | str) -> User:
    """The account as it would be made, not kept. Raises InvalidInput as `create`, also for a name that is taken."""
    wanted = judged_role(role, department)
    user = User(username=username.strip(), first_name=full_name.strip(), department=department, role=wanted)
    _judge_username(user)
    if User.objects.filter(username=user.username).exists():
        raise _taken(username)
    return user


@transaction.atomic
def change_role(account: User, *, role: Role | str, department: Department | None, by: Warrant, at: datetime) -> User:
    """Give an account another role, and the department it has from now on; it takes effect with its next request.

    department: None for roles from outside. Substitutions the account takes part in, and its bindings to
    organisations, belong to the role it had: they end. by: whose right it rests on.
    Raises InvalidInput: unknown role, a department too many or too few; Conflict if nothing would change.
    """
    wanted = judged_role(role, department)
    held = User.objects.select_for_update(of=("self",)).select_related("department").get(pk=account.pk)
    if (held.role, held.department) == (wanted, department):
        raise Conflict("account-role-same", "该账号已经是这个角色和单位。", remedy="无需变更。")
    before = held.role
    ended = {"ended_at": at, "ended_by": by.actor}
    concerned = Q(absent=held) | Q(substitute=held)
    substitutions = Substitution.objects.filter(concerned, ended_at__isnull=True).update(**ended)
    bindings = Representation.objects.filter(user=held, ended_at__isnull=True).update(**ended)
    held.role, held.department = wanted, department
    held.save(update_fields=["role", "department"])
    fields = {
        "account": held.username,
        "old": str(before),
        "role": str(wanted),
        "department": code_of(department),
        "substitutions_ended": substitutions,
        "representations_ended": bindings,
        **by.fields(),
    }
    ledger.append("account.role.changed", fields=fields, actor=by.actor, at=at, about=[held.pk])
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


def code_of(department: Department | None) -> str:
    """The code of a department, as leaves have it; empty for none."""
    return department.code if department else ""


def judged_role(role: Role | str, department: Department | None) -> Role:
    """The role. Raises InvalidInput for one nobody knows, and for a department too many or too few."""
    wanted = _role(role)
    _judge_department(wanted, department)
    return wanted


def _taken(username: str) -> InvalidInput:
    return InvalidInput("account-taken", f"账号“{username}”已经存在。", remedy="请换一个账号名。")


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
