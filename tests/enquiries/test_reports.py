"""Credit reports: what they hold, their signature, their leaf, and what verifying says later."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests import held
from tests.held import AT, CANARY, DAY
from tests.web import public_world

from gongxin.enquiries import evidence, report_content, report_keys, report_signature, reports, verification
from gongxin.enquiries.looks import Ground, Looker
from gongxin.enquiries.models import Channel, Look, Report, Version
from gongxin.enquiries.report_content import Content
from gongxin.enquiries.reports import Asked, Issued
from gongxin.enquiries.verification import Change, Standing
from gongxin.errors import Conflict, NotFound, Unavailable
from gongxin.ledger import selectors
from gongxin.records.models import Record
from gongxin.records.selectors import published_on
from gongxin.subjects.models import Organisation

pytestmark = pytest.mark.django_db
ORIGIN = "https://credit.example"
FLIPS = 1000


@pytest.fixture(scope="module")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One signer for the tests of this module."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(autouse=True)
def _signer(settings: Any, keys_folder: Path) -> Iterator[None]:
    settings.VAR_DIR = keys_folder
    if not report_keys.folder().exists():
        report_keys.init("泽川市信用中心", at=AT)
    yield


@pytest.fixture
def city() -> public_world.City:
    return public_world.build()


def public(about: Organisation) -> Content:
    found = published_on(DAY).filter(organisation=about).select_related("organisation", "provider")
    return report_content.content(about, found, version=Version.PUBLIC, day=DAY)


def words(content: Content) -> str:
    """Everything a report says, as text."""
    sections = [
        (section.title, section.advice, [entry.lines for entry in section.entries]) for section in content.sections
    ]
    return json.dumps([content.name, content.basics, sections], ensure_ascii=False)


def issue(about: Organisation) -> Issued:
    return reports.issue_public(about, origin=ORIGIN, at=AT)


def asked(about: Organisation, *classes: Any) -> Asked:
    looker = Looker("rep-1", "representative", Channel.MINE)
    return Asked(looker, Ground("self-query", "自查", "organisation-sees-itself"), classes, lent=None)


def test_ten_sections_in_order_each_record_in_one_with_its_source(city: public_world.City) -> None:
    content = public(city.company)
    assert [section.title for section in content.sections][:3] == ["行政管理", "诚实守信", "严重失信主体名单"]
    assert len(content.sections) == 10
    entries = [entry for section in content.sections for entry in section.entries]
    published = published_on(DAY).filter(organisation=city.company)
    assert {entry.record for entry in entries} == {record.pk for record in published}
    assert len(entries) == len(published) > 10
    assert all(("数据来源", city.market.name) in entry.lines for entry in entries)
    assert all(entry.lines[-1][0] == "数据来源统一社会信用代码" for entry in entries)
    assert [section.total for section in content.sections] == [len(section.entries) for section in content.sections]
    advice = next(section for section in content.sections if section.id == "advice")
    assert any("2026年7月1日起可以向认定单位申请信用修复" in sentence for sentence in advice.advice)


def test_items_of_no_section_are_the_local_supplement(city: public_world.City) -> None:
    record = held.record(city.company, item="licence", provider=city.market)
    content = public(city.company)
    place = {entry.record: section.id for section in content.sections for entry in section.entries}
    assert place[record.pk] == "administration"
    assert {
        place[entry.record] for section in content.sections for entry in section.entries if entry.item == "纳税信用A级"
    } == {"honesty"}


def test_nothing_of_a_person_and_nothing_unpublished_is_in_it(city: public_world.City) -> None:
    for item in ("penalty", "licence", "court-enforcement"):
        held.record(city.company, item=item, provider=city.market)
    said = words(public(city.company))
    assert CANARY not in said
    assert public_world.CORRECTED not in said
    shop = words(public(city.shop))
    assert city.shop.name in shop
    assert public_world.OPERATOR not in shop
    assert public_world.HOME not in shop
    hidden = [city.never, city.ended, city.early, city.closed, city.restricted]
    assert not any(str(record.pk) in json.dumps(public(city.company).shown()) for record in hidden)


def test_a_full_report_holds_what_the_classes_open_and_is_one_look_and_one_leaf(city: public_world.City) -> None:
    before = selectors.size()
    issued = reports.issue_full(city.company, asked(city.company, "public", "authorised"), origin=ORIGIN, at=AT)
    assert selectors.size() == before + 1
    assert [str(city.restricted.pk), 1] in issued.report.shown
    look = Look.objects.get()
    assert (look.kind, look.channel, look.purpose, look.rule, look.outcome) == (
        "report", "mine", "self-query", "organisation-sees-itself", "found",
    )  # fmt: skip
    assert look.organisation_id == city.company.pk
    assert look.disclosed == issued.report.shown
    assert evidence.of(look) == evidence.Evidence(before, holds=True)
    assert (
        reports.issue_full(city.company, asked(city.company, "public"), origin=ORIGIN, at=AT).report.shown
        == public(city.company).shown()
    )


def test_a_public_report_is_one_leaf_and_leaves_no_trace_of_who_asked(city: public_world.City) -> None:
    before = selectors.size()
    issued = issue(city.company)
    assert selectors.size() == before + 1
    assert not Look.objects.exists()
    body = selectors.body(issued.report.leaf)
    assert json.loads(body)["event"] == "report.issued"
    for secret in (issued.report.number, str(city.company.pk), str(city.company.uscc)):
        assert secret.encode() not in body


def test_without_the_leaf_there_is_no_report(city: public_world.City) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf ADD CONSTRAINT full_log CHECK (false) NOT VALID")
    with pytest.raises(Unavailable), transaction.atomic():
        issue(city.company)
    assert not Report.objects.exists()


def test_it_is_signed_by_the_node_and_every_byte_that_changes_is_found(city: public_world.City) -> None:
    issued = issue(city.company)
    sound = verification.signature(issued.file, at=AT)
    assert (sound.present, sound.valid, sound.signer) == (True, True, "泽川市信用中心")
    assert verification.by_file(issued.file) == issued.report
    assert b"/ETSI.CAdES.detached" in issued.file
    chance, silent = random.Random(20260410), 0
    for place in chance.sample(range(len(issued.file)), FLIPS):
        flipped = bytearray(issued.file)
        flipped[place] ^= 1 << chance.randrange(8)
        assert not verification.is_untouched(bytes(flipped), issued.report)
        assert verification.by_file(bytes(flipped)) is None
        # The signature alone finds what it covers; the bytes that hold it are found by the hash.
        if place % 10 == 0:
            silent += verification.signature(bytes(flipped), at=AT).valid
    assert silent <= FLIPS // 100


def test_a_report_signed_by_somebody_else_is_not_ours(city: public_world.City, settings: Any, tmp_path: Path) -> None:
    issued, own = issue(city.company), settings.VAR_DIR
    settings.VAR_DIR = tmp_path
    report_keys.init("泽川市信用中心", at=AT)
    foreign = issue(city.company).file
    settings.VAR_DIR = own
    told = verification.signature(foreign, at=AT)
    assert (told.present, told.valid) == (True, False)
    assert verification.signature(b"%PDF-1.3 no report", at=AT) == report_signature.NONE
    assert verification.signature(issued.file + b"\n% more", at=AT).valid is False


def test_a_report_is_valid_until_something_it_shows_changes(city: public_world.City) -> None:
    number = issue(city.company).report.number
    found = verification.by_number(f" {number.lower()} ", at=AT)
    assert (found.standing, found.changes, found.holds) == (Standing.VALID, {}, True)
    Record.objects.filter(pk=city.public.pk).update(revision=3)
    assert verification.by_number(number, at=AT).changes == {Change.REVISED: 1}
    Record.objects.filter(pk=city.public.pk).update(state="closed")
    assert verification.by_number(number, at=AT).changes == {Change.CLOSED: 1}
    Organisation.objects.filter(pk=city.company.pk).update(name="泽川云岭新名贸易有限公司")
    changed = verification.by_number(number, at=AT)
    assert (changed.standing, changed.changes) == (Standing.CHANGED, {Change.BASICS: 1, Change.CLOSED: 1})


def test_what_shows_until_a_day_is_valid_on_it_and_changed_the_day_after() -> None:
    about = held.organisation()
    held.record(about, publicity_until=DAY)
    number = issue(about).report.number
    assert verification.by_number(number, at=AT).standing == Standing.VALID
    assert verification.by_number(number, at=AT + timedelta(days=1)).changes == {Change.ENDED: 1}


def test_an_altered_report_row_does_not_hold_against_the_ledger(city: public_world.City) -> None:
    report = issue(city.company).report
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enquiries_report DISABLE TRIGGER enquiries_report_append_only")
        cursor.execute("UPDATE enquiries_report SET sha256 = %s", ["0" * 64])
    assert verification.by_number(report.number, at=AT).holds is False


@pytest.mark.parametrize(
    "number", ["", "GX20260410-0000000000000000", "../../etc", "GX20260410-00000000IOLU0000", "x" * 999]
)
def test_an_unknown_number_is_told_as_such(number: str) -> None:
    with pytest.raises(NotFound):
        verification.by_number(number, at=AT)


def test_keys_are_made_once_kept_private_and_not_made_up_in_production(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.DEMO = tmp_path, False
    with pytest.raises(Unavailable):
        report_keys.files(at=AT)
    made = report_keys.init("泽川市信用中心", at=AT)
    assert made.key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict):
        report_keys.init("别的单位", at=AT)
    made.key.chmod(0o640)
    with pytest.raises(Unavailable):
        report_keys.files(at=AT)
    settings.VAR_DIR, settings.DEMO = tmp_path / "demo", True
    assert report_keys.issuer(report_keys.files(at=AT)) == "公信演示节点"


def test_a_long_section_says_how_many_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_content, "MOST", 2)
    about = held.organisation()
    for _ in range(3):
        held.record(about)
    section = public(about).sections[0]
    assert (section.total, len(section.entries)) == (3, 2)
