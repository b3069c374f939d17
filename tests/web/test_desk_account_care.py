"""Accounts looked after at the desk by one administrator: nothing unconfirmed, and what the log says of them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from tests.web import in_browser
from tests.web.desk_world import PASSWORD
from tests.web.route_world import Everybody, body

from gongxin import clock
from gongxin.identity.models import User
from gongxin.ledger import contents, selectors

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def everybody() -> Everybody:
    return Everybody()


def text(answer: HttpResponseBase) -> str:
    return body(answer).decode()


def care(everybody: Everybody, deed: str, name: str = "other_officer") -> HttpResponseBase:
    """The security administrator confirms a deed."""
    address = reverse("desk:account-care", args=[everybody.users[name].pk, deed])
    return everybody.clients["security_admin"].post(address)


def history(everybody: Everybody, actor: str, name: str = "other_officer", query: str = "") -> str:
    address = reverse("desk:account-history", args=[everybody.users[name].pk])
    return text(everybody.clients[actor].get(address + query))


def test_suspended_account_is_out_at_once_and_comes_back(everybody: Everybody) -> None:
    account, home = everybody.users["other_officer"], reverse("desk:home")
    address = reverse("desk:account-care", args=[account.pk, "suspend"])
    assert "停用后立即不能登录" in text(everybody.clients["security_admin"].get(address))
    assert User.objects.get(pk=account.pk).is_active
    assert care(everybody, "suspend").status_code == 302
    assert everybody.clients["other_officer"].get(home).status_code == 302
    page = text(everybody.clients["security_admin"].get(reverse("desk:account-of", args=[account.pk])))
    assert ("恢复账号" in page, "停用账号" in page) == (True, False)
    listed = everybody.clients["security_admin"].get(reverse("desk:accounts"), {"in_use": "no"})
    assert text(listed).count('<th scope="row">') == 1
    twice = care(everybody, "suspend")
    assert (twice.status_code, "已经停用" in text(twice)) == (409, True)
    assert care(everybody, "restore").status_code == 302
    assert User.objects.get(pk=account.pk).is_active


def test_a_suspension_of_days_is_not_lifted_by_one(everybody: Everybody) -> None:
    account = everybody.users["other_officer"]
    care(everybody, "suspend")
    User.objects.filter(pk=account.pk).update(suspended_at=clock.now() - timedelta(days=2))
    page = text(everybody.clients["security_admin"].get(reverse("desk:account-of", args=[account.pk])))
    assert reverse("desk:account-care", args=[account.pk, "restore"]) not in page
    refused = care(everybody, "restore")
    assert (refused.status_code, "系统管理员提出" in text(refused)) == (403, True)
    assert not User.objects.get(pk=account.pk).is_active


def test_sessions_end_and_the_account_may_sign_in_again(everybody: Everybody) -> None:
    account = everybody.users["other_officer"]
    none = care(everybody, "end-sessions")
    assert (none.status_code, "没有正在使用" in text(none)) == (409, True)
    signed_in = Client()
    sent = {"username": "other", "password": PASSWORD}
    assert signed_in.post(reverse("desk:sign-in"), sent).status_code == 302
    before = selectors.size()
    assert care(everybody, "end-sessions").status_code == 302
    assert selectors.size() == before + 1
    leaf = json.loads(selectors.body(before))
    assert (leaf["event"], leaf["fields"]["reason"]) == ("session.ended", "administrator")
    assert signed_in.get(reverse("desk:home")).status_code == 302
    assert User.objects.get(pk=account.pk).is_active
    assert Client().post(reverse("desk:sign-in"), sent).url == reverse("desk:home")


def test_nobody_looks_after_the_own_account(everybody: Everybody) -> None:
    assert care(everybody, "suspend", "security_admin").status_code == 403
    page = everybody.clients["security_admin"].get(
        reverse("desk:account-of", args=[everybody.users["security_admin"].pk])
    )
    assert "账号安全" not in text(page)


def test_deeds_nobody_knows_are_no_pages(everybody: Everybody) -> None:
    account = everybody.users["other_officer"].pk
    assert (
        everybody.clients["security_admin"].get(f"/desk/administration/accounts/{account}/explode").status_code == 404
    )


def test_history_says_what_was_done_by_whom(everybody: Everybody) -> None:
    care(everybody, "suspend")
    care(everybody, "restore")
    page = history(everybody, "auditor")
    told = ["恢复账号", "停用账号", "为单位虚构税务局建立信用信息报送员账号"]
    places = [page.index(sentence) for sentence in told]
    assert places == sorted(places), "newest first"
    assert page.count("<td>security_admin</td>") == 2
    assert "命令行" in page


def test_history_is_told_in_the_readers_language(everybody: Everybody) -> None:
    everybody.clients["auditor"].post("/preferences", {"lang": "en", "next": "/desk/"})
    assert "An account with the role data officer was made for department 虚构税务局" in history(everybody, "auditor")


def test_addresses_of_sign_ins_are_for_security_and_audit(everybody: Everybody) -> None:
    Client(REMOTE_ADDR="192.0.2.77").post(reverse("desk:sign-in"), {"username": "other", "password": "wrong"})
    seen = {
        actor: history(everybody, actor) for actor in ("security_admin", "auditor", "system_admin", "credit_office")
    }
    assert {actor: "192.0.2.77" in page for actor, page in seen.items()} == {
        "security_admin": True, "auditor": True, "system_admin": False, "credit_office": False,
    }  # fmt: skip
    assert all("拒绝登录（密码不正确）" in page for page in seen.values())


def test_history_comes_in_pages_and_as_a_file(everybody: Everybody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gongxin.web.desk.account_history._PAGE", 2)
    monkeypatch.setattr("gongxin.web.desk.account_history._STRETCH", 2)
    for deed in ("suspend", "restore", "suspend", "restore"):
        care(everybody, deed)
    first = history(everybody, "security_admin")
    assert first.count('<td class="wide">') == 2
    following = re.search(r'href="(\?before=\d+)" rel="next"', first)
    assert following
    second = history(everybody, "security_admin", query=following[1])
    assert "回到最新" in second
    address = reverse("desk:account-history-file", args=[everybody.users["other_officer"].pk, "csv"])
    rows = list(csv.DictReader(io.StringIO(text(everybody.clients["auditor"].get(address)).lstrip("\ufeff"))))
    assert [row["事项"] for row in rows[:4]] == ["恢复账号", "停用账号，结束0个会话"] * 2
    assert len(rows) == 5
    assert len({row["日志编号"] for row in rows}) == 5


def test_what_was_destroyed_in_the_log_is_gone_from_the_history(everybody: Everybody) -> None:
    care(everybody, "suspend")
    account = everybody.users["other_officer"]
    ((seq, _),) = selectors.about(account.pk, size=1)
    contents.destroy(seq, reason="期限届满", actor="auditor", at=clock.now())
    assert "停用账号" not in history(everybody, "auditor")


@pytest.mark.browser
def test_the_pages_are_accessible(everybody: Everybody, page: Page) -> None:
    account = everybody.users["other_officer"].pk
    pages = {
        "security_admin": [
            reverse("desk:account-history", args=[account]),
            reverse("desk:account-care", args=[account, "suspend"]),
            reverse("desk:account-of", args=[account]),
        ],
    }
    for actor, addresses in pages.items():
        odd = in_browser.connect(page, everybody.clients[actor])
        for address in addresses:
            assert in_browser.complaints(page, in_browser.ORIGIN + address) == [], address
        assert odd == []
