"""Accounts at the desk: what one can do and why, roles, substitutes, representatives; nothing is done unconfirmed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.web import in_browser
from tests.web.route_world import Everybody, body

from gongxin import clock
from gongxin.identity.models import Representation, Substitution

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db
# Pages by who looks at them: name of the route and what its address names.
PAGES = {
    "security_admin": [
        ("permissions", ""),
        ("accounts", ""),
        ("account-of", "<account>"),
        ("permissions-of", "<account>"),
        ("substitute", "<account>"),
        ("substitution-end", "<substitution>"),
        ("home", ""),
    ],
    "credit_office": [
        ("account-of", "<representative>"),
        ("representation", "<representative>"),
        ("representation-end", "<representation>"),
    ],
    "representative": [("permissions", "")],
}


@pytest.fixture
def everybody() -> Everybody:
    return Everybody()


def test_own_permissions_say_rule_ground_and_next_step(everybody: Everybody) -> None:
    page = everybody.clients["data_officer"].get(reverse("desk:permissions")).content.decode()
    assert "只能查看和办理本单位的数据。" in page
    assert "需要其他单位的数据时，请联系信用办。" in page
    assert "济信用办〔2020〕12号" in page
    assert "provider-hands-in" in page


def test_permissions_of_another_name_the_substitute(everybody: Everybody) -> None:
    client, account = everybody.clients["security_admin"], everybody.users["case_officer"]
    page = client.get(reverse("desk:permissions-of", args=[account.pk])).content.decode()
    assert "正在代理" in page
    assert "账号absent" in page


def test_permissions_as_a_file(everybody: Everybody) -> None:
    response = everybody.clients["data_officer"].get(reverse("desk:permissions-file", args=["csv"]))
    rows = list(csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"))))
    assert {row["结论"] for row in rows} == {"可以", "不可以"}
    assert len(rows) > 30
    assert all(row["规则"] and row["依据"] for row in rows)


def test_outsiders_see_what_they_can_do(everybody: Everybody) -> None:
    page = everybody.clients["representative"].get(reverse("desk:permissions"))
    assert page.status_code == 200
    assert str(everybody.objects["<uscc>"]) in page.content.decode()


def test_accounts_are_listed_and_narrowed(everybody: Everybody) -> None:
    client = everybody.clients["security_admin"]
    page = client.get(reverse("desk:accounts"), {"role": "auditor", "department": "market"}).content.decode()
    assert page.count('<th scope="row">') == 1
    assert "审计管理员" in page
    assert "没有符合条件的账号" in client.get(reverse("desk:accounts"), {"q": "nobody"}).content.decode()


def test_substitutes_are_appointed_and_ended(everybody: Everybody) -> None:
    client, today = everybody.clients["security_admin"], clock.today()
    absent, mate = everybody.users["data_officer"], everybody.users["case_officer"]
    at = reverse("desk:substitute", args=[absent.pk])
    offered = client.get(at).content.decode()
    assert f'value="{mate.pk}"' in offered
    assert f'value="{everybody.users["auditor"].pk}"' not in offered, "the role excludes his own"
    assert f'value="{everybody.users["other_officer"].pk}"' not in offered, "another department"
    sent = {"substitute": mate.pk, "starts_on": today.isoformat(), "ends_on": (today + timedelta(days=3)).isoformat()}
    assert "还没有办理" in client.post(at, sent | {"step": "check"}).content.decode()
    assert client.post(at, sent | {"step": "submit"}).status_code == 302
    made = Substitution.objects.get(absent=absent)
    page = client.get(reverse("desk:account-of", args=[absent.pk])).content.decode()
    assert reverse("desk:substitution-end", args=[made.pk]) in page
    assert client.post(reverse("desk:substitution-end", args=[made.pk])).status_code == 302
    made.refresh_from_db()
    assert made.ended_by == "security_admin"


def test_days_that_do_not_fit_are_told_at_the_form(everybody: Everybody) -> None:
    at = reverse("desk:substitute", args=[everybody.users["data_officer"].pk])
    sent = {"substitute": everybody.users["case_officer"].pk, "starts_on": "2026-05-02", "ends_on": "2026-05-01"}
    answer = everybody.clients["security_admin"].post(at, sent | {"step": "check"})
    assert answer.status_code == 200, "what was answered is shown before it is judged"
    answer = everybody.clients["security_admin"].post(at, sent | {"step": "submit"})
    assert (answer.status_code, "起止日期" in answer.content.decode()) == (422, True)
    empty = everybody.clients["security_admin"].post(at, {"step": "check"})
    assert (empty.status_code, "error-summary" in empty.content.decode()) == (422, True)


def test_representatives_are_bound_and_unbound(everybody: Everybody) -> None:
    client, account = everybody.clients["credit_office"], everybody.users["representative"]
    held = Representation.objects.get(user=account)
    assert client.post(reverse("desk:representation-end", args=[held.pk])).status_code == 302
    at = reverse("desk:representation", args=[account.pk])
    unknown = client.post(at, {"uscc": "91000000MA0000999X", "ground": "委托书", "step": "check"})
    assert (unknown.status_code, "登记库中没有" in unknown.content.decode()) == (404, True)
    sent = {"uscc": f" {held.uscc.lower()} ", "ground": "授权委托书〔2026〕2号"}
    shown = client.post(at, sent | {"step": "check"}).content.decode()
    assert everybody.world.record.organisation.name in shown
    assert client.post(at, sent | {"step": "submit"}).status_code == 302
    assert Representation.objects.filter(user=account, ended_at=None).get().ground == "授权委托书〔2026〕2号"
    page = client.get(reverse("desk:account-of", args=[account.pk])).content.decode()
    assert "已解除" in page
    assert "有效" in page


@pytest.mark.browser
@pytest.mark.parametrize("actor", sorted(PAGES))
def test_the_pages_are_accessible(everybody: Everybody, actor: str, page: Page) -> None:
    odd = in_browser.connect(page, everybody.clients[actor])
    for name, of in PAGES[actor]:
        address = reverse(f"desk:{name}", args=[everybody.objects[of]] if of else [])
        assert in_browser.complaints(page, in_browser.ORIGIN + address) == [], name
    assert odd == []
