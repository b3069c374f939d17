"""Disabling an account and bringing it back."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from gongxin import ledger
from gongxin.errors import Conflict, NotPermitted
from gongxin.identity import administering, sessions
from gongxin.identity.models import User
from gongxin.identity.warrants import Warrant


@transaction.atomic
def disable(account: User, *, acting_user: User | None, at: datetime) -> User:
    """Close an account; its sessions end at once. acting_user: None for the command line.

    Raises NotPermitted, or Conflict if it is closed already.
    """
    actor = administering.judge(account, acting_user, at=at)
    held = _held(account)
    if not held.is_active:
        raise Conflict("account-closed", "该账号已经停用。", remedy="无需再次停用。")
    held.is_active, held.suspended_at = False, at
    held.save(update_fields=["is_active", "suspended_at"])
    fields = {"account": held.username, "sessions": sessions.drop(held)}
    ledger.append("account.disabled", fields=fields, actor=actor, at=at, about=[held.pk])
    return held


@transaction.atomic
def enable(account: User, *, acting_user: User, at: datetime) -> User:
    """Take back a suspension of a moment ago (settings.RESTORE_ALONE); a longer one is lifted by two (`proposals`).

    Raises NotPermitted, or Conflict if the account is open.
    """
    actor = administering.judge(account, acting_user, at=at)
    held = _closed(account)
    if not is_recent(held, at=at):
        raise NotPermitted(
            "restore-by-two",
            "该账号停用已久，恢复须由系统管理员提出、安全管理员批准。",
            remedy="请系统管理员在账号页面提出恢复。",
        )
    return _open(held, Warrant(actor, "recent"), at)


@transaction.atomic
def lift(account: User, *, by: Warrant, at: datetime) -> User:
    """Bring a closed account back, however long it was closed. Password and second factors are as they were.

    by: whose right it rests on. Raises Conflict if the account is open.
    """
    return _open(_closed(account), by, at)


def is_recent(account: User, *, at: datetime) -> bool:
    """Whether the account was suspended so recently that one administrator may take it back."""
    return account.suspended_at is not None and at - account.suspended_at <= settings.RESTORE_ALONE


def _closed(account: User) -> User:
    held = _held(account)
    if held.is_active:
        raise Conflict("account-open", "该账号没有停用。", remedy="无需恢复。")
    return held


def _open(held: User, by: Warrant, at: datetime) -> User:
    held.is_active, held.suspended_at = True, None
    held.save(update_fields=["is_active", "suspended_at"])
    fields = {"account": held.username, **by.fields()}
    ledger.append("account.enabled", fields=fields, actor=by.actor, at=at, about=[held.pk])
    return held


def _held(account: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=account.pk)
