"""The daily proof, the archive and destruction at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.ends.city import DAY, PLAN, City, build
from tests.rights.world import at, browser

from gongxin import clock
from gongxin.ends import proving
from gongxin.ends.models import Destruction, DestructionState, ProofRun
from gongxin.enquiries.models import Kind, Look, Outcome
from gongxin.records.models import Record

GROUND = {"reason": "审计检查", "matter": "审计通知书〔2026〕5号"}


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.FILES_DIR = tmp_path / "files"
    cache.clear()
    with clock.at(at(DAY)):
        yield


@pytest.fixture
def city(db: None) -> City:
    return build()


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def last_look() -> Look:
    found = Look.objects.order_by("pk").last()
    assert found is not None
    return found


def test_runs_and_what_they_found(city: City) -> None:
    """The credit office has it as a to-do; auditor and system administrator see it too; no organisation is named."""
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=None)
    run = proving.run(day=DAY, by="test", plan=PLAN, at=at(DAY))
    assert "超期公示 1 条，待处理" in text(browser(city.office), reverse("desk:home"))
    assert "proof-overstaying" in text(browser(city.system), reverse("desk:home"))
    for user in (city.office, city.auditor, city.system):
        assert "超期公示 1 条" in text(browser(user), reverse("desk:proof"))
        page = text(browser(user), reverse("desk:proof-run", args=[run.pk]))
        assert str(city.ended.pk) in page
        assert "公示期已届满" in page
        assert city.world.company.name not in page
    answer = browser(city.auditor).get(reverse("desk:proof-run-file", args=[run.pk, "csv"]))
    assert str(city.ended.pk) in b"".join(answer).decode()
    answer = browser(city.auditor).get(reverse("desk:proof-file", args=["csv"]))
    assert DAY.isoformat() in b"".join(answer).decode()
    assert browser(city.world.maker).get(reverse("desk:proof")).status_code == 403
    ProofRun.objects.exclude(pk=run.pk).delete()


def test_the_archive_is_opened_with_reason_and_matter_and_every_opening_is_a_look(city: City) -> None:
    auditor = browser(city.auditor)
    asked = {"item": "penalty", **GROUND}
    page = text(auditor, f"{reverse('desk:archive')}?{urlencode(asked)}")
    for record, there in ((city.public, False), (city.ended, True), (city.repaired, True)):
        assert (str(record.pk) in page) is there
    look = last_look()
    assert (look.kind, look.outcome, look.purpose) == (Kind.ARCHIVE, Outcome.FOUND, "audit")
    assert look.matter == "审计检查：审计通知书〔2026〕5号"
    assert {entry[0] for entry in look.disclosed} == {str(city.ended.pk), str(city.repaired.pk)}
    page = text(auditor, f"{reverse('desk:archived', args=[city.repaired.pk])}?{urlencode(asked)}")
    assert city.repaired.document_no in page
    assert "只供审计查阅" in page
    look = last_look()
    assert (look.kind, look.matter) == (Kind.ARCHIVE, "审计检查：审计通知书〔2026〕5号")
    assert look.disclosed == [[str(city.repaired.pk), 1]]


def test_without_a_reason_it_is_refused_on_record(city: City) -> None:
    office, path = browser(city.office), reverse("desk:archived", args=[city.ended.pk])
    for given in ({}, {"reason": "审计检查"}, {"matter": "甲"}, {"reason": "好奇", "matter": "甲"}):
        assert city.ended.document_no not in text(office, f"{path}?{urlencode(given)}", status=403)
        look = last_look()
        assert (look.kind, look.outcome, look.rule) == (Kind.ARCHIVE, Outcome.REFUSED, "audit-reason-missing")
        page = text(office, f"{reverse('desk:archive')}?{urlencode({'item': 'penalty', **given})}")
        assert city.ended.document_no not in page
        assert last_look().disclosed == []


def test_nobody_else_and_nothing_else(city: City) -> None:
    path = f"{reverse('desk:archived', args=[city.ended.pk])}?{urlencode(GROUND)}"
    for user in (city.world.maker, city.world.reporter, city.system):
        text(browser(user), path, status=403)
        assert last_look().outcome == Outcome.REFUSED
    # What is not archived is not in the archive.
    text(browser(city.auditor), f"{reverse('desk:archived', args=[city.public.pk])}?{urlencode(GROUND)}", status=404)


def test_what_is_archived_is_in_no_list_of_the_desk(city: City) -> None:
    for user in (city.office, city.world.maker, city.world.reporter):
        page = text(browser(user), f"{reverse('desk:records')}?item=penalty")
        assert str(city.public.pk) in page
        assert str(city.ended.pk) not in page
        assert str(city.repaired.pk) not in page
        text(browser(user), reverse("desk:record", args=[city.ended.pk]), status=403)
        assert last_look().rule == "archived"


def test_destruction_is_proposed_by_one_and_decided_by_another(city: City) -> None:
    later = date(2036, 12, 1)
    with clock.at(at(later)):
        office, second = browser(city.office), browser(city.second)
        assert "依据待核实" in text(office, reverse("desk:retention"))
        rule = reverse("desk:retention-rule", args=["retention-record"])
        assert "今天可以销毁 2 项" in text(office, rule)
        assert office.post(rule, {"reason": ""}).status_code == 200
        answer = office.post(rule, {"reason": "保存期限届满"})
        made = Destruction.objects.get()
        assert answer.headers["Location"] == reverse("desk:retention-list", args=[made.pk])
        assert "须由另一名工作人员复核" in text(office, answer.headers["Location"])
        decide = reverse("desk:retention-decide", args=[made.pk])
        assert office.post(decide, {"reason": "同意", "decision": "confirm"}).status_code == 403
        assert browser(city.auditor).post(decide, {"reason": "同意", "decision": "confirm"}).status_code == 403
        assert "同意销毁" in text(second, reverse("desk:retention-list", args=[made.pk]))
        assert second.post(decide, {"reason": "同意", "decision": "confirm"}).status_code == 302
        made.refresh_from_db()
        assert (made.state, made.count) == (DestructionState.DONE, 2)
        assert "已销毁" in text(browser(city.auditor), reverse("desk:retention"))
        for name, arguments in (("desk:retention-file", ["csv"]), ("desk:retention-list-file", [made.pk, "csv"])):
            assert "2036-12-01" in b"".join(second.get(reverse(name, args=arguments))).decode()
        # Nobody finds what is destroyed, and pages that speak of it stand.
        path = f"{reverse('desk:archived', args=[city.ended.pk])}?{urlencode(GROUND)}"
        text(browser(city.auditor), path, status=404)
        text(Client(), reverse("public:record", args=[city.ended.pk]), status=404)
        case = city.repaired.cases.get()
        assert case.number in text(browser(city.office), reverse("cases:case", args=[case.pk]), status=403)
        path = f"{reverse('desk:archived-case', args=[case.pk])}?{urlencode(GROUND)}"
        assert case.number in text(browser(city.auditor), path)
        assert text(browser(city.world.agent), reverse("mine:case", args=[case.pk]))
    with clock.at(at(later + timedelta(days=1))):
        assert proving.run(day=later + timedelta(days=1), by="test", plan=PLAN, at=clock.now()).faults == 0
