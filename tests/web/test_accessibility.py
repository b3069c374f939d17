"""Every page in Chromium: axe finds nothing in light and dark, no sideways scroll at 320 px, no other host is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from tests.web import desk_world, in_browser, public_world

from gongxin import clock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True)
class Row:
    """A page. of: path arguments from the worlds; status: what it answers; staff: who is signed in ("" for nobody)."""

    name: str
    of: Callable[[public_world.City, desk_world.World], dict[str, Any]] = field(default=lambda city, desk: {})
    query: str = ""
    status: int = 200
    staff: str = ""


def _desk(name: str, **arguments: str) -> Row:
    return Row(name, lambda city, desk: arguments, staff="officer")


def _submission(name: str) -> Row:
    return Row(name, lambda city, desk: {"submission_id": desk.submission.pk}, staff="officer")


ROWS = [
    Row("public:home"),
    Row("public:search"),
    Row("public:search", query="?q=泽川"),
    Row("public:search", query="?q=泽市监罚〔2026〕1号"),
    Row("public:search", query="?q=91350100M000100Y4A"),
    Row("public:organisation", lambda city, desk: {"organisation_id": city.company.pk}),
    Row("public:organisation", lambda city, desk: {"organisation_id": city.shop.pk}),
    Row("public:organisation", lambda city, desk: {"organisation_id": city.stray.pk}),
    Row("public:report", lambda city, desk: {"organisation_id": city.company.pk}),
    Row("public:verify"),
    Row("public:verify-number", lambda city, desk: {"number": "GX20260410-0"}, status=404),
    Row("public:record", lambda city, desk: {"record_id": city.public.pk}),
    Row("public:record", lambda city, desk: {"record_id": city.ended.pk}, status=410),
    Row("public:record", lambda city, desk: {"record_id": city.never.pk}, status=404),
    Row("public:disclosures"),
    Row("public:disclosure", lambda city, desk: {"item_id": "penalty"}),
    Row("public:disclosure", lambda city, desk: {"item_id": "penalty"}, query="?q=没有这样的"),
    Row("public:disclosure", lambda city, desk: {"item_id": "penalty"}, query="?since=2026-05-01&until=2026-04-01"),
    Row("public:catalogue"),
    Row("public:item", lambda city, desk: {"item_id": "penalty"}),
    Row("public:errors"),
    Row("public:error", lambda city, desk: {"code": "E204"}),
    Row("public:policies"),
    Row("public:policy", lambda city, desk: {"rule_id": "penalty-2026-ordinary"}),
    Row("public:calendar"),
    Row("public:calendar-year", lambda city, desk: {"year": 2024}),
    Row("public:guide-objection"),
    Row("public:guide-repair"),
    Row("public:about"),
    Row("public:lent"),
    Row("desk:sign-in"),
    _desk("desk:home"),
    Row("desk:new-password"),
    _desk("desk:account"),
    _desk("desk:confirm"),
    _desk("desk:password"),
    _desk("desk:factors"),
    _desk("desk:factor-app"),
    _desk("desk:factor-key"),
    _desk("desk:sessions"),
    _desk("desk:upload"),
    _desk("desk:submissions"),
    _submission("desk:submission"),
    _submission("desk:findings"),
    _submission("desk:receipt"),
    _submission("desk:rows"),
    _desk("desk:entry-items"),
    _desk("desk:entry", item_id="penalty"),
    _desk("desk:catalogue"),
    _desk("desk:item", item_id="penalty"),
    _desk("desk:records"),
    Row("desk:record", lambda city, desk: {"record_id": desk.record.pk}, staff="officer"),
    Row("desk:departments", staff="office"),
    Row("desk:undelivered", staff="office"),
]
# Addresses that are no pages, each with what they are.
NOT_PAGES = {
    "public:disclosure-csv": "a file",
    "public:disclosure-xlsx": "a file",
    "public:verify-proof": "a file",
    "public:verify-certificate": "a file",
    "desk:looks": "looked at in test_looks_browser.py, by the auditor",
    "desk:look": "looked at in test_looks_browser.py, by the auditor",
    "desk:looks-file": "a file",
    "desk:report": "looked at in test_looks_browser.py, by a case officer",
    "public:preferences": "takes a form, answers with a redirect",
    "desk:sign-out": "takes a form, answers with a redirect",
    "desk:second-factor": "comes after a password: test_sign_in_browser.py",
    "desk:factor-codes": "takes a form, answers with the page of test_sign_in_browser.py",
    "desk:factor-remove": "takes a form, answers with a redirect",
    "desk:session-end": "takes a form, answers with a redirect",
    "desk:sessions-end": "takes a form, answers with a redirect",
    "desk:identity-service": "leads to another site",
    "desk:identity-service-return": "answers with a redirect or the page of a refusal",
    "desk:retry": "takes a form, answers with a redirect",
    "desk:progress": "a fragment of desk:submission",
    "desk:submissions-file": "a file",
    "desk:departments-file": "a file",
    "desk:undelivered-file": "a file",
    "desk:undelivered-again": "takes a form, answers with a redirect",
    "desk:rejected": "a file",
    "desk:whole": "a file",
    "desk:receipt-pdf": "a file",
    "desk:template": "a file",
    "desk:proof": "looked at in test_ends_browser.py, by the credit office",
    "desk:proof-run": "looked at in test_ends_browser.py, by the credit office",
    "desk:archive": "looked at in test_ends_browser.py, by the credit office",
    "desk:archived": "looked at in test_ends_browser.py, by the credit office",
    "desk:archived-case": "looked at in test_ends_browser.py, by the credit office",
    "desk:archived-evidence": "a file",
    "desk:retention": "looked at in test_ends_browser.py, by the credit office",
    "desk:retention-rule": "looked at in test_ends_browser.py, by the credit office",
    "desk:retention-list": "looked at in test_ends_browser.py, by the credit office",
    "desk:retention-decide": "takes a form, answers with a redirect",
    "desk:proof-file": "a file",
    "desk:look-proof": "a file",
    "desk:proof-run-file": "a file",
    "desk:retention-file": "a file",
    "desk:retention-list-file": "a file",
    "desk:keys": "looked at in test_desk_keys.py, by the security administrator",
    "desk:key-new": "looked at in test_desk_keys.py, by the security administrator",
    "desk:key-rotate": "looked at in test_desk_keys.py, by the security administrator",
    "desk:key-revoke": "looked at in test_desk_keys.py, by the security administrator",
    "desk:account-of": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:account-role": "looked at in test_desk_proposals.py, by the system administrator",
    "desk:accounts": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:permissions": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:permissions-of": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:representation": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:representation-end": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:substitute": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:substitution-end": "looked at in test_desk_accounts.py, by those who look after accounts",
    "desk:accounts-file": "a file",
    "desk:account-new": "looked at in test_desk_proposals.py, by the system administrator",
    "desk:account-care": "looked at in test_desk_account_care.py, by the security administrator",
    "desk:account-ask": "looked at in test_desk_proposals.py, by the system administrator",
    "desk:proposals": "looked at in test_desk_proposals.py, by the system administrator",
    "desk:proposal": "looked at in test_desk_proposals.py, by both administrators",
    "desk:proposals-file": "a file",
    "desk:proposal-decide": "looked at in test_desk_proposals.py, by the security administrator",
    "desk:proposal-withdraw": "takes a form, answers with a redirect",
    "desk:proposal-code": "looked at in test_desk_proposals.py: the page of a half is the same as after an approval",
    "desk:account-history": "looked at in test_desk_account_care.py, by the security administrator",
    "desk:account-history-file": "a file",
    "desk:departments-kept": "looked at in test_desk_departments.py, by the credit office",
    "desk:departments-kept-file": "a file",
    "desk:department": "looked at in test_desk_departments.py, by the credit office",
    "desk:department-new": "looked at in test_desk_departments.py, by the credit office",
    "desk:department-use": "looked at in test_desk_departments.py, by the credit office",
    "desk:permissions-file": "a file",
    "desk:permissions-of-file": "a file",
}


def _names(namespace: str) -> set[str]:
    patterns = get_resolver().namespace_dict[namespace][1].url_patterns
    return {f"{namespace}:{pattern.name}" for pattern in patterns if isinstance(pattern, URLPattern)}


def test_every_address_is_looked_at() -> None:
    """A new page needs a row here, a new file or form a line in NOT_PAGES."""
    assert {row.name for row in ROWS} | NOT_PAGES.keys() == _names("public") | _names("desk")


@pytest.fixture
def worlds(db: None) -> Iterator[tuple[public_world.City, desk_world.World]]:
    """Both worlds on the day of the tests."""
    cache.clear()
    with clock.at(public_world.at()):
        desk = desk_world.build()
        yield public_world.build(market=desk.mine), desk
    cache.clear()


def _groups() -> Iterator[tuple[str, list[Row]]]:
    """The rows by who looks, ten at a time: one world and one browser window serve them."""
    for staff in sorted({row.staff for row in ROWS}):
        rows = [row for row in ROWS if row.staff == staff]
        for begin in range(0, len(rows), 10):
            yield staff, rows[begin : begin + 10]


@pytest.mark.browser
@pytest.mark.parametrize(("staff", "rows"), _groups())
def test_pages_are_accessible(
    staff: str, rows: list[Row], worlds: tuple[public_world.City, desk_world.World], page: Page
) -> None:
    city, desk = worlds
    odd = in_browser.connect(page, desk.client(getattr(desk, staff)) if staff else Client())
    wrong: dict[str, list[str]] = {}
    for row in rows:
        before = len(odd)
        address = in_browser.ORIGIN + reverse(row.name, kwargs=row.of(city, desk)) + row.query
        found = in_browser.complaints(page, address, status=row.status)
        wrong[address] = found + [said for said in odd[before:] if str(row.status) not in said]
    assert {address: found for address, found in wrong.items() if found} == {}


@pytest.mark.browser
def test_keyboard_reaches_the_content_first(worlds: tuple[public_world.City, desk_world.World], page: Page) -> None:
    in_browser.connect(page, Client())
    page.goto(in_browser.ORIGIN + "/")
    page.keyboard.press("Tab")
    page.wait_for_selector(".skip:focus")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_selector("#content:focus")
    page.keyboard.press("Tab")
    page.wait_for_selector("#q:focus")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.browser
def test_everything_works_without_a_script(
    worlds: tuple[public_world.City, desk_world.World], browser: Browser
) -> None:
    """Search, filter, language, type size and palette are forms and links."""
    city, _desk_world = worlds
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    in_browser.connect(page, Client())
    page.goto(in_browser.ORIGIN + "/")
    page.get_by_role("button", name="大字版").click()
    assert page.locator("html").get_attribute("data-type") == "large"
    page.get_by_text("外观").click()
    page.get_by_role("button", name="深色").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("searchbox").fill("云岭")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name=city.company.name).click()
    assert page.url.endswith(str(city.company.pk))
    page.goto(in_browser.ORIGIN + "/disclosures/penalty")
    page.get_by_label("主体类型").select_option("sole_trader")
    page.get_by_role("button", name="筛选").click()
    assert "kind=sole_trader" in page.url
    page.get_by_role("button", name="English").click()
    assert page.get_by_text("1 records").is_visible()
    context.close()
