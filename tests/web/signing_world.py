"""One account and what happens to it: for tests of signing in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.http import HttpResponse
from django.test import Client

from gongxin import clock
from gongxin.identity import accounts, factors
from gongxin.identity.models import Department, User
from gongxin.identity.roles import Role
from gongxin.ledger import selectors

PASSWORD = "a-long-password-2026"
AT = datetime(2026, 5, 6, 9, 0, tzinfo=clock.CIVIL_TIME)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SIGN_IN = "/desk/sign-in"


@dataclass(frozen=True)
class Account:
    """user works for department; `since` is the size of the ledger before the test."""

    user: User
    department: Department
    since: int

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What the ledger has since, with what commitments stand for."""
        found = []
        for seq in range(self.since, selectors.size()):
            leaf = json.loads(selectors.body(seq))
            found.append((leaf["event"], leaf["fields"] | selectors.opened(seq).values))
        return found

    def codes(self) -> list[str]:
        """The codes of the events since."""
        return [code for code, _fields in self.events()]

    def with_app(self, *, at: datetime = AT) -> list[str]:
        """Set up an authenticator app with SECRET; the recovery codes."""
        return factors.add_app(self.user, secret=SECRET, code=code_at(at), at=at)


def build(role: Role = Role.DATA_OFFICER, username: str = "officer") -> Account:
    """An account of a department."""
    department, _new = Department.objects.get_or_create(code="market", defaults={"name": "虚构市场监督管理局"})
    user = accounts.create(
        username,
        password=PASSWORD,
        full_name="账号甲",
        department=department if role not in (Role.REPRESENTATIVE, Role.PERSON) else None,
        role=role,
        at=AT,
    )
    return Account(user, department, selectors.size())


def code_at(at: datetime, *, steps: int = 0) -> str:
    """What the app with SECRET shows, so many steps of 30 seconds later."""
    return format_hotp_value(hotp_value(SECRET, int(at.timestamp()) // 30 + steps))


def sign_in(client: Client, username: str = "officer", password: str = PASSWORD, **more: str) -> HttpResponse:
    """Name and password, posted."""
    return client.post(SIGN_IN, {"username": username, "password": password, **more})
