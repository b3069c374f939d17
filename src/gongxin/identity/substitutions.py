"""Who stands in for whom, from day to day: appointing, ending, and what is in force."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import administering
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department, Substitution, User
from gongxin.identity.roles import STAFF, Role, exclude
from gongxin.identity.selectors import overlapping

# No term of law: a longer absence is a change of role.
LONGEST_DAYS: Final = 366


@transaction.atomic
def appoint(
    absent: User, substitute: User, *, starts_on: date, ends_on: date, acting_user: User | None, at: datetime
) -> Substitution:
    """Let `substitute` do the work of `absent`, in that role and department, from day to day, both included.

    acting_user: None for the command line. Raises NotPermitted, also for who would appoint himself; InvalidInput: the
    same account, days that do not fit, a closed account, accounts of two departments, roles that exclude each other or
    are from outside; Conflict if `absent` has a substitute on one of the days.
    """
    actor = administering.judge(substitute, acting_user, action=Action.SUBSTITUTE_APPOINT, at=at)
    pair = [absent.pk, substitute.pk]
    held = {user.pk: user for user in User.objects.select_for_update().filter(pk__in=pair).order_by("pk")}
    absent, substitute = held[absent.pk], held[substitute.pk]
    _judge_days(starts_on, ends_on, at)
    department = _judge_accounts(absent, substitute)
    if overlapping(absent, starts_on, ends_on).exists():
        raise Conflict("substitute-overlap", "该账号在这段时间已有代理人。", remedy="请先结束原有代理，或者改期。")
    made = Substitution.objects.create(
        absent=absent,
        substitute=substitute,
        role=absent.role,
        department=department,
        starts_on=starts_on,
        ends_on=ends_on,
        appointed_by=actor,
        appointed_at=at,
    )
    fields = {
        "substitution": str(made.pk),
        "absent": absent.username,
        "substitute": substitute.username,
        "role": str(made.role),
        "department": department.code,
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
    }
    ledger.append("substitute.appointed", fields=fields, actor=actor, at=at, about=[absent.pk, substitute.pk])
    return made


@transaction.atomic
def end(substitution_id: UUID, *, acting_user: User | None, at: datetime) -> Substitution:
    """End a substitution before its last day, at once. Raises NotPermitted, NotFound, or Conflict if it is over."""
    found = Substitution.objects.select_for_update(of=("self",)).select_related("department", "substitute")
    held = found.filter(pk=substitution_id).first()
    if held is None:
        raise NotFound("substitute-unknown", "没有这项代理。", remedy="请从账号页面重新打开。")
    if held.ended_at is not None or held.ends_on < _day(at):
        raise Conflict("substitute-over", "这项代理已经结束。", remedy="无需再次结束。")
    held.ended_by = administering.judge(held.substitute, acting_user, action=Action.SUBSTITUTE_APPOINT, at=at)
    held.ended_at = at
    held.save(update_fields=["ended_at", "ended_by"])
    fields = {"substitution": str(held.pk), "role": str(held.role), "department": held.department.code}
    both = [held.absent_id, held.substitute_id]
    ledger.append("substitute.ended", fields=fields, actor=held.ended_by, at=at, about=both)
    return held


def _day(at: datetime) -> date:
    return at.astimezone(CIVIL_TIME).date()


def _judge_days(starts_on: date, ends_on: date, at: datetime) -> None:
    if ends_on < starts_on or ends_on < _day(at):
        raise InvalidInput("substitute-days", "截止日早于起始日，或者已经过去。", remedy="请核对代理的起止日期。")
    if (ends_on - starts_on).days >= LONGEST_DAYS:
        raise InvalidInput(
            "substitute-too-long", f"代理期超过 {LONGEST_DAYS} 天。", remedy="请缩短期限；长期变动请变更账号角色。"
        )


def _judge_accounts(absent: User, substitute: User) -> Department:
    """The department both work for."""
    if absent.pk == substitute.pk:
        raise InvalidInput("substitute-same", "代理人与被代理人是同一账号。", remedy="请选择其他账号。")
    if absent.role not in STAFF:
        raise InvalidInput("substitute-outside", "只有工作人员账号可以指定代理人。", remedy="请选择工作人员账号。")
    if exclude(absent.role, substitute.role):
        roles = f"“{Role(absent.role).label}”与“{Role(substitute.role).label}”"
        raise InvalidInput(
            "substitute-excluded", f"{roles}不得由同一账号担任。", remedy="请选择角色相容的账号作代理人。"
        )
    if absent.department is None or absent.department_id != substitute.department_id:
        raise InvalidInput("substitute-department", "代理人不在同一单位。", remedy="请选择同一单位的账号。")
    if not substitute.is_active:
        raise InvalidInput("substitute-closed", "代理人的账号已停用。", remedy="请选择在用的账号。")
    return absent.department
