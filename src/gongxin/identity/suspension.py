"""Disabling an account and bringing it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from gongxin import ledger
from gongxin.errors import Conflict
from gongxin.identity import administering, sessions
from gongxin.identity.models import User


@transaction.atomic
def disable(account: User, *, acting_user: User | None, at: datetime) -> User:
    """Close an account; its sessions end at once. acting_user: None for the command line.

    Raises NotPermitted, or Conflict if it is closed already.
    """
    actor = administering.judge(account, acting_user, at=at)
    held = _held(account)
    if not held.is_active:
        raise Conflict("account-closed", "该账号已经停用。", remedy="无需再次停用。")
    held.is_active = False
    held.save(update_fields=["is_active"])
    fields = {"account": held.username, "sessions": sessions.drop(held)}
    ledger.append("account.disabled", fields=fields, actor=actor, at=at, about=[held.pk])
    return held


@transaction.atomic
def enable(account: User, *, acting_user: User | None, at: datetime) -> User:
    """Bring a closed account back. Password and second factors are as they were.

    Raises NotPermitted, or Conflict if it is open.
    """
    actor = administering.judge(account, acting_user, at=at)
    held = _held(account)
    if held.is_active:
        raise Conflict("account-open", "该账号没有停用。", remedy="无需恢复。")
    held.is_active = True
    held.save(update_fields=["is_active"])
    ledger.append("account.enabled", fields={"account": held.username}, actor=actor, at=at, about=[held.pk])
    return held


def _held(account: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=account.pk)
