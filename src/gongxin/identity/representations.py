"""Whom a representative's account acts for: bound to an organisation's credit code by an official, and ended."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import administering
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Representation, User
from gongxin.identity.roles import Role
from gongxin.identity.selectors import represented

_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
MAX_GROUND: Final = 200


@transaction.atomic
def bind(user: User, uscc: str, *, ground: str, acting_user: User | None, at: datetime) -> Representation:
    """Let a representative's account act for the organisation with this code.

    uscc: the code as it stands in the register (the caller has found the organisation by it). ground: the papers it
    rests on. acting_user: None for the command line.
    Raises NotPermitted; InvalidInput: another role, a code of another shape, no ground; Conflict if it is bound.
    """
    actor = administering.judge(user, acting_user, action=Action.REPRESENTATION_BIND, at=at)
    account = User.objects.select_for_update().get(pk=user.pk)
    _judge(account, uscc, ground)
    if represented(account).filter(uscc=uscc).exists():
        raise Conflict("representation-exists", "该账号已经绑定这个信用主体。", remedy="无需再次绑定。")
    bound = Representation.objects.create(user=account, uscc=uscc, ground=ground.strip(), bound_by=actor, bound_at=at)
    fields = {"representation": str(bound.pk), "account": account.username, "uscc": uscc, "ground": bound.ground}
    ledger.append("representation.bound", fields=fields, actor=actor, at=at, about=[account.pk])
    return bound


@transaction.atomic
def end(representation_id: UUID, *, acting_user: User | None, at: datetime) -> Representation:
    """End a binding from `at` on. Raises NotPermitted, NotFound, or Conflict if it has ended."""
    found = Representation.objects.select_for_update(of=("self",)).select_related("user")
    held = found.filter(pk=representation_id).first()
    if held is None:
        raise NotFound("representation-unknown", "没有这项绑定。", remedy="请从账号页面重新打开。")
    if held.ended_at is not None:
        raise Conflict("representation-ended", "这项绑定已经解除。", remedy="无需再次解除。")
    held.ended_by = administering.judge(held.user, acting_user, action=Action.REPRESENTATION_BIND, at=at)
    held.ended_at = at
    held.save(update_fields=["ended_at", "ended_by"])
    fields = {"representation": str(held.pk), "account": held.user.username, "uscc": held.uscc}
    ledger.append("representation.ended", fields=fields, actor=held.ended_by, at=at, about=[held.user_id])
    return held


def _judge(account: User, uscc: str, ground: str) -> None:
    if account.role != Role.REPRESENTATIVE:
        raise InvalidInput(
            "representation-role",
            f"“{account.get_role_display()}”账号不能绑定信用主体。",
            remedy="请使用信用主体代表账号。",
        )
    if not _CODE.fullmatch(uscc):
        raise InvalidInput("representation-code", "统一社会信用代码应为 18 位。", remedy="请核对代码，与登记信息一致。")
    if not ground.strip() or len(ground.strip()) > MAX_GROUND:
        raise InvalidInput(
            "representation-ground",
            "没有写明绑定依据，或者依据过长。",
            remedy=f"请填写授权委托书等材料的名称和编号，不超过 {MAX_GROUND} 个字。",
        )
