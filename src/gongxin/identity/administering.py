"""Who may look after another's account: as `decide` says, or the operator at the command line; nobody the own one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import User

COMMAND_LINE: Final = "the command line"


def judge(
    account: User | None, acting_user: User | None, *, action: Action = Action.ACCOUNT_SECURE, at: datetime
) -> str:
    """The name to log the act under. account: None for one that is yet to be made. acting_user: None for the command
    line.

    Raises NotPermitted where `decide` refuses, and for the own account: nobody gives himself back what was taken away.
    """
    if acting_user is None:
        return COMMAND_LINE
    if account is not None and acting_user.pk == account.pk:
        raise NotPermitted("account-own", "不能对本人账号办理此事。", remedy="请由另一名安全管理员办理。")
    day = at.astimezone(CIVIL_TIME).date()
    resource = Resource(account=account.username if account else "")
    decisions.require(actors.of_user(acting_user, day=day), action, resource, day=day)
    return acting_user.username
