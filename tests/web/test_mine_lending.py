"""Lending access on the pages: to a department, another organisation, whoever holds a code; uses shown; taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import World, at, browser

from gongxin import clock
from gongxin.enquiries.models import Look
from gongxin.identity.models import Consent, Role, User

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world of rights with a record that is for authorised use."""
    with clock.at(at(JULY)):
        made = worlds.build()
        held.record(
            made.company, provider=made.market, disclosure="authorised", title="凭授权查询的记录", publicity_until=None
        )
        yield made


@pytest.fixture
def friend(world: World) -> User:
    """The representative of another organisation."""
    user = worlds.user("friend", Role.REPRESENTATIVE)
    other = held.organisation("泽川友邻贸易有限公司")
    worlds.representations.bind(user, other.uscc or "", ground="委托书二号", acting_user=None, at=at(JULY))
    return user


def lend(world: World, **given: Any) -> Any:
    """Send the form of a new authorisation."""
    values = {
        "uscc": world.company.uscc,
        "kind": "code",
        "items": ["penalty"],
        "purpose": "authorised-query",
        "ends_on": "2026-09-30",
    }
    return browser(world.agent).post(reverse("mine:lend"), values | given)


def test_a_code_is_shown_once_and_opens_what_is_lent_until_it_is_taken_back(world: World) -> None:
    page = lend(world).content.decode()
    code = page.split('id="lent-code">')[1].split("<")[0]
    lent = Consent.objects.get()
    assert lent.number in page
    mine = browser(world.agent)
    assert code not in mine.get(reverse("mine:lent", args=[lent.pk])).content.decode()
    asked = {"code": code, "matter": "贷款审核〔2026〕8号"}
    told = Client().post(reverse("public:lent"), asked)
    assert told["Cache-Control"] == "no-store, private" or "no-store" in told["Cache-Control"]
    assert "凭授权查询的记录" in told.content.decode()
    assert world.record.title not in told.content.decode()
    used = mine.get(reverse("mine:lent", args=[lent.pk])).content.decode()
    assert "贷款审核〔2026〕8号" in used
    assert "持授权码者" in used
    assert lent.number in mine.get(reverse("mine:looks")).content.decode()
    assert mine.post(reverse("mine:take-back", args=[lent.pk])).status_code == 302
    refused = Client().post(reverse("public:lent"), asked)
    assert refused.status_code == 403
    assert "授权已到期、已收回" in refused.content.decode()
    assert Look.objects.order_by("-pk")[0].outcome == "refused"
    assert Client().post(reverse("public:lent"), asked | {"code": "AAAA"}).status_code == 404
    assert Client().post(reverse("public:lent"), {}).status_code == 422


def test_another_organisation_reads_what_is_lent_to_it_alone(world: World, friend: User) -> None:
    code = friend.representations.get().uscc
    assert lend(world, kind="organisation", borrower=code).status_code == 200
    lent = Consent.objects.get()
    there = browser(friend)
    assert lent.number in there.get(reverse("mine:lending")).content.decode()
    address = reverse("mine:borrowed", args=[lent.pk])
    assert "凭授权查询的记录" not in there.get(address).content.decode()
    looks = Look.objects.count()
    told = there.post(address, {"matter": "合作尽职调查"})
    assert "凭授权查询的记录" in told.content.decode()
    assert Look.objects.count() == looks + 1
    assert there.post(address, {}).status_code == 422
    # Neither whom it is about nor anybody else reads it by that page, and the friend does not take it back.
    assert browser(world.agent).post(address, {"matter": "x"}).status_code == 404
    assert there.post(reverse("mine:take-back", args=[lent.pk])).status_code == 404
    with clock.at(at(date(2026, 10, 1))):
        there = browser(friend)
        assert "授权已经结束" in there.get(address).content.decode()
        assert there.post(address, {"matter": "合作尽职调查"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "department"}, "请选择政府部门"),
        ({"kind": "organisation", "borrower": "91000000MA00000016"}, "没有这个代码的信用主体"),
        ({"ends_on": "2028-01-01"}, "授权截止日期不在允许的范围内"),
        ({"items": []}, "这个字段是必填项"),
    ],
)
def test_what_is_wrong_is_told_on_top(world: World, given: dict[str, Any], said: str) -> None:
    answer = lend(world, **given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="error-summary" autofocus' in page
    assert said in page
    assert not Consent.objects.exists()


def test_to_a_department(world: World) -> None:
    page = lend(world, kind="department", department=world.other.code).content.decode()
    assert world.other.name in page
    assert 'id="lent-code"' not in page
