"""Departments: registering them and finding them."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import administering
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department, User
from gongxin.policy import packs

_log = logging.getLogger(__name__)
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")


@transaction.atomic
def register(
    *,
    code: str,
    name: str,
    uscc: str = "",
    items: Sequence[str] = (),
    purposes: Sequence[str] = (),
    active: bool = True,
    acting_user: User | None = None,
    at: datetime,
) -> Department:
    """Enter a department, or bring the one with this code up to date. Items and purposes must exist in the pack.

    acting_user: None for the command line. Raises NotPermitted; InvalidInput when the code has no usable shape, an item
    or purpose is unknown, or another department has this name.
    """
    actor = administering.judge(None, acting_user, action=Action.DEPARTMENT_KEEP, at=at)
    if not _CODE.fullmatch(code) or not name.strip():
        raise InvalidInput(
            "department-code",
            f"单位代码“{code}”或者名称不可用。",
            remedy="代码用字母、数字和连字符，最多32位；名称必填。",
        )
    _known("item-unknown", "目录项", items, packs.current().items)
    _known("purpose-unknown", "查询用途", purposes, packs.current().purposes)
    if Department.objects.filter(name=name).exclude(code=code).exists():
        raise InvalidInput("department-name-taken", f"已有名为“{name}”的单位。", remedy="请核对单位代码。")
    facts = {"name": name, "uscc": uscc, "items": list(items), "purposes": list(purposes), "active": active}
    before = Department.objects.select_for_update().filter(code=code).values(*facts).first()
    department, new = Department.objects.update_or_create(code=code, defaults=facts)
    _log.info(
        "department %s %s by %s at %s", code, "registered" if new else "brought up to date", actor, at.isoformat()
    )
    if before != facts:
        event = "department.registered" if new else "department.changed"
        ledger.append(event, fields={"department": code, **facts}, actor=actor, at=at)
    return department


@transaction.atomic
def enter(
    *,
    code: str,
    name: str,
    uscc: str,
    items: Sequence[str],
    purposes: Sequence[str],
    acting_user: User | None,
    at: datetime,
) -> Department:
    """A department that is not there yet. Raises as `register`, and Conflict where the code is taken."""
    if Department.objects.filter(code=code).exists():
        raise Conflict(
            "department-code-taken", f"单位代码“{code}”已经使用。", remedy="请换一个代码，或者变更原有单位。"
        )
    return register(code=code, name=name, uscc=uscc, items=items, purposes=purposes, acting_user=acting_user, at=at)


@transaction.atomic
def use(department: Department, *, active: bool, acting_user: User | None, at: datetime) -> Department:
    """Take a department out of use or back into it; its accounts and keys follow with their next request.

    Raises as `register`, and Conflict where nothing would change.
    """
    held = Department.objects.select_for_update().get(pk=department.pk)
    if held.active == active:
        raise Conflict("department-same", "该单位已经是这个状态。", remedy="无需变更。")
    return register(
        code=held.code,
        name=held.name,
        uscc=held.uscc,
        items=held.items,
        purposes=held.purposes,
        active=active,
        acting_user=acting_user,
        at=at,
    )


def by_code(code: str) -> Department:
    """The department with this code; NotFound names the codes there are."""
    found = Department.objects.filter(code=code).first()
    if found is None:
        codes = "、".join(Department.objects.filter(active=True).values_list("code", flat=True)[:30])
        raise NotFound(
            "department-unknown",
            f"没有代码为“{code}”的信息提供单位。",
            remedy=f"请使用已登记的代码：{codes}" if codes else "请先登记单位（make demo 会建立演示单位）。",
            facts={"code": code},
        )
    return found


def listing(*, inactive: bool = False) -> QuerySet[Department]:
    """Departments by code; those out of use only on demand."""
    found = Department.objects.order_by("code")
    return found if inactive else found.filter(active=True)


def _known(code: str, noun: str, wanted: Sequence[str], known: Collection[str]) -> None:
    unknown = [entry for entry in wanted if entry not in known]
    if unknown:
        raise InvalidInput(
            code, f"政策包中没有{noun}：{'、'.join(unknown)}。", remedy="请核对标识，或者先在政策包中增加。"
        )
