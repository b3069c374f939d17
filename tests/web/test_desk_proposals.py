"""Changes of accounts at the desk: asked, confirmed, approved by another; each half of a code on one page, once."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from tests.web import in_browser
from tests.web.desk_world import PASSWORD
from tests.web.route_world import Everybody, body

from gongxin.identity.models import Proposal, Role, User

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db
NEW = {
    "username": "zhao-liu",
    "full_name": "虚构员工",
    "role": "case_officer",
    "department": "tax",
    "reason": "新入职〔2026〕3号",
}


@pytest.fixture
def everybody() -> Everybody:
    return Everybody()


def text(answer: HttpResponseBase) -> str:
    return body(answer).decode()


def half_of(answer: HttpResponseBase) -> str:
    """The half of a code on the page."""
    found = re.search(r'id="code">([^<]+)<', text(answer))
    assert found, "no code on the page"
    assert answer["Cache-Control"] == "no-store, private"
    return found[1]


def proposed(everybody: Everybody, address: str, sent: dict[str, str]) -> Proposal:
    """The system administrator proposes it."""
    answer = everybody.clients["system_admin"].post(address, sent | {"step": "submit"})
    assert answer.status_code == 302, text(answer)
    return Proposal.objects.get(pk=UUID(str(answer["Location"]).rsplit("/", 1)[1]))


def decide(everybody: Everybody, proposal: Proposal, decision: str = "approve") -> HttpResponseBase:
    """The security administrator decides."""
    address = reverse("desk:proposal-decide", args=[proposal.pk])
    return everybody.clients["security_admin"].post(address, {"decision": decision, "reason": "材料已核实"})


def test_an_account_goes_through_two_hands(everybody: Everybody) -> None:
    system, security = everybody.clients["system_admin"], everybody.clients["security_admin"]
    at = reverse("desk:account-new")
    asked = text(system.post(at, NEW | {"step": "check"}))
    assert ("还没有办理" in asked, "虚构税务局" in asked) == (True, True)
    assert "zhao-liu" in text(system.post(at, NEW | {"step": "edit"})), "the answers are still in the form"
    made = proposed(everybody, at, NEW)
    assert not User.objects.filter(username="zhao-liu").exists()
    for client, told in ((system, "等待安全管理员批准的账号变更"), (security, "待您批准的账号变更")):
        home = text(client.get(reverse("desk:home")))
        assert (told in home, reverse("desk:proposal", args=[made.pk]) in home) == (True, True)
    first = half_of(decide(everybody, made))
    assert "待转交一次性代码后一段" in text(system.get(reverse("desk:home")))
    assert "取一次性代码的后一段" not in text(security.get(reverse("desk:proposal", args=[made.pk])))
    second = half_of(system.post(reverse("desk:proposal-code", args=[made.pk])))
    again = system.post(reverse("desk:proposal-code", args=[made.pk]))
    assert (again.status_code, second in text(again)) == (409, False)
    given = {"username": "zhao-liu", "code": f"{first} {second}", "new": PASSWORD, "again": PASSWORD}
    assert Client().post(reverse("desk:new-password"), given)["Location"] == reverse("desk:sign-in")
    account = User.objects.get(username="zhao-liu")
    page = text(security.get(reverse("desk:account-of", args=[account.pk])))
    assert re.search("账号system_admin</td><td>账号security_admin", page), "who proposed, who approved"
    history = text(everybody.clients["auditor"].get(reverse("desk:account-history", args=[account.pk])))
    assert "（由他人提出，经批准）" in history


def test_account_that_cannot_be_is_told_at_the_form(everybody: Everybody) -> None:
    before, at = Proposal.objects.count(), reverse("desk:account-new")
    for changed, told in (
        ({"department": ""}, "请选择所属单位"),
        ({"role": "representative"}, "不属于任何单位"),
        ({"role": "emperor"}, "emperor"),
        ({"username": "a b"}, "账号名不可用"),
        ({"username": "other"}, "已经存在"),
        ({"reason": " "}, "error-summary"),
    ):
        answer = everybody.clients["system_admin"].post(at, NEW | changed | {"step": "submit"})
        assert (answer.status_code, told in text(answer)) == (422, True), changed
    assert Proposal.objects.count() == before


def test_a_role_changes_when_approved_and_is_proposed_back(everybody: Everybody) -> None:
    account, system = everybody.users["other_officer"], everybody.clients["system_admin"]
    at = reverse("desk:account-role", args=[account.pk])
    made = proposed(everybody, at, {"role": "case_officer", "department": "tax", "reason": "调岗"})
    assert User.objects.get(pk=account.pk).role == Role.DATA_OFFICER
    assert decide(everybody, made).status_code == 302
    assert User.objects.get(pk=account.pk).role == Role.CASE_OFFICER
    page = text(system.get(reverse("desk:proposal", args=[made.pk])))
    undo = f"{at}?undo={made.pk}"
    assert undo in page
    assert re.search(r'value="data_officer" selected', text(system.get(undo)))
    assert system.get(f"{at}?undo=nonsense").status_code == 200
    again = system.post(at, {"role": "case_officer", "department": "tax", "reason": "调岗", "step": "submit"})
    assert (again.status_code, "无需变更" in text(again)) == (409, True)


def test_a_password_is_asked_for_withdrawn_and_rejected(everybody: Everybody) -> None:
    account, system = everybody.users["other_officer"], everybody.clients["system_admin"]
    at = reverse("desk:account-ask", args=[account.pk, "password"])
    made = proposed(everybody, at, {"reason": "本人遗忘"})
    twice = system.post(at, {"reason": "本人遗忘", "step": "submit"})
    assert (twice.status_code, "等待批准" in text(twice)) == (409, True)
    assert system.post(reverse("desk:proposal-withdraw", args=[made.pk])).status_code == 302
    late = decide(everybody, made)
    assert (late.status_code, "已撤回" in text(late)) == (409, True)
    other = proposed(everybody, at, {"reason": "本人遗忘"})
    assert decide(everybody, other, "reject").status_code == 302
    assert "材料已核实" in text(system.get(reverse("desk:home"))), "what was not approved is told to who proposed it"
    assert User.objects.get(pk=account.pk).has_usable_password()


def test_a_decision_has_its_reason(everybody: Everybody) -> None:
    made = proposed(everybody, reverse("desk:account-new"), NEW)
    address = reverse("desk:proposal-decide", args=[made.pk])
    answer = everybody.clients["security_admin"].post(address, {"decision": "approve", "reason": ""})
    assert (answer.status_code, "error-summary" in text(answer)) == (422, True)
    assert not User.objects.filter(username="zhao-liu").exists()


def test_nobody_proposes_for_the_own_account(everybody: Everybody) -> None:
    own = everybody.users["system_admin"].pk
    assert everybody.clients["system_admin"].get(reverse("desk:account-role", args=[own])).status_code == 403
    page = text(everybody.clients["system_admin"].get(reverse("desk:account-of", args=[own])))
    assert "提出" not in page


def test_the_list_is_narrowed_and_downloaded(everybody: Everybody) -> None:
    made = proposed(everybody, reverse("desk:account-new"), NEW)
    decide(everybody, made)
    client = everybody.clients["auditor"]
    assert text(client.get(reverse("desk:proposals"), {"state": "done"})).count('<th scope="row"') == 1
    assert "没有符合条件" in text(client.get(reverse("desk:proposals"), {"state": "expired"}))
    file = text(client.get(reverse("desk:proposals-file", args=["csv"]), {"state": "done"}))
    (row,) = csv.DictReader(io.StringIO(file.lstrip("\ufeff")))
    people = (row["账号"], row["提出人"], row["提出理由"], row["办理人"], row["办理理由"])
    assert people == ("zhao-liu", "system_admin", "新入职〔2026〕3号", "security_admin", "材料已核实")


@pytest.mark.browser
def test_the_pages_are_accessible(everybody: Everybody, page: Page) -> None:
    account, waits = everybody.users["other_officer"].pk, everybody.objects["<proposal>"]
    pages = {
        "system_admin": [
            reverse("desk:account-new"),
            reverse("desk:account-role", args=[account]),
            reverse("desk:account-ask", args=[account, "password"]),
            reverse("desk:proposals"),
        ],
        "security_admin": [reverse("desk:home"), reverse("desk:proposal", args=[waits])],
    }
    for actor, addresses in pages.items():
        odd = in_browser.connect(page, everybody.clients[actor])
        for address in addresses:
            assert in_browser.complaints(page, in_browser.ORIGIN + address) == [], address
        assert odd == []
    page.get_by_label("理由").fill("材料已核实")
    page.get_by_role("button", name="批准", exact=True).click()
    assert page.locator("#code").is_visible()
    assert (in_browser.violations(page), in_browser.sideways(page)) == ([], 0)
