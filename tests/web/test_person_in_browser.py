"""Pages of personal files in Chromium: axe in light and dark, 320 px; an objection by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import get_resolver, reverse
from tests.rights.world import browser, user
from tests.web import in_browser
from tests.web.in_browser import ORIGIN
from tests.web.person_world import PURPOSE
from tests.web.test_person_pages import World, built

from gongxin import clock
from gongxin.identity.models import Role
from gongxin.persons import erasing, selectors

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Where each page is looked at; what is no page says what it is.
BY_KEYBOARD = {"person:home", "person:record", "person:objection", "person:case"}
BY_ADDRESS = {
    "person:start", "person:openings", "person:objections", "person:authorisations", "person:revoke", "person:copy",
    "person:mail", "person:end", "person-desk:objections", "person-desk:objection",
}  # fmt: skip
FILLED_IN = {"person:authorise", "person-desk:authorised"}
NOT_PAGES = {
    "person:paper": "a file",
    "person-desk:paper": "a file",
    "person-desk:assistance": "takes a form, answers with a redirect",
    "person-desk:erasure": "takes a form, answers with a redirect or the page of the objection",
    "person:mail-confirm": "takes a form, answers with a redirect or the page of the address",
    "person:mail-drop": "takes a form, answers with a redirect",
    "person:stay": "takes a form, answers with a redirect",
}


@pytest.fixture
def world(db: None) -> Iterator[World]:
    yield from built()


def test_every_address_is_looked_at() -> None:
    """A new page needs a row here, a new file or form a line in NOT_PAGES."""
    found = {
        f"{space}:{pattern.name}"
        for space in ("person", "person-desk")
        for pattern in get_resolver().namespace_dict[space][1].url_patterns
    }
    assert found == BY_KEYBOARD | BY_ADDRESS | FILLED_IN | NOT_PAGES.keys()


def look(page: Page, odd: list[str], *, dark: bool = False) -> None:
    """Nothing for axe to find in light (and dark), nothing sideways, no console error, no other host."""
    found = []
    for scheme in ("dark", "light") if dark else ("light",):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += in_browser.violations(page)
    # Chromium reports each refused form by its status.
    said = [line for line in odd if "status of 4" not in line]
    assert (found, in_browser.sideways(page), said) == ([], 0, []), page.url


@pytest.mark.browser
def test_objection_by_keyboard_alone(world: World, page: Page) -> None:
    """From the list of records to the filed objection: an empty form puts the focus on its errors."""
    odd = in_browser.connect(page, browser(world.file.user))
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(ORIGIN + reverse("person:home"))
    look(page, odd)
    press(page, world.file.licence.document_no, then="h2:has-text('认为有误')")
    look(page, odd, dark=True)
    press(page, "提出异议", then="#id_reasons")
    press(page, "继续", then="#error-summary:focus")
    look(page, odd)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name='reasons']:focus")
    page.keyboard.type("许可内容写错了")
    press(page, "继续", then="h1:has-text('核对并提交')")
    look(page, odd)
    press(page, "提交异议", then="ol.timeline")
    look(page, odd, dark=True)
    assert selectors.objections(world.file.user)[0].reasons == "许可内容写错了"


@pytest.mark.browser
def test_pages_are_accessible(world: World, page: Page) -> None:
    """Those with an address, then the forms filled in: lending, and reading what was lent."""
    file, desk = world.file, browser(world.officer)
    colleague = user("colleague", Role.CASE_OFFICER, world.unit)
    erasing.propose_erasure(file.objection.id, reasons="身份错误", acting_user=colleague, at=clock.now())
    desk.post(reverse("person-desk:authorised"), {"code": file.issued.code, "purpose": PURPOSE})
    named: dict[str, list[Any]] = {
        "person:revoke": [file.issued.authorisation.id],
        "person-desk:objection": [file.objection.id],
    }
    page.set_viewport_size({"width": 320, "height": 640})
    for client, space in ((browser(file.user), "person:"), (desk, "person-desk:")):
        page.unroute_all()
        odd = in_browser.connect(page, client)
        for name in sorted(entry for entry in BY_ADDRESS if entry.startswith(space)):
            page.goto(ORIGIN + reverse(name, args=named.get(name, [])))
            look(page, odd)
    page.goto(ORIGIN + reverse("person-desk:authorised"))
    page.get_by_label("授权查询码").fill(file.issued.code)
    page.get_by_role("button", name="查阅").click()
    look(page, odd)
    page.get_by_label("查询用途").select_option(PURPOSE)
    page.get_by_role("button", name="查阅").click()
    page.wait_for_selector("h1:has-text('本人授权的内容')")
    look(page, odd, dark=True)


@pytest.mark.browser
def test_lending_without_a_script(world: World, page: Page) -> None:
    """The steps of an authorisation are plain forms."""
    odd = in_browser.connect(page, browser(world.file.user))
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(ORIGIN + reverse("person:authorise"))
    page.get_by_role("button", name="继续").click()
    page.wait_for_selector("#error-summary")
    look(page, odd, dark=True)
    page.get_by_label("行政许可").check()
    page.get_by_label("用途").select_option(PURPOSE)
    page.get_by_label("最后一天").fill("2026-06-30")
    page.get_by_role("button", name="继续").click()
    page.get_by_label("授权给哪个单位").select_option(str(world.unit.pk))
    look(page, odd)
    page.get_by_role("button", name="签发授权").click()
    page.wait_for_selector("#code")
    look(page, odd)


def press(page: Page, words: str, *, then: str) -> None:
    """Press Tab until what has the focus says these words, then Enter; wait for what comes."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if words in page.evaluate(
            "document.activeElement.matches('a, button') ? document.activeElement.innerText : ''"
        ):
            page.keyboard.press("Enter")
            page.wait_for_selector(then)
            return
    raise AssertionError(f"Tab does not reach {words}")
