"""Pages of reports and of who looked: downloads, verification by number and by file, the auditor's list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests import held
from tests.web.desk_world import PASSWORD, World

from gongxin import clock
from gongxin.enquiries.models import Look, Report
from gongxin.identity import accounts, representations
from gongxin.identity.models import Department, Role, User
from gongxin.ledger import checkpoints, keys
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.VAR_DIR = tmp_path / "var"
    settings.DEMO = True
    with clock.at(held.AT):
        yield


@pytest.fixture
def about() -> Organisation:
    found = held.organisation()
    held.record(found)
    held.record(found, disclosure="authorised")
    return found


def downloaded(client: Client, path: str, given: dict[str, str] | None = None) -> bytes:
    answer = client.post(path, given or {})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), answer.content
    assert answer["Cache-Control"].startswith(("no-store", "max-age=0, no-cache, no-store"))
    return answer.content


def upload(client: Client, path: str, file: bytes) -> str:
    answer = client.post(path, {"file": SimpleUploadedFile("report.pdf", file, "application/pdf")})
    return answer.content.decode()


def test_anybody_downloads_the_public_report_and_anybody_verifies_it(client: Client, about: Organisation) -> None:
    address = reverse("public:report", args=[about.pk])
    assert address in client.get(reverse("public:organisation", args=[about.pk])).content.decode()
    assert about.name in client.get(address).content.decode()
    file = downloaded(client, address)
    report = Report.objects.get()
    page = reverse("public:verify-number", args=[report.number])
    shown = client.get(page).content.decode()
    for said in (report.number, report.sha256, about.name, "报告列出的信息到今天没有变化"):
        assert said in shown
    assert "与日志不符" not in shown
    for path in (page, reverse("public:verify")):
        assert "文件与签发时完全一致" in upload(client, path, file)
        assert "电子签名已经失效" in upload(client, path, file.replace(b"%PDF-1.", b"%PDF-2."))
        assert "没有可以读取的电子签名" in upload(client, path, b"something else")
    assert "没有选择文件" in client.post(page).content.decode()
    assert client.post(reverse("public:verify")).status_code == 422
    Record.objects.update(revision=7)
    assert "1</span> 条信息已经更正或者更新" in client.get(page).content.decode()


def test_a_number_is_found_as_people_type_it_and_an_unknown_one_is_told(client: Client, about: Organisation) -> None:
    downloaded(client, reverse("public:report", args=[about.pk]))
    number = Report.objects.get().number
    answer = client.get(reverse("public:verify"), {"number": f" {number.lower()} "})
    assert answer["Location"] == reverse("public:verify-number", args=[number])
    for path in (reverse("public:verify") + "?number=GX1", reverse("public:verify-number", args=["GX20260410-0000"])):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "未查到" in answer.content.decode()


def test_the_proof_is_there_after_the_next_checkpoint(client: Client, about: Organisation) -> None:
    downloaded(client, reverse("public:report", args=[about.pk]))
    path = reverse("public:verify-proof", args=[Report.objects.get().number])
    keys.make("credit.example/ledger")
    assert client.get(path).status_code == 404
    checkpoints.sign(at=held.AT)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content.startswith(b"c2sp.org/tlog-proof@v1")
    assert b"BEGIN CERTIFICATE" in client.get(reverse("public:verify-certificate")).content


def account(name: str, role: Role, department: Department | None) -> User:
    return accounts.create(name, password=PASSWORD, full_name="某账号", department=department, role=role, at=held.AT)


def test_a_representative_sees_who_looked_and_has_the_full_report(world: World, about: Organisation) -> None:
    Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"])
    officer = account("case", Role.CASE_OFFICER, world.mine)
    question = {"code": str(about.uscc), "purpose": "licence-review", "matter": "许可〔2026〕7号"}
    downloaded(world.client(officer), reverse("desk:report"), question)
    representative = account("rep", Role.REPRESENTATIVE, None)
    client = world.client(representative)
    assert client.get(reverse("mine:looks")).status_code == 404
    representations.bind(representative, str(about.uscc), ground="授权书", acting_user=None, at=held.AT)
    page = client.get(reverse("mine:looks")).content.decode()
    for said in (world.mine.name, "行政许可审查", "许可〔2026〕7号", "中华人民共和国行政许可法第三十四条"):
        assert said in page
    assert officer.username not in page.replace("case_officer", "")
    downloaded(client, reverse("mine:report"))
    full = Report.objects.order_by("issued_at", "leaf").last()
    assert full is not None
    assert (full.version, len(full.shown)) == ("full", 2)
    other = held.organisation()
    assert client.get(reverse("mine:looks") + f"?code={other.uscc}").status_code == 403
    assert client.post(reverse("mine:report"), {"code": str(other.uscc)}).status_code == 403
    refused = Look.objects.filter(outcome="refused", organisation_id=other.pk)
    assert set(refused.values_list("kind", flat=True)) == {"log", "report"}


@pytest.mark.parametrize(
    ("given", "status"), [({"purpose": "financing"}, 200), ({"code": "91000000MA0000000X"}, 200), ({"matter": ""}, 200)]
)
def test_a_form_that_cannot_be_answered_says_so_and_is_on_record(
    world: World, about: Organisation, given: dict[str, str], status: int
) -> None:
    Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"])
    client = world.client(account("case", Role.CASE_OFFICER, world.mine))
    question = {"code": str(about.uscc), "purpose": "licence-review", "matter": "甲"} | given
    answer = client.post(reverse("desk:report"), question)
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "请按提示改正" in answer.content.decode()
    assert Look.objects.count() == 1
    assert not Report.objects.exists()


def test_the_auditor_searches_the_log_and_takes_it_along(world: World) -> None:
    auditor = account("auditor", Role.AUDITOR, world.theirs)
    world.client(world.office).get(reverse("desk:record", args=[world.record.pk]))
    world.client(world.other).get(reverse("desk:record", args=[world.record.pk]))
    client = world.client(auditor)
    page = client.get(reverse("desk:looks") + "?outcome=refused").content.decode()
    assert "other" in page
    assert "不予查询" in page
    about = Organisation.objects.get(pk=world.record.organisation_id)
    page = client.get(
        reverse("desk:looks") + f"?organisation={about.uscc}&department=credit&purpose=platform-management"
    )
    assert f'<td class="mid">{world.office.username}</td>' in page.content.decode()
    assert f'<td class="mid">{world.other.username}</td>' not in page.content.decode()
    wrong = client.get(reverse("desk:looks") + "?organisation=nobody&since=yesterday").content.decode()
    assert "筛选条件有误" in wrong
    one = Look.objects.filter(outcome="refused").first()
    assert one is not None
    detail = client.get(reverse("desk:look", args=[one.pk])).content.decode()
    assert "与防篡改日志一致" in detail
    sheet = b"".join(client.get(reverse("desk:looks-file", args=["csv"]) + "?outcome=refused").streaming_content)
    assert sheet.decode("utf-8-sig").count("\r\n") == 2
    assert client.get(reverse("desk:looks-file", args=["xlsx"]) + "?since=x").status_code == 422
    assert world.client(world.office).get(reverse("desk:looks")).status_code == 403
