"""Pages of rights in Chromium: axe in light and dark, 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import get_resolver, reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import World, at
from tests.rights.world import browser as signed_in
from tests.web import in_browser

from gongxin import clock
from gongxin.correspondence import mailboxes
from gongxin.correspondence.models import Mailbox
from gongxin.identity import consents
from gongxin.identity.models import Consent, Role, User
from gongxin.rights import drafts, training
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Course, Draft, Notice, Position
from gongxin.supervision import commitments
from gongxin.supervision.models import Commitment

if TYPE_CHECKING:
    from playwright.sync_api import Page

JULY = date(2026, 7, 1)
# Address → who looks; of what.
PAGES = {
    "cases:cases": ("office", ""),
    "cases:case": ("maker", "case"),
    "cases:choose": ("reporter", "record"),
    "cases:file": ("office", "opening"),
    "cases:repair-notice": ("reporter", "record"),
    "cases:subjects": ("maker", ""),
    "cases:subject": ("maker", "organisation"),
    "cases:training": ("office", ""),
    "cases:course": ("office", "course"),
    "cases:register": ("office", "session"),
    "cases:draft-delete": ("office", "draft"),
    "cases:mail": ("office", ""),
    "mine:cases": ("agent", ""),
    "mine:file": ("agent", "exit"),
    "mine:training": ("agent", ""),
    "mine:home": ("agent", ""),
    "mine:record": ("agent", "record"),
    "mine:objection": ("agent", "record"),
    "mine:repair": ("agent", "record"),
    "mine:duties": ("agent", "record"),
    "mine:commitment": ("agent", "record"),
    "mine:check": ("agent", "record"),
    "mine:case": ("agent", "case"),
    "mine:messages": ("agent", ""),
    "mine:message": ("agent", "notice"),
    "mine:following": ("agent", ""),
    "mine:mail-confirm": ("agent", "confirm"),
    "mine:commitments": ("agent", ""),
    "mine:commit": ("agent", "kind"),
    "mine:made": ("agent", "made"),
    "mine:lending": ("agent", ""),
    "mine:lend": ("agent", ""),
    "mine:lent": ("agent", "consent"),
    "mine:borrowed": ("friend", "consent"),
}
# Addresses that are no pages, each with what they are; those of looks have their own tests.
NOT_PAGES = {
    "cases:cases-file": "a file",
    "cases:training-file": "a file",
    "cases:course-file": "a file",
    "cases:withdraw": "takes a form",
    "cases:draft-remove": "takes a form",
    "cases:mail-drop": "takes a form",
    "mine:records-file": "a file",
    "mine:training-file": "a file",
    "mine:cases-file": "a file",
    "cases:step": "takes a form",
    "cases:evidence": "a file",
    "cases:certificate": "a file",
    "cases:attended": "takes a form",
    "cases:file-about": "the form of cases:file, by the same template",
    "mine:file-about": "the form of mine:file, by the same template",
    "mine:training-proof": "the form of mine:duties, by the same template",
    "mine:register": "the form of cases:register, by the same template",
    "mine:draft-delete": "the page of cases:draft-delete, by the same template",
    "mine:withdraw": "takes a form",
    "mine:certificate": "a file",
    "cases:repair-notice-pdf": "a file",
    "cases:repair-notices": "a file",
    "mine:messages-read": "takes a form",
    "mine:messages-file": "a file",
    "mine:message-pdf": "a file",
    "mine:mail": "takes a form",
    "mine:made-pdf": "a file",
    "mine:mail-drop": "takes a form",
    "mine:mail-stop": "the page of mine:mail-confirm",
    "mine:step": "takes a form",
    "mine:evidence": "a file",
    "mine:draft-remove": "takes a form",
    "mine:take-back": "takes a form",
    "mine:looks": "tests of looks",
    "mine:report": "tests of looks",
}


def test_every_address_is_looked_at() -> None:
    """A new page needs a row here, a new file or form a line in NOT_PAGES."""
    found = {
        f"{space}:{pattern.name}"
        for space in ("cases", "mine")
        for pattern in get_resolver().namespace_dict[space][1].url_patterns
    }
    assert PAGES.keys() | NOT_PAGES.keys() >= found
    assert PAGES.keys() <= found


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world of rights on a day on which its penalty may be repaired."""
    with clock.at(at(JULY)):
        yield worlds.build()


