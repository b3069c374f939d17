"""Every form of every procedure is kept as a draft on its own site, listed on the first page, found again by the next
session, and deleted after it was asked; filing it is in test_procedures_by_keyboard.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.rights import world as worlds
from tests.rights.test_deadlines import STATES
from tests.rights.world import World, at, browser, listing, pdf
from tests.web.test_cases_pages import text

from gongxin import clock
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.rights import cases, training
from gongxin.rights.models import Case, Draft, Evidence

JULY = date(2026, 7, 1)
SAID = "写到一半的内容"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with clock.at(at(JULY)):
        yield worlds.build()


def _who(world: World, role: str) -> User:
    users = {"representative": world.agent, "case_officer": world.maker, "data_officer": world.reporter}
    return users.get(role, world.office)


def _openings() -> list[tuple[Procedure, Transition, str]]:
    """Every form that opens a case, for every role that may."""
    procedures = packs.current().procedures.values()
    return [(one, row, role) for one in procedures for row in one.openings() for role in row.roles]


def _record(world: World, procedure: Procedure) -> Any:
    if procedure.id == "list-exit":
        return listing(world.company, world.market).pk
    if procedure.id == "repair-undo":
        other = replace(world, record=worlds.penalty(world.company, world.market, document_no="泽市监罚〔2026〕78号"))
        other.repaired(on=JULY)
        return other.record.pk
    return world.record.pk


def _address(world: World, procedure: Procedure, row: Transition, role: str) -> str:
    """Where the form is, on the site of the role."""
    about = _record(world, procedure) if procedure.about == "record" else world.company.pk
    name = "file" if procedure.about == "record" else "file-about"
    if role == "representative":
        if procedure.id == "objection":
            return reverse("mine:objection", args=[about])
        return reverse(f"mine:{name}", args=[about, procedure.id])
    return reverse(f"cases:{name}", args=[about, procedure.id, row.action])


def _home(role: str) -> str:
    return reverse("mine:home" if role == "representative" else "desk:home")


def test_every_form_that_opens_a_case_is_kept_found_again_and_deleted(world: World) -> None:
    """Repair by its organisation is a list of tasks, each saved as it is done (test_mine_pages.py)."""
    seen = set()
    for procedure, row, role in _openings():
        if (procedure.id, role) == ("repair", "representative"):
            continue
        user, address = _who(world, role), _address(world, procedure, row, role)
        sent = {"save": "1", f"{row.action}-reasons": SAID, "paper": "收文一号", f"{row.action}-file_1": pdf()}
        empty = text(browser(user).get(address))
        asked = {name: value for name, value in sent.items() if f'name="{name}"' in empty}
        assert len(asked) > 1, address
        assert browser(user).post(address, asked)["Location"] == address
        draft = Draft.objects.get()
        # Another session of the same account.
        home, page = text(browser(user).get(_home(role))), text(browser(user).get(address))
        assert address in home
        assert "没有提交的草稿" in home
        assert SAID in page
        assert "2026年7月31日" in page
        if f"{row.action}-file_1" in asked:
            assert draft.evidence.get().filename == "证明.pdf"
            assert "证明.pdf" in page
        site = "mine" if role == "representative" else "cases"
        delete = reverse(f"{site}:draft-delete", args=[draft.pk])
        assert delete in home
        assert SAID in text(browser(user).get(delete))
        assert Draft.objects.exists()
        assert browser(user).post(delete)["Location"] == _home(role)
        assert "没有提交的草稿" not in text(browser(user).get(_home(role)))
        seen.add(procedure.id)
    assert seen == set(packs.current().procedures)
    assert not Case.objects.exclude(procedure="repair").exists()


# One state of each procedure in which several roles have a turn is enough: all steps have the same form and page.
@pytest.mark.parametrize(
    "place", [("objection", "received"), ("reminder", "sent"), ("interview", "held"), ("bankruptcy", "shielded")]
)
def test_every_step_of_a_case_is_kept_by_whose_turn_it_is(world: World, place: tuple[str, str]) -> None:
    reach: Callable[[World], Case] = STATES[place][0]
    with clock.at(at(date(2026, 6, 1))):
        case = reach(world)
        for user, site in ((world.agent, "mine"), (world.maker, "cases"), (world.office, "cases")):
            for row in cases.possible(case, user=user, day=clock.today()):
                step = reverse(f"{site}:step", args=[case.pk, row.action])
                shown = f"{reverse(f'{site}:case', args=[case.pk])}#step-{row.action}"
                if f"{row.action}-reasons" not in text(browser(user).get(shown)):
                    continue
                answer = browser(user).post(step, {"save": "1", f"{row.action}-reasons": SAID})
                assert answer["Location"] == shown
                page = text(browser(user).get(shown))
                assert SAID in page.split(f'id="step-{row.action}"')[1]
                Draft.objects.get().delete()
        case.refresh_from_db()
        assert case.state == place[1]


def test_a_file_that_is_not_accepted_is_told_and_the_rest_is_kept(world: World) -> None:
    address = reverse("mine:objection", args=[world.record.pk])
    bad = SimpleUploadedFile("x.exe", b"MZ")
    answer = browser(world.agent).post(address, {"save": "1", "file-reasons": SAID, "file-file_1": bad})
    assert answer.status_code == 422
    assert "格式不在接受范围内" in text(answer)
    assert 'id="error-summary" autofocus' in text(answer)
    assert (Draft.objects.get().filled["reasons"], Evidence.objects.exists()) == (SAID, False)


def test_a_draft_is_nobody_elses_at_any_address(world: World) -> None:
    address = reverse("mine:objection", args=[world.record.pk])
    browser(world.agent).post(address, {"save": "1", "file-reasons": SAID, "file-file_1": pdf()})
    draft, piece = Draft.objects.get(), Evidence.objects.get()
    for user in (world.maker, world.office, world.checker):
        client = browser(user)
        assert client.get(reverse("cases:draft-delete", args=[draft.pk])).status_code == 404
        assert client.post(reverse("cases:draft-delete", args=[draft.pk])).status_code == 404
        assert client.get(reverse("cases:evidence", args=[piece.pk])).status_code == 404
        assert client.post(reverse("cases:draft-remove", args=[piece.pk])).status_code == 404
        assert SAID not in text(client.get(reverse("desk:home")))
    assert Draft.objects.get() == draft


def test_an_organisations_lists_are_whole_counted_and_files(world: World) -> None:
    case = world.object(on=JULY)
    other = replace(world, record=listing(world.company, world.market))
    client = browser(world.agent)
    page = text(client.get(reverse("mine:cases")))
    assert case.number in page
    assert "共 1 件" in page
    assert case.number in text(client.get(reverse("mine:cases-file", args=["csv"])))
    assert case.number not in text(client.get(reverse("mine:cases-file", args=["csv"]), {"standing": "closed"}))
    held = text(client.get(reverse("mine:records-file", args=["csv"])))
    assert world.record.document_no in held
    assert len(held.splitlines()) == 3
    assert other.record.title in held
    stranger = browser(worlds.user("nobody", worlds.Role.REPRESENTATIVE))
    assert case.number not in text(stranger.get(reverse("mine:cases")))
    assert len(text(stranger.get(reverse("mine:records-file", args=["csv"]))).splitlines()) == 1


def test_written_registrations_are_counted_listed_and_taken_back(world: World) -> None:
    course = training.open_course("课", "", acting_user=world.office, at=at(JULY))
    starts = at(JULY + timedelta(days=9))
    session = training.schedule(course.pk, starts, "馆", hours=3, seats=2, acting_user=world.office, at=at(JULY))
    client, address = browser(world.office), reverse("cases:register", args=[course.pk, session.pk])
    given = {"paper": "收文一号", "organisation": world.company.uscc, "people": "2", "position": "head"}
    assert "没有这个代码的信用主体" in text(client.post(address, given | {"organisation": "91000000MA0000XX00"}))
    assert "name=" in text(client.get(address))
    assert "姓名" in text(client.get(address))
    assert client.post(address, given | {"paper": ""}).status_code == 422
    assert client.post(address, given).status_code == 302
    assert client.post(address, given).status_code == 409
    page = text(client.get(reverse("cases:course", args=[course.pk])))
    assert "报名 1 个" in page
    assert "收文一号" in page
    rows = text(client.get(reverse("cases:course-file", args=[course.pk, "csv"])))
    assert "收文一号" in rows
    assert "收文一号" in text(browser(world.agent).get(reverse("mine:training-file", args=["csv"])))
    assert "1" in text(client.get(reverse("cases:training-file", args=["csv"]))).splitlines()[1]
    for user in (world.maker, world.reporter):
        assert browser(user).get(address).status_code in {403, 404}
    entry = session.registrations.get()
    assert client.post(reverse("cases:withdraw", args=[course.pk, entry.pk])).status_code == 302
    assert "报名 0 个" in text(client.get(reverse("cases:course", args=[course.pk])))
