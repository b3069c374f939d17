"""Passwords, lock-out, one-time codes, and the leaves of all that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from tests.web import signing_world
from tests.web.signing_world import AT, PASSWORD, SIGN_IN, Account, sign_in

from gongxin import clock, ledger
from gongxin.identity import lockout, passwords, suspension
from gongxin.identity.roles import Role
from gongxin.identity.warrants import of_operator
from gongxin.secrecy.session_store import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return signing_world.build()


def test_sign_in_is_a_leaf_with_names_as_commitments(account: Account) -> None:
    sign_in(Client(REMOTE_ADDR="192.0.2.7"))
    [(code, fields)] = account.events()
    assert code == "signin.succeeded"
    assert (fields["account"], fields["address"], fields["actor"]) == ("officer", "192.0.2.7", "officer")
    assert (fields["method"], fields["factor"], fields["sessions_ended"]) == ("password", "", 0)


def test_session_gets_a_new_key(account: Account) -> None:
    client = Client()
    session = client.session
    session["before"] = "fixed by somebody else"
    session.save()
    old = session.session_key
    assert Session.objects.filter(session_key=kept(old)).exists()
    client.cookies["sessionid"] = old
    sign_in(client)
    assert client.session.session_key != old
    assert not Session.objects.filter(session_key=kept(old)).exists()


def test_no_leaf_no_session(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any, **__: Any) -> int:
        raise RuntimeError("the ledger does not answer")

    monkeypatch.setattr(ledger, "append", silent)
    client = Client(raise_request_exception=False)
    assert sign_in(client).status_code == 500
    assert not Session.objects.exists()
    assert client.get("/desk/").status_code == 302


def test_unknown_wrong_closed_and_locked_are_told_the_same(account: Account) -> None:
    closed = signing_world.build(username="closed")
    suspension.disable(closed.user, acting_user=None, at=AT)
    said = set()
    for username, password in [("nobody", PASSWORD), ("officer", "wrong-one"), ("closed", PASSWORD)]:
        answer = sign_in(Client(), username, password)
        said.add((answer.status_code, answer.context["refused"].title, answer.context["refused"].remedy))
    for _attempt in range(5):
        sign_in(Client(), "officer", "wrong-one")
    answer = sign_in(Client())
    said.add((answer.status_code, answer.context["refused"].title, answer.context["refused"].remedy))
    assert len(said) == 1
    assert "15分钟" in said.pop()[2]


def test_refusals_say_why_in_the_ledger_only_and_keep_no_mistyped_name(account: Account) -> None:
    sign_in(Client(), "my-secret-typed-here", PASSWORD)
    sign_in(Client(), "officer", "wrong-one")
    events = account.events()
    assert [(code, fields["account"], fields["reason"]) for code, fields in events] == [
        ("signin.refused", "", "password"),
        ("signin.refused", "officer", "password"),
    ]
    kept = "".join(str(row) for row in AccessAttempt.objects.values())
    assert "my-secret-typed-here" not in kept
    assert "officer" not in kept
    assert "wrong-one" not in kept


def test_locked_after_five_failures_for_a_quarter_of_an_hour(account: Account, settings: Any) -> None:
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        assert sign_in(Client(), password="wrong-one").status_code == 422
    assert sign_in(Client()).status_code == 422
    assert account.codes() == ["signin.refused"] * 5 + ["account.locked", "signin.refused"]
    assert account.events()[-1][1]["reason"] == "locked"
    assert account.events()[-2][1]["minutes"] == 15
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 302, "another address is not locked"
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=16))
    assert sign_in(Client()).status_code == 302


def test_success_forgets_failures(account: Account) -> None:
    for _attempt in range(4):
        sign_in(Client(), password="wrong-one")
    assert sign_in(Client()).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_unlocked_by_the_security_administrator(account: Account) -> None:
    for _attempt in range(5):
        sign_in(Client(), password="wrong-one")
    administrator = signing_world.build(Role.SECURITY_ADMIN, "security")
    lockout.unlock(account.user, acting_user=administrator.user, at=AT)
    assert account.events()[-1] == ("account.unlocked", {"account": "officer", "actor": "security"})
    assert sign_in(Client()).status_code == 302


def test_department_out_of_use_is_told_to_who_knows_the_password(account: Account) -> None:
    account.department.active = False
    account.department.save()
    said = sign_in(Client()).context["refused"]
    assert said.code == "department-inactive"
    assert account.events()[-1][1]["reason"] == "department-inactive"


def test_one_time_code_replaces_a_forgotten_password(account: Account) -> None:
    code = passwords.code_now(passwords.reset(account.user, by=of_operator(), at=AT), at=AT).code
    assert sign_in(Client()).status_code == 422, "the old password is void at once"
    given = {"username": "officer", "code": code, "new": "another-long-one-26", "again": "another-long-one-26"}
    client = Client()
    wrong = client.post("/desk/sign-in/new-password", given | {"code": code[:-1] + "x"})
    unknown = client.post("/desk/sign-in/new-password", given | {"username": "nobody"})
    assert wrong.context["refused"].remedy == unknown.context["refused"].remedy
    weak = client.post("/desk/sign-in/new-password", given | {"new": "12345678901", "again": "12345678901"})
    assert weak.context["refused"].code == "password-weak"
    assert client.post("/desk/sign-in/new-password", given | {"again": "x"}).status_code == 422
    assert client.post("/desk/sign-in/new-password", given)["Location"] == SIGN_IN
    assert client.post("/desk/sign-in/new-password", given).context["refused"].code == "reset-code-void"
    assert sign_in(Client(), password="another-long-one-26").status_code == 302
    assert [code for code in account.codes() if code != "signin.refused"] == [
        "password.reset",
        "password.changed",
        "signin.succeeded",
    ]


def test_demonstration_says_that_it_is_one(account: Account, settings: Any) -> None:
    settings.DEMO = True
    assert "这是演示节点" in Client().get(SIGN_IN).content.decode()
    settings.DEMO = False
    assert "演示" not in Client().get(SIGN_IN).content.decode()


def test_clock_of_the_page_is_ours(account: Account) -> None:
    with clock.at(AT):
        client = Client()
        sign_in(client)
        assert client.session["gx_started"] == int(AT.timestamp())
