"""Lock-out: after too many failures an account waits, from the address they came from. Counting is django-axes' work.

What django-axes keeps is not the account name but its keyed hash: people type passwords into the wrong field.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest

from gongxin import ledger
from gongxin.errors import Conflict
from gongxin.identity import administering
from gongxin.identity.models import User


def kept_name(_request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """Under which name django-axes counts (AXES_USERNAME_CALLABLE): the keyed hash of what was typed, case folded."""
    typed = str((credentials or {}).get("username") or "").strip().casefold()
    return hmac.new(settings.SECRET_KEY.encode(), b"lockout|" + typed.encode(), hashlib.sha256).hexdigest()


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether this account has to wait at this address."""
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def failed(request: HttpRequest, username: str) -> None:
    """Count a failure that Django's `authenticate` does not see: a wrong second factor."""
    user_login_failed.send(__name__, credentials={"username": username}, request=request)


def address(request: HttpRequest) -> str:
    """The address failures are counted for; "" if the server does not know it."""
    AxesProxyHandler.update_request(request)
    return str(getattr(request, "axes_ip_address", None) or "")


@transaction.atomic
def unlock(account: User, *, acting_user: User | None, at: datetime) -> None:
    """Let an account sign in again at once, from every address. acting_user: None for the command line.

    Raises NotPermitted, or Conflict if nothing is locked or counted.
    """
    actor = administering.judge(account, acting_user, at=at)
    if not AxesProxyHandler.reset_attempts(username=kept_name(None, {"username": account.username})):
        raise Conflict("account-not-locked", "该账号没有被暂停登录。", remedy="无需解锁；忘记密码的，请重置密码。")
    ledger.append("account.unlocked", fields={"account": account.username}, actor=actor, at=at, about=[account.pk])
