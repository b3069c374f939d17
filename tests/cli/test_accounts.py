"""`gongxin accounts`: from a new account to its end, each act said plainly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from tests import held
from typer.testing import CliRunner, Result

from gongxin import clock
from gongxin.cli.accounts import app
from gongxin.identity import factors
from gongxin.identity.models import User
from gongxin.ledger import selectors
from gongxin.secrecy import keyring

pytestmark = pytest.mark.django_db
SIGN_IN = "/desk/sign-in"
NEW = "a-new-long-password-26"


@pytest.fixture(autouse=True)
def demonstration_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of a demonstration."""
    monkeypatch.setenv("GONGXIN_KEYRING", keyring.demonstration("intl").text())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def made() -> str:
    """The one-time code of a new account."""
    department = held.department()
    answer = run("create", "li", "--full-name", "账号李", "--department", department.code, "--role", "case_officer")
    assert answer.exit_code == 0, answer.output
    return answer.stdout.split()[0]


def signs_in(password: str = NEW) -> bool:
    return Client().post(SIGN_IN, {"username": "li", "password": password}).status_code == 302


def test_from_creation_to_the_end() -> None:
    code, since = made(), selectors.size()
    given = {"username": "li", "code": code, "new": NEW, "again": NEW}
    assert Client().post(f"{SIGN_IN}/new-password", given).status_code == 302
    assert signs_in()
    for _attempt in range(5):
        assert not signs_in("wrong-one")
    assert not signs_in()
    assert run("unlock", "li").exit_code == 0
    assert not AccessAttempt.objects.exists()
    assert signs_in()
    assert run("disable", "li").exit_code == 0
    assert not signs_in()
    assert run("enable", "li").exit_code == 0
    assert run("reset-password", "li").stdout.split()[0] != code
    assert not signs_in()
    assert run("role", "li", "--role", "data_officer", "--department", held.department().code).exit_code == 0
    events = [json.loads(body)["event"] for body in selectors.bodies(since, selectors.size())]
    assert [code for code in events if not code.startswith("signin.")] == [
        *("password.changed", "account.locked", "account.unlocked", "account.disabled", "account.enabled"),
        *("password.reset", "account.role.changed"),
    ]
    listed = run("list").output
    assert "li" in listed
    assert "data_officer" in listed


def test_lost_factors_and_bindings(settings: Any) -> None:
    made()
    user, at, secret = User.objects.get(), clock.now(), factors.new_secret()
    step = int(at.timestamp()) // 30
    factors.add_app(user, secret=secret, code=factors.format_hotp_value(factors.hotp_value(secret, step)), at=at)
    assert run("remove-factors", "li").exit_code == 0
    assert not factors.enrolled(user)
    assert "GONGXIN_OIDC_ISSUER" in run("bind", "li", "--subject", "7f1c").output
    settings.OIDC_ISSUER = "https://identity.example"
    assert run("bind", "li", "--subject", "7f1c").exit_code == 0
    assert run("bind", "li", "--subject", "7f1c").exit_code == 1
    assert run("unbind", "li").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("disable", "nobody"),
        ("enable", "li"),
        ("unlock", "li"),
        ("remove-factors", "li"),
        ("unbind", "li"),
        ("create", "li", "--full-name", "又一个", "--department", "T1"),
        ("create", "zhao", "--full-name", "没有单位"),
        ("role", "li", "--role", "emperor"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(arguments: tuple[str, ...]) -> None:
    made()
    answer = run(*arguments)
    assert answer.exit_code == 1
    assert answer.stderr.strip()
    assert "Traceback" not in answer.output
