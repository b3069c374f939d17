"""Procedures about organisations behind the second wall: each step works for whose it is, over pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.rights import world as worlds
from tests.rights.world import World, at, browser, listing, pdf
from tests.walls.conftest import Behind

from gongxin import clock
from gongxin.records.models import Record
from gongxin.rights.models import Case, Certificate, Course, Registration
from gongxin.walls import acting
from gongxin.walls.acting import NOBODY

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> Iterator[World]:
    settings.FILES_DIR = tmp_path / "files"
    with clock.at(at(JULY)):
        yield worlds.build()


def _only(model: Any, **wanted: Any) -> Any:
    with acting.as_node():
        return model.objects.select_related().get(**wanted)


def _signed_in(user: Any) -> Client:
    """A browser of the user, signed in by force, past the proof that tells whose rows are given."""
    with acting.as_node():
        return browser(user)


def _takes(client: Client, case: Case, action: str, **given: Any) -> int:
    sent = {f"{action}-{name}": value for name, value in ({"reasons": "属实"} | given).items()}
    return client.post(reverse("cases:step", args=[case.pk, action]), sent).status_code


def test_a_reorganisation_shields_records_of_any_department(world: World, behind: Behind) -> None:
    agent, office, second = browser(world.agent), browser(world.office), browser(world.second)
    entry = listing(world.company, world.other)
    sent = {"apply-reasons": "裁定", "apply-occurred_on": "2026-06-30", "apply-committed": "on", "apply-file_1": pdf()}
    with behind(NOBODY):
        address = reverse("mine:file-about", args=[world.company.pk, "bankruptcy"])
        assert agent.post(address, sent).status_code == 302
        case = _only(Case)
        assert _signed_in(world.maker).get(reverse("cases:case", args=[case.pk])).status_code in {403, 404}
        assert _takes(office, case, "propose-shield") == 302
        assert _takes(second, case, "shield") == 302
        assert {_only(Record, pk=one.pk).state for one in (world.record, entry)} == {"shielded"}
        assert _takes(office, case, "propose-restore", file_1=pdf()) == 302
        assert _takes(second, case, "restore") == 302
        assert {_only(Record, pk=one.pk).state for one in (world.record, entry)} == {"active"}
        assert agent.get(reverse("mine:case", args=[case.pk])).status_code == 200


def test_an_untrue_commitment_bars_repair_of_records_of_another_department(world: World, behind: Behind) -> None:
    stranger, agent = browser(world.stranger), browser(world.agent)
    second = worlds.user("stranger-two", worlds.Role.CASE_OFFICER, world.other)
    with behind(NOBODY):
        address = reverse("cases:file-about", args=[world.company.pk, "untrue-commitment", "propose"])
        assert stranger.post(address, {"propose-reasons": "材料虚假", "propose-file_1": pdf()}).status_code == 302
        case = _only(Case)
        answer = agent.post(reverse("mine:step", args=[case.pk, "respond"]), {"respond-reasons": "陈述"})
        assert answer.status_code == 302
        assert _takes(_signed_in(second), case, "establish") == 302
        for client, page in ((agent, "mine:record"), (Client(), "public:record")):
            shown = client.get(reverse(page, args=[world.record.pk])).content.decode()
            assert "信用承诺不实" in shown, page


def test_an_interview_is_put_on_record_by_its_department(world: World, behind: Behind) -> None:
    maker, checker = browser(world.maker), browser(world.checker)
    with behind(NOBODY):
        address = reverse("cases:file-about", args=[world.company.pk, "interview", "call-prompt"])
        assert maker.post(address, {"call-prompt-reasons": "请到场"}).status_code == 302
        case = _only(Case)
        for client, action in ((maker, "hold"), (maker, "write-up"), (checker, "enter")):
            assert _takes(client, case, action) == 302
        made = _only(Record, item="interview")
        assert maker.get(reverse("desk:record", args=[made.pk])).status_code == 200
        assert _signed_in(world.stranger).get(reverse("desk:record", args=[made.pk])).status_code in {403, 404}


def test_an_organisation_is_trained(world: World, behind: Behind) -> None:
    office, agent = browser(world.office), browser(world.agent)
    with behind(NOBODY):
        assert office.post(reverse("cases:training"), {"title": "培训"}).status_code == 302
        course = _only(Course)
        sent = {"day": "2026-07-10", "time": "09:30", "place": "市民中心", "hours": "3", "seats": "1"}
        page = reverse("cases:course", args=[course.pk])
        assert office.post(page, sent).status_code == 302
        with acting.as_node():
            session = course.sessions.get()
        coming = {"organisation": str(world.company.pk), "people": "1", "position": "head"}
        assert agent.post(reverse("mine:register", args=[session.pk]), coming).status_code == 302
        assert "已报 1" in agent.get(reverse("mine:training")).content.decode()
        entry = _only(Registration)
        assert world.company.name in office.get(page).content.decode()
        with clock.at(at(JULY + timedelta(days=12))):
            attended = reverse("cases:attended", args=[course.pk, entry.pk])
            assert _signed_in(world.office).post(attended, {"hours": "3"}).status_code == 302
            made = _only(Certificate)
            answer = _signed_in(world.agent).get(reverse("mine:certificate", args=[made.pk]))
            assert answer.status_code == 200
