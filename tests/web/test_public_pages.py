"""The public pages: what they show and, above all, what they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests import held
from tests.web import public_world

from gongxin import clock
from gongxin.intake.faults import FAULTS
from gongxin.policy import packs
from gongxin.records.models import Record

MaxQueries = Callable[[int], Any]


@pytest.fixture
def city(db: None) -> Iterator[public_world.City]:
    """The world of the pages on the day of the tests."""
    cache.clear()
    with clock.at(public_world.at()):
        yield public_world.build()
    cache.clear()


def _text(client: Client, name: str, status: int = 200, query: str = "", **arguments: object) -> str:
    response = client.get(reverse(f"public:{name}", kwargs=arguments) + query)
    assert response.status_code == status
    return response.content.decode()


# --- home


def test_home_counts_what_is_public(city: public_world.City, client: Client) -> None:
    text = _text(client, "home")
    published = sum(1 for item in packs.current().items.values() if item.disclosure == "public") - 1
    # A penalty of the company and one of the shop; one record of every other public item.
    assert f"<dd>{published + 1}</dd>" in text
    assert city.company.name in text
    assert "十公示" in text


def test_home_needs_few_queries(
    city: public_world.City, client: Client, django_assert_max_num_queries: MaxQueries
) -> None:
    with django_assert_max_num_queries(3):
        client.get("/")


# --- organisation


def test_organisation_shows_public_records_only(city: public_world.City, client: Client) -> None:
    text = _text(client, "organisation", organisation_id=city.company.pk)
    assert str(city.public.pk) in text
    for hidden in (city.ended, city.never, city.early, city.closed, city.restricted):
        assert str(hidden.pk) not in text
    assert "泽川旧岭商店" in text
    assert "000000000000011" in text
    assert "登记信息有疑点" in text
    assert held.CANARY not in text


def test_organisation_without_records_says_so_in_every_category(city: public_world.City, client: Client) -> None:
    text = _text(client, "organisation", organisation_id=city.stray.pk)
    categories = {item.category for item in packs.current().items.values()} - {"registration"}
    assert text.count("查询期内无相关信息") == len(categories)
    assert "登记库中没有该单位" in text


def test_sole_trader_is_shown_by_business_name(city: public_world.City, client: Client) -> None:
    page = _text(client, "organisation", organisation_id=city.shop.pk)
    assert city.shop.name in page
    assert public_world.HOME not in page
    for address in (
        reverse("public:organisation", args=[city.shop.pk]),
        reverse("public:record", args=[city.of_shop.pk]),
        reverse("public:disclosure", args=["penalty"]),
        reverse("public:disclosure-csv", args=["penalty"]),
        reverse("public:search") + "?q=泽川南门",
    ):
        response = client.get(address)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert response.status_code == 200
        text = content.decode().replace("<mark>", "").replace("</mark>", "")
        assert city.shop.name in text
        assert public_world.OPERATOR not in text


def test_organisation_needs_the_same_queries_for_any_number_of_records(
    city: public_world.City, client: Client, django_assert_max_num_queries: MaxQueries
) -> None:
    for _number in range(30):
        held.record(city.company, provider=city.market)
    with django_assert_max_num_queries(4):
        client.get(reverse("public:organisation", args=[city.company.pk]))


# --- record


def test_record_says_why_it_is_public_until_when(city: public_world.City, client: Client) -> None:
    text = _text(client, "record", record_id=city.public.pk)
    assert "信用修复管理办法" in text
    assert "2027年3月31日" in text
    assert "依据可靠" in text
    assert reverse("public:policy", args=["penalty-2026-ordinary"]) in text
    assert "没有截止日" in text
    assert held.CANARY not in text


def test_versions_name_what_changed_but_not_what_it_said(city: public_world.City, client: Client) -> None:
    text = _text(client, "record", record_id=city.public.pk)
    assert "第 2 版" in text
    assert "更正的内容：违法事实" in text
    assert public_world.CORRECTED not in text


@pytest.mark.parametrize(
    ("standing", "status", "says"),
    [
        ("ended", 410, "公示期已满"),
        ("closed", 410, "已经停止公示"),
        ("never", 404, "不予公示"),
        ("early", 404, "还没有开始公示"),
        ("restricted", 404, "不向社会公开"),
    ],
)
def test_record_not_public_shows_nothing_of_it(
    city: public_world.City, client: Client, standing: str, status: int, says: str
) -> None:
    record = getattr(city, standing)
    text = _text(client, "record", status, record_id=record.pk)
    assert says in text
    for part in (record.title, record.document_no, city.company.name, city.market.name):
        assert part not in text
    assert 'content="noindex"' in text


def test_record_never_public_says_by_which_rule(city: public_world.City, client: Client) -> None:
    text = _text(client, "record", 404, record_id=city.never.pk)
    assert "轻微失信信息不予公示" in text
    assert "信用修复管理办法（国家发展改革委令第36号，2025年）" in text


def test_record_is_public_on_its_last_day_and_gone_on_the_next(city: public_world.City, client: Client) -> None:
    address = reverse("public:record", args=[city.public.pk])
    last = city.public.publicity_until
    assert last is not None
    with clock.at(_noon(last)):
        kept = client.get(address)
        assert kept.status_code == 200
    with clock.at(_noon(last + timedelta(days=1))):
        assert client.get(address, headers={"if-none-match": kept["ETag"]}).status_code == 410
        assert (
            city.public.document_no
            not in client.get("/search", {"q": city.public.document_no}).content.decode().split("<h2>", 1)[-1]
        )


def _noon(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=clock.CIVIL_TIME)


def test_unknown_addresses_are_pages(city: public_world.City, client: Client) -> None:
    for address in (f"/records/{uuid4()}", f"/organisations/{uuid4()}", "/catalogue/none", "/disclosures/none",
                    "/errors/E999", "/policies/none", "/calendar/1900", "/nothing"):  # fmt: skip
        response = client.get(address)
        assert response.status_code == 404, address
        assert "回到首页" in response.content.decode()


# --- search


def test_search_by_name_former_name_code_and_document(city: public_world.City, client: Client) -> None:
    for query, why in (
        ("云岭贸易", "名称相符"),
        ("旧岭商店", "曾用名相符"),
        (city.company.uscc, "统一社会信用代码相符"),
    ):
        text = client.get("/search", {"q": query}).content.decode()
        assert str(city.company.pk) in text
        assert why in text
    for number in ("泽市监罚〔2026〕1号", "泽市监罚[2026]1号", "泽市监罚（2026）1号"):
        assert str(city.public.pk) in client.get("/search", {"q": number}).content.decode()


def test_search_hints_at_a_wrong_check_digit(city: public_world.City, client: Client) -> None:
    code = city.company.uscc or ""
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    text = client.get("/search", {"q": wrong}).content.decode()
    assert "校验码不符" in text
    assert f"校验码应为 {code[-1]}" in text


def test_search_without_result_says_what_to_do(city: public_world.City, client: Client) -> None:
    text = client.get("/search", {"q": "查无此名甲乙丙"}).content.decode()
    assert "没有找到相符的单位" in text
    assert "曾用名" in text
    assert 'content="noindex"' in text


@pytest.mark.parametrize("query", ["", " ", "a", "%", "'; --", "\x00", "泽" * 300, "〔〕", "?page=-1"])
def test_search_takes_anything(city: public_world.City, client: Client, query: str) -> None:
    assert client.get("/search", {"q": query, "page": "0x", "kind": "person"}).status_code == 200


def test_search_does_not_find_what_is_not_public(city: public_world.City, client: Client) -> None:
    Record.objects.filter(pk=city.never.pk).update(document_no="泽市监罚〔2026〕999号")
    assert str(city.never.pk) not in client.get("/search", {"q": "泽市监罚〔2026〕999号"}).content.decode()


# --- what every page has


def test_pages_are_checked_again_at_every_visit(city: public_world.City, client: Client) -> None:
    first = client.get("/about")
    assert "no-cache" in first["Cache-Control"]
    assert client.get("/about", headers={"if-none-match": first["ETag"]}).status_code == 304
    assert client.post("/about").status_code == 405


def test_pages_set_no_cookie_until_something_is_chosen(city: public_world.City, client: Client) -> None:
    assert not client.get("/").cookies
    chosen = client.post("/preferences", {"theme": "dark", "type": "large", "next": "/about"})
    assert (chosen.status_code, chosen["Location"]) == (302, "/about")
    text = client.get("/").content.decode()
    assert 'data-theme="dark" data-type="large"' in text
    assert 'gongxin-dark.css" media="screen"' in text
    client.post("/preferences", {"theme": "light"})
    assert "gongxin-dark.css" not in client.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org/", "javascript:alert(1)", "", "\\\\evil"])
def test_preferences_lead_nowhere_else(db: None, client: Client, target: str) -> None:
    assert client.post("/preferences", {"theme": "nonsense", "next": target})["Location"] == "/"
    assert client.get("/preferences").status_code == 405


def test_policies_mark_uncertain_sources(city: public_world.City, client: Client) -> None:
    doubtful = [rule for rule in packs.current().rules() if rule.reference.confidence == "L"]
    assert doubtful
    assert _text(client, "policies").count(">依据待核实<") == len(doubtful) + 1
    assert "依据待核实" in _text(client, "policy", rule_id=doubtful[0].id)


def test_every_rule_item_and_error_code_has_its_page(db: None, client: Client) -> None:
    for rule in packs.current().rules():
        assert rule.title in _text(client, "policy", rule_id=rule.id)
    for item in packs.current().items.values():
        text = _text(client, "item", item_id=item.id)
        assert all(field.name in text for field in item.fields)
    for fault in FAULTS.values():
        assert fault.title in _text(client, "error", code=fault.code)


def test_english_pages_have_no_chinese_of_ours(city: public_world.City, client: Client) -> None:
    """What has an English text is shown in it; names, documents and code values are as they are on record."""
    client.post("/preferences", {"lang": "en", "next": "/"})
    home = _text(client, "home")
    for word in ("事业单位和政府机关", "社会组织和其他组织", "个体工商户<"):
        assert word not in home
    entry = client.get("/catalogue/penalty").content.decode()
    assert "3 months at least, 12 months at most" in entry
    assert "when “Kind of party” is" in entry
    assert "（<a" not in entry
    assert "<caption>April</caption>" in client.get("/calendar/2026").content.decode()
