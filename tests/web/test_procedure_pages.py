"""List exit, reorganisation, interviews and repair training by forms alone, at the desk and for the organisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import World, at, browser, listing, pdf
from tests.web.test_cases_pages import text

from gongxin import clock
from gongxin.records.models import Record
from gongxin.rights.models import Case, Certificate, Course, Draft, Registration

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with clock.at(at(JULY)):
        yield worlds.build()


def _step(client: Client, case: Case, action: str, **given: Any) -> Any:
    sent = {f"{action}-{name}": value for name, value in given.items()}
    return client.post(reverse("cases:step", args=[case.pk, action]), sent)


def test_an_organisation_asks_to_be_removed_and_may_keep_a_draft(world: World) -> None:
    entry = listing(world.company, world.market)
    client, address = browser(world.agent), reverse("mine:file", args=[entry.pk, "list-exit"])
    assert address in text(client.get(reverse("mine:record", args=[entry.pk])))
    page = text(client.get(address))
    assert "列入的情形已经消除" in page
    assert "列入期限届满" not in page
    assert (
        client.post(address, {"save": "1", "apply-ground": "put-right", "apply-reasons": "已补报"}).status_code == 302
    )
    assert "已补报" in text(client.get(address))
    assert address in text(client.get(reverse("mine:home")))
    empty = client.post(address, {})
    assert empty.status_code == 422
    assert "autofocus" in text(empty)
    sent = {"apply-ground": "put-right", "apply-reasons": "已补报", "apply-committed": "on", "apply-file_1": pdf()}
    assert client.post(address, sent).status_code == 302
    case = Case.objects.get()
    assert (case.procedure, case.ground, Draft.objects.count()) == ("list-exit", "put-right", 0)
    maker, checker = browser(world.maker), browser(world.checker)
    shown = text(maker.get(reverse("cases:case", args=[case.pk])))
    assert "列入的情形已经消除" in shown
    assert "<svg" in shown
    for who, action in ((maker, "accept"), (maker, "propose-remove"), (checker, "remove")):
        assert _step(who, case, action, reasons="属实").status_code == 302
    assert Client().get(f"/records/{entry.pk}").status_code == 410
    assert "已移出名单" in text(client.get(reverse("mine:case", args=[case.pk])))


def test_an_interview_from_the_search_to_the_record(world: World) -> None:
    maker, checker = browser(world.maker), browser(world.checker)
    found = text(maker.get(reverse("cases:subjects"), {"q": "云岭"}))
    assert reverse("cases:subject", args=[world.company.pk]) in found
    address = reverse("cases:file-about", args=[world.company.pk, "interview", "call-warning"])
    assert address in text(maker.get(reverse("cases:subject", args=[world.company.pk])))
    assert "autofocus" in text(maker.post(address, {}))
    assert maker.post(address, {"call-warning-reasons": "七月十日到场"}).status_code == 302
    case = Case.objects.get()
    assert _step(maker, case, "hold", reasons="到场").status_code == 302
    assert "原样记入信用记录" in text(maker.get(reverse("cases:case", args=[case.pk])))
    assert _step(maker, case, "write-up", reasons="已要求限期整改").status_code == 302
    assert _step(maker, case, "enter", reasons="无秘密").status_code == 403
    assert _step(checker, case, "enter", reasons="无商业秘密和个人隐私").status_code == 302
    made = Record.objects.get(item="interview")
    shown = text(maker.get(reverse("desk:record", args=[made.pk])))
    assert reverse("cases:case", args=[case.pk]) in shown
    assert "已要求限期整改" in shown
    assert browser(world.agent).get(reverse("mine:case", args=[case.pk])).status_code == 200
    assert browser(world.agent).get(reverse("mine:record", args=[made.pk])).status_code == 200
    assert browser(world.office).get(reverse("cases:cases")).status_code == 200
    assert case.number in text(browser(world.office).get(reverse("cases:cases-file", args=["csv"])))


def test_a_reorganisation_is_applied_for_and_shown_with_its_records(world: World) -> None:
    client, address = browser(world.agent), reverse("mine:file-about", args=[world.company.pk, "bankruptcy"])
    assert address in text(client.get(reverse("mine:home")))
    sent = {"apply-reasons": "法院裁定批准", "apply-occurred_on": "2026-06-30", "apply-committed": "on"}
    assert client.post(address, sent).status_code == 422
    assert client.post(address, sent | {"apply-file_1": pdf()}).status_code == 302
    case = Case.objects.get()
    office, second = browser(world.office), browser(world.second)
    assert _step(office, case, "propose-shield", reasons="裁定属实").status_code == 302
    assert _step(second, case, "shield", reasons="同意").status_code == 302
    assert Client().get(f"/records/{world.record.pk}").status_code == 410
    assert reverse("desk:record", args=[world.record.pk]) in text(office.get(reverse("cases:case", args=[case.pk])))
    assert "暂时屏蔽" in text(client.get(reverse("mine:case", args=[case.pk])))
    another = held.organisation("云岭虚构工贸有限公司", uscc=held.code(8802))
    assert client.get(reverse("mine:file-about", args=[another.pk, "bankruptcy"])).status_code == 404


def test_training_from_the_offer_to_the_certificate(world: World) -> None:
    office, client = browser(world.office), browser(world.agent)
    assert office.post(reverse("cases:training"), {"title": "", "content": ""}).status_code == 422
    assert office.post(reverse("cases:training"), {"title": "信用修复培训", "content": "政策"}).status_code == 302
    course = Course.objects.get()
    page = reverse("cases:course", args=[course.pk])
    sent = {"day": "2026-07-10", "time": "09:30", "place": "市民中心", "hours": "3", "seats": "5"}
    assert office.post(page, sent | {"hours": "0"}).status_code == 422
    assert office.post(page, sent | {"day": "2026-06-01"}).status_code == 422
    assert office.post(page, sent).status_code == 302
    offered = text(client.get(reverse("mine:training")))
    assert "市民中心" in offered
    assert "不登记姓名" in offered
    register = reverse("mine:register", args=[course.sessions.get().pk])
    coming = {"organisation": str(world.company.pk), "people": "1", "position": "head"}
    assert client.post(register, coming | {"people": "0"}).status_code == 422
    assert client.post(register, coming).status_code == 302
    assert client.post(register, coming).status_code == 409
    entry = Registration.objects.get()
    attended = reverse("cases:attended", args=[course.pk, entry.pk])
    assert office.post(attended, {"hours": "3"}).status_code == 409
    with clock.at(at(JULY + timedelta(days=12))):
        assert browser(world.office).post(attended, {"hours": "3"}).status_code == 302
        made = Certificate.objects.get()
        assert made.number in text(browser(world.agent).get(reverse("mine:training")))
        answer = browser(world.agent).get(reverse("mine:certificate", args=[made.pk]))
        assert answer.content.startswith(b"%PDF-")
        stranger = worlds.user("nobody", worlds.Role.REPRESENTATIVE)
        assert browser(stranger).get(reverse("mine:certificate", args=[made.pk])).status_code == 404


def test_the_task_list_asks_for_training_where_the_rules_of_that_time_do(world: World) -> None:
    old = held.record(
        world.company,
        provider=world.market,
        document_no="泽市监罚〔2022〕7号",
        decided_on=date(2022, 6, 1),
        severity="serious",
        publicity_until=date(2025, 6, 1),
        fields={"CF_JDRQ": "2022-06-01", "CF_SXCD": "严重", "CF_CFLB": "罚款", "CF_ZT": "1"},
    )
    then, page = replace(world, record=old), reverse("mine:repair", args=[old.pk])
    proof = reverse("mine:training-proof", args=[old.pk])
    with clock.at(at(date(2022, 12, 15))):
        client = browser(then.agent)
        assert proof in text(client.get(page))
        assert client.post(proof, {"file": pdf()}).status_code == 302
        shown = text(client.get(page))
        assert shown.split('id="task-training"')[1].startswith(' class="badge badge-good"')
    assert proof not in text(browser(world.agent).get(reverse("mine:repair", args=[world.record.pk])))
