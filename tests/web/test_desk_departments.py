"""Departments kept by the credit office: entered, changed, out of use and back; each a leaf, none unconfirmed."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from django.http.response import HttpResponseBase
from django.urls import reverse
from tests.made_up import code
from tests.web import in_browser
from tests.web.desk_world import World, build
from tests.web.route_world import body

from gongxin.identity.models import Department
from gongxin.ledger import selectors

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db
NEW: dict[str, Any] = {
    "code": "water",
    "name": "虚构水务局",
    "uscc": "",
    "items": ["penalty", "licence"],
    "purposes": ["licence-review"],
}


@pytest.fixture
def world() -> World:
    return build()


def text(answer: HttpResponseBase) -> str:
    return body(answer).decode()


def post(world: World, name: str, values: dict[str, Any], *args: str) -> HttpResponseBase:
    return world.client(world.office).post(reverse(f"desk:{name}", args=args), values)


def test_department_is_entered_when_confirmed(world: World) -> None:
    asked = text(post(world, "department-new", NEW | {"step": "check"}))
    assert "还没有办理" in asked
    assert asked.count('name="items"') == 2
    assert not Department.objects.filter(code="water").exists()
    before = selectors.size()
    assert post(world, "department-new", NEW | {"step": "submit"}).status_code == 302
    made = Department.objects.get(code="water")
    assert (made.name, made.items, made.purposes, made.active) == (
        "虚构水务局", ["penalty", "licence"], ["licence-review"], True,
    )  # fmt: skip
    assert selectors.size() == before + 1
    assert b"department.registered" in selectors.body(before)
    taken = post(world, "department-new", NEW | {"step": "submit"})
    assert (taken.status_code, "已经使用" in text(taken)) == (409, True)


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"uscc": code(1)[:-1] + ("0" if code(1)[-1] != "0" else "1")}, 422, "统一社会信用代码不正确"),
        ({"code": "水务"}, 422, "不可用"),
        ({"name": "虚构税务局"}, 422, "已有名为"),
        ({"items": ["weather"]}, 422, "weather"),
        ({"name": ""}, 422, "error-summary"),
    ],
)
def test_what_cannot_be_is_told_at_the_form(world: World, changed: dict[str, Any], status: int, told: str) -> None:
    answer = post(world, "department-new", NEW | changed | {"step": "submit"})
    assert (answer.status_code, told in text(answer)) == (status, True)
    assert Department.objects.count() == 3


def test_change_keeps_the_code_and_whether_it_is_in_use(world: World) -> None:
    Department.objects.filter(code="tax").update(active=False)
    form = text(world.client(world.office).get(reverse("desk:department", args=["tax"])))
    assert 'name="code"' not in form
    changed = {"name": "虚构税务总局", "uscc": code(7), "items": ["penalty"], "purposes": [], "step": "submit"}
    assert post(world, "department", changed, "tax").status_code == 302
    held = Department.objects.get(code="tax")
    assert (held.name, held.uscc, held.items, held.active) == ("虚构税务总局", code(7), ["penalty"], False)


def test_department_out_of_use_shuts_its_accounts_out_until_it_is_back(world: World) -> None:
    officer, home = world.client(world.officer), reverse("desk:home")
    page = text(world.client(world.office).get(reverse("desk:department-use", args=["market"])))
    assert "停用后，该单位的账号和接口密钥立即不能使用" in page
    assert post(world, "department-use", {"active": "no"}, "market").status_code == 302
    assert officer.get(home).status_code != 200
    twice = post(world, "department-use", {"active": "no"}, "market")
    assert (twice.status_code, "无需变更" in text(twice)) == (409, True)
    assert post(world, "department-use", {"active": "yes"}, "market").status_code == 302
    assert world.client(world.officer).get(home).status_code == 200


def test_departments_are_narrowed_in_the_address_and_downloaded(world: World) -> None:
    Department.objects.filter(code="tax").update(active=False)
    client = world.client(world.office)
    listed = reverse("desk:departments-kept")
    assert text(client.get(listed, {"item": "penalty", "in_use": "yes"})).count('<th scope="row">') == 1
    assert "没有符合条件的单位" in text(client.get(listed, {"q": "nobody"}))
    answer = client.get(reverse("desk:departments-kept-file", args=["csv"]), {"in_use": "no"})
    rows = list(csv.DictReader(io.StringIO(text(answer).lstrip("\ufeff"))))
    assert [(row["代码"], row["在用账号"], row["状态"]) for row in rows] == [("tax", "1", "已停用")]


def test_a_department_that_is_not_there_is_told(world: World) -> None:
    answer = world.client(world.office).get(reverse("desk:department", args=["nobody"]))
    assert (answer.status_code, "没有代码为" in text(answer)) == (404, True)


@pytest.mark.browser
def test_the_pages_are_accessible(world: World, page: Page) -> None:
    odd = in_browser.connect(page, world.client(world.office))
    named = [("departments-kept", []), ("department-new", []), ("department", ["tax"]), ("department-use", ["tax"])]
    for name, args in named:
        assert in_browser.complaints(page, in_browser.ORIGIN + reverse(f"desk:{name}", args=args)) == [], name
    page.goto(in_browser.ORIGIN + reverse("desk:department", args=["tax"]))
    page.get_by_role("button", name="下一步：核对").click()
    assert page.get_by_role("button", name="确认办理").is_visible()
    assert (in_browser.violations(page), odd) == ([], [])
