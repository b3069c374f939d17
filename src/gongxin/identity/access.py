"""Who may see and do what at the desk: every rule of access in this one place.

A data officer works within the own department; the credit office sees every department but hands in only for its own.
What is not allowed here is refused.
"""

from __future__ import annotations

from gongxin.errors import NotPermitted
from gongxin.identity import accounts
from gongxin.identity.models import Department, Role, User


def own_department(user: User) -> Department:
    """The department the user hands in for. Raises NotPermitted if there is none."""
    return accounts.judge(user)


def scope(user: User) -> Department | None:
    """Whose submissions and records the user may see: one department, or None for every department.

    Raises NotPermitted for an account that has no department or is closed.
    """
    if not user.is_active:
        raise NotPermitted("account-closed", "账号已停用。", remedy="请联系信用办恢复账号。")
    department = own_department(user)
    return None if sees_all(user) else department


def sees_all(user: User) -> bool:
    """Whether the user sees every department."""
    return user.role == Role.CREDIT_OFFICE


def judge_overview(user: User) -> None:
    """The overview of all departments is for the credit office. Raises NotPermitted."""
    if not sees_all(user):
        raise NotPermitted(
            "credit-office-only", "此页仅供信用办使用。", remedy="请返回待办页；需要本单位以外的数据时，请联系信用办。"
        )


def may_hand_in(user: User, provider_id: object) -> bool:
    """Whether the user may hand in, correct or retry for that department."""
    return user.is_active and user.department_id is not None and user.department_id == provider_id