def _trained(world: World) -> None:
    """A course with a session that is over and one to come, the organisation registered for both."""
    course = training.open_course("信用修复专题培训", "信用法规", acting_user=world.office, at=at(date(2026, 6, 1)))
    for day in (date(2026, 6, 10), date(2026, 7, 10)):
        session = training.schedule(
            course.pk, at(day), "市民中心", hours=2, seats=9, acting_user=world.office, at=at(date(2026, 6, 1))
        )
        coming = training.Coming(1, Position.HEAD)
        training.register(session.pk, world.company.pk, coming, acting_user=world.agent, at=at(date(2026, 6, 2)))


def address(name: str, world: World, case: Case) -> str:
    """The page's address."""
    arguments: dict[str, list[Any]] = {
        "": [],
        "case": [case.pk],
        "record": [world.record.pk],
        "organisation": [world.company.pk],
        "exit": [world.record.pk, "list-exit"],
        "course": [course.pk] if (course := Course.objects.first()) else [],
        "session": [course.pk, course.sessions.latest("starts_at").pk] if course else [],
        "draft": [draft.pk for draft in Draft.objects.filter(user=world.office)][:1],
        "opening": [world.record.pk, "objection", "file"],
        "consent": [lent(world).pk] if PAGES[name][1] == "consent" else [],
        "kind": ["disclosure"],
        "made": [made(world).pk] if PAGES[name][1] == "made" else [],
        "notice": [notice.pk for notice in Notice.objects.filter(addressee="organisation")][:1],
        "confirm": [mailboxes.confirmation(mailbox(world))] if PAGES[name][1] == "confirm" else [],
    }
    return in_browser.ORIGIN + reverse(name, args=arguments[PAGES[name][1]])


def lent(world: World) -> Consent:
    """An authorisation of the organisation to the friend's."""
    friend = worlds.user("friend", Role.REPRESENTATIVE)
    other = held.organisation().uscc or ""
    worlds.representations.bind(friend, other, ground="委托书", acting_user=None, at=at(JULY))
    given: dict[str, Any] = {"items": ["penalty"], "purpose": "authorised-query", "ends_on": JULY}
    to = consents.Borrower(uscc=other)
    return consents.lend(world.company.uscc or "", to, **given, acting_user=world.agent, at=at(JULY)).consent


def made(world: World) -> Commitment:
    """A commitment of the organisation."""
    return commitments.make(world.company, "disclosure", matter="", acting_user=world.agent, at=at(JULY))


def mailbox(world: World) -> Mailbox:
    """An address of the representative."""
    return mailboxes.give("info@example.cn", acting_user=world.agent, at=at(JULY))


@pytest.mark.browser
@pytest.mark.parametrize("who", sorted({who for who, _ in PAGES.values()}))
def test_pages_are_accessible(world: World, page: Page, who: str) -> None:
    case = world.object(on=JULY)
    _trained(world)
    place = Place("objection", "file", record=world.record)
    drafts.save(place, {"paper": "收文一号", "reasons": "金额有误"}, acting_user=world.office, at=at(JULY))
    asked = {name: address(name, world, case) for name, (looker, _) in PAGES.items() if looker == who}
    odd = in_browser.connect(page, signed_in(User.objects.get(username=who)))
    wrong = {name: in_browser.complaints(page, where) for name, where in asked.items()}
    assert ({name: found for name, found in wrong.items() if found}, odd) == ({}, [])


@pytest.mark.browser
def test_objection_by_keyboard_alone(world: World, page: Page) -> None:
    """Where scripts run too; every procedure without them: test_procedures_by_keyboard.py."""
    in_browser.connect(page, signed_in(world.agent))
    page.goto(address("mine:home", world, Case()))
    _tab_to(page, world.record.title)
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:has-text('可以做什么')")
    _tab_to(page, "提出异议")
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_file-reasons")
    _tab_to(page, "提交异议")
    page.keyboard.press("Enter")
    page.wait_for_selector("#error-summary:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name='file-reasons']:focus")
    page.keyboard.type("罚款金额有误")
    _tab_to(page, "提交异议")
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.timeline")
    assert Case.objects.get().procedure == "objection"


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says these words."""
    for _ in range(90):
        page.keyboard.press("Tab")
        # Frames of tables take the focus too, and hold the words of all their links.
        if words in page.evaluate(
            "document.activeElement.matches('a, button') ? document.activeElement.innerText : ''"
        ):
            return
    raise AssertionError(f"Tab does not reach {words}")
