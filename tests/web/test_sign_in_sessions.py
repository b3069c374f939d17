"""How long sessions last, how many there are, and who ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from tests.web import signing_world
from tests.web.signing_world import AT, PASSWORD, Account, sign_in

from gongxin import clock
from gongxin.identity import passwords, suspension
from gongxin.identity.warrants import of_operator
from gongxin.secrecy.session_store import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return signing_world.build()


def _opened(**headers: str) -> Client:
    client = Client(**headers)
    assert sign_in(client).status_code == 302
    return client


def _signed_in(client: Client) -> bool:
    return bool(client.get("/desk/account").status_code == 200)


@pytest.mark.parametrize(("minutes", "lasts"), [(29, True), (31, False)])
def test_ends_when_not_used(account: Account, minutes: int, *, lasts: bool) -> None:
    with clock.at(AT):
        client = _opened()
    with clock.at(AT + timedelta(minutes=minutes)):
        assert _signed_in(client) is lasts
        if not lasts:
            assert account.events()[-1][1] == {
                "account": "officer",
                "actor": "officer",
                "reason": "idle",
                "sessions": 1,
            }
            assert "30分钟没有操作" in client.get("/desk/sign-in").content.decode()
            assert not UserSession.objects.exists()


def test_use_keeps_it_until_it_is_too_old(account: Account) -> None:
    with clock.at(AT):
        client = _opened()
    for minutes in range(20, 12 * 60 + 1, 20):
        with clock.at(AT + timedelta(minutes=minutes)):
            assert _signed_in(client)
    with clock.at(AT + timedelta(hours=12, minutes=1)):
        assert not _signed_in(client)
    assert account.events()[-1][1]["reason"] == "age"


def test_what_a_page_asks_by_itself_is_no_use(account: Account) -> None:
    with clock.at(AT):
        client = _opened()
    nothing = "00000000-0000-0000-0000-000000000000"
    with clock.at(AT + timedelta(minutes=20)):
        assert client.get(f"/desk/submissions/{nothing}/progress").status_code == 404
    with clock.at(AT + timedelta(minutes=31)):
        assert not _signed_in(client)


def test_public_pages_go_on_for_somebody_whose_session_ended(account: Account) -> None:
    with clock.at(AT):
        client = _opened()
    with clock.at(AT + timedelta(hours=1)):
        page = client.get("/about")
        assert page.status_code == 200
        assert "单位登录" in page.content.decode()


def test_one_more_than_allowed_ends_the_oldest(account: Account, settings: Any) -> None:
    settings.SESSIONS_PER_ACCOUNT = 2
    browsers = []
    for minute in range(3):
        with clock.at(AT + timedelta(minutes=minute)):
            browsers.append(_opened())
    with clock.at(AT + timedelta(minutes=5)):
        assert [_signed_in(browser) for browser in browsers] == [False, True, True]
    assert account.events()[-1][1]["sessions_ended"] == 1


def test_disabled_account_is_out_with_its_next_request(account: Account) -> None:
    first, second = _opened(), _opened()
    suspension.disable(account.user, acting_user=None, at=AT)
    assert not _signed_in(first)
    assert not _signed_in(second)
    assert account.events()[-1] == (
        "account.disabled",
        {"account": "officer", "actor": "the command line", "sessions": 2},
    )
    suspension.lift(account.user, by=of_operator(), at=AT)
    assert not _signed_in(first), "the old session stays ended"
    assert _signed_in(_opened())


def test_closed_department_ends_sessions(account: Account) -> None:
    client = _opened()
    account.department.active = False
    account.department.save()
    assert not _signed_in(client)
    assert account.events()[-1][1]["reason"] == "department-closed"
    assert "所属单位已停用" in client.get("/desk/sign-in").content.decode()


def test_changing_the_password_ends_the_others(account: Account) -> None:
    here, there = _opened(), _opened()
    key = here.session.session_key
    new = {"new": "another-long-one-26", "again": "another-long-one-26"}
    assert here.post("/desk/account/password", {"current": "wrong-one", **new}).status_code == 422
    assert here.post("/desk/account/password", {"current": PASSWORD, **new}).status_code == 302
    assert _signed_in(here)
    assert not _signed_in(there)
    assert here.session.session_key != key
    assert account.events()[-1] == ("password.changed", {"account": "officer", "actor": "officer", "sessions": 1})
    assert UserSession.objects.get().session_key == kept(here.session.session_key)


def test_guessing_the_password_of_an_open_session_locks_too(account: Account) -> None:
    here = _opened()
    for _attempt in range(5):
        here.post("/desk/account/confirm", {"password": "wrong-one"})
    refused = here.post("/desk/account/confirm", {"password": PASSWORD})
    assert refused.status_code == 422
    assert "account.locked" in account.codes()


def test_reset_password_ends_all(account: Account) -> None:
    client = _opened()
    row = Session.objects.filter(pk=kept(client.session.session_key))
    assert row.exists()
    passwords.reset(account.user, by=of_operator(), at=AT)
    assert not _signed_in(client)
    assert not row.exists()


def test_owner_sees_sessions_and_ends_them(account: Account) -> None:
    here, there, third = _opened(HTTP_USER_AGENT="Here/1"), _opened(HTTP_USER_AGENT="There/2"), _opened()
    page = here.get("/desk/account/sessions").content.decode()
    assert "Here/1" in page
    assert "There/2" in page
    assert page.count("本会话") == 1
    gone = UserSession.objects.get(user_agent="There/2")
    assert here.post(f"/desk/account/sessions/{gone.pk}/end").status_code == 302
    assert not _signed_in(there)
    assert here.post(f"/desk/account/sessions/{gone.pk}/end").status_code == 404
    assert here.post("/desk/account/sessions/end").status_code == 302
    assert not _signed_in(third)
    own = UserSession.objects.get()
    assert here.post(f"/desk/account/sessions/{own.pk}/end")["Location"] == "/desk/sign-in"
    assert not _signed_in(here)
    ended = [fields["reason"] for code, fields in account.events() if code == "session.ended"]
    assert ended == ["own", "own", "signed-out"]


def test_nobody_ends_sessions_of_others(account: Account) -> None:
    theirs = signing_world.build(username="other")
    client = Client()
    sign_in(client, theirs.user.username)
    here = _opened()
    session = UserSession.objects.get(user=theirs.user)
    assert here.post(f"/desk/account/sessions/{session.pk}/end").status_code == 404
    assert _signed_in(client)


def test_signing_in_anew_in_the_same_browser_ends_the_session_before(account: Account) -> None:
    signing_world.build(username="other")
    client = _opened()
    sign_in(client, "other")
    assert "账号甲" in client.get("/desk/account").content.decode()
    assert [session.user.username for session in UserSession.objects.all()] == ["other"]
