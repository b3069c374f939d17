"""The roles, and which of them one account may hold together."""

from __future__ import annotations

from typing import Final

from django.db import models


class Role(models.TextChoices):
    """What an account is for. An account has exactly one role."""

    DATA_OFFICER = "data_officer", "信用信息报送员"
    CASE_OFFICER = "case_officer", "信用信息承办员"
    CREDIT_OFFICE = "credit_office", "信用办工作人员"
    AUDITOR = "auditor", "审计管理员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    REPRESENTATIVE = "representative", "信用主体代表"
    PERSON = "person", "自然人"


# Those who do the work of a department, the three administrators, and those from outside.
WORKING: Final = frozenset({Role.DATA_OFFICER, Role.CASE_OFFICER, Role.CREDIT_OFFICE})
ADMINISTRATORS: Final = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
STAFF: Final = WORKING | ADMINISTRATORS
OUTSIDE: Final = frozenset({Role.REPRESENTATIVE, Role.PERSON})


def exclude(one: Role | str, other: Role | str) -> bool:
    """Whether two roles may never come together in one account, not even by substitution.

    System, security and audit administrator exclude each other and all working roles; a role from outside excludes
    every other one (等保三级 separation of duties; the database holds the same rule, migration 0003).
    """
    first, second = Role(one), Role(other)
    return first != second and not (first in WORKING and second in WORKING)
