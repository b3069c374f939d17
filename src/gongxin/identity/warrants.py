"""By what right an account is made, changed or opened again: what takes two administrators (docs/adr/0030).

At the desk it is a proposal of one and the approval of another (`proposals`). The operator at the command line may act
alone while a node has not both administrators, to begin with, and in an emergency with a reason; the log says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity.administering import COMMAND_LINE
from gongxin.identity.models import User
from gongxin.identity.roles import Role

TWO: Final = "two-administrators"
BOOTSTRAP: Final = "bootstrap"
EMERGENCY: Final = "emergency"
REASON: Final = 500
_PAIR: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})


@dataclass(frozen=True, slots=True)
class Warrant:
    """actor: the name to log the act under. rule: TWO, BOOTSTRAP, EMERGENCY or `demonstration`. proposal: its id."""

    actor: str
    rule: str
    reason: str = ""
    proposal: str = ""

    def fields(self) -> dict[str, str]:
        """What every such leaf says of it."""
        return {"rule": self.rule, "proposal": self.proposal, "reason": self.reason}


# Of accounts whose password is known to whoever makes them: those of the made-up city. No page and no command has it.
DEMONSTRATION: Final = Warrant(COMMAND_LINE, "demonstration")


def of_operator(*, emergency: str = "") -> Warrant:
    """The operator's at the command line. emergency: why it cannot wait for the two administrators.

    Raises NotPermitted without one where the node has both; InvalidInput for a reason that is too long.
    """
    reason = emergency.strip()
    if len(reason) > REASON:
        raise InvalidInput("emergency-reason", f"紧急事由超过 {REASON} 个字。", remedy="请缩短。")
    if not pair_in_use():
        return Warrant(COMMAND_LINE, BOOTSTRAP, reason)
    if reason:
        return Warrant(COMMAND_LINE, EMERGENCY, reason)
    raise NotPermitted(
        "account-two-administrators",
        "本节点已有系统管理员和安全管理员，此事须由系统管理员提出、安全管理员批准。",
        remedy="请在工作台“账号管理”办理；两名管理员都无法登录的，用 --emergency 写明事由，事由写入存证日志。",
    )


def pair_in_use() -> bool:
    """Whether the node has a system administrator and a security administrator whose accounts are in use."""
    found = User.objects.filter(role__in=_PAIR, is_active=True, department__active=True)
    return set(found.values_list("role", flat=True)) == _PAIR
