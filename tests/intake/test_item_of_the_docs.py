"""The item of docs/policy-packs.md, added as one file and nothing else, from template to page and credit check."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests import held
from tests.intake.hand_ins import AT, code, department

from gongxin import clock
from gongxin.enquiries import checks
from gongxin.intake import submissions, templates
from gongxin.intake.models import Channel, Finding, Submission
from gongxin.policy import packs
from gongxin.policy.checks import check as check_pack
from gongxin.records import selectors
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy-packs.md"
GIVEN = {
    "party_name": "泽川市云岭1号贸易有限公司", "party_kind": "法人及非法人组织", "party_uscc": code(1),
    "document_no": "泽水定〔2026〕1号", "decided_on": "2026/04/03", "effective_from": "2026/04/03",
    "effective_until": "2027/04/02", "authority_code": code(1, "11"), "source_code": code(1, "11"),
}  # fmt: skip


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of the new item."""
    path, text = re.findall(
        r"`policies/([\w/-]+\.yaml)`:\n\n```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S
    )[0]
    folder = tmp_path / "policies"
    shutil.copytree(packs.policies_folder(), folder)
    (folder / path).write_text(text, encoding="utf-8")
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    monkeypatch.setenv("GONGXIN_PACK", path.split("/")[0])
    cache.clear()
    with clock.at(AT):
        yield Path(path).stem
    cache.clear()


def filled_template(item_id: str) -> bytes:
    """The upload template with one row, as a department would fill it in."""
    item = packs.current().item(item_id)
    book = openpyxl.load_workbook(io.BytesIO(templates.workbook(item)))
    sheet = book.worksheets[0]
    titles = [str(cell.value) for cell in sheet[1]]
    named = {title: field for field in item.fields for title in (field.label, field.name)}
    for place, title in enumerate(titles, start=1):
        field = named[title.strip("* ")]
        if field.required or field.role in GIVEN:
            sheet.cell(2, place, GIVEN.get(field.role or "", field.example))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def handed_in(item_id: str) -> Submission:
    return submissions.submit(
        io.BytesIO(filled_template(item_id)), filename="用水定额.xlsx", item=item_id,
        provider=department("water", items=[item_id]), channel=Channel.DESK, acting_user=None, at=AT, mode="now",
    )  # fmt: skip


def published(item_id: str) -> Record:
    submission = handed_in(item_id)
    assert (submission.state, submission.accepted, submission.rows_in) == ("completed", 1, 1), (
        submission.fault_code, list(Finding.objects.values_list("code", "field")),
    )  # fmt: skip
    return selectors.published_on(date(2026, 4, 10)).get(item=item_id)


def test_pack_with_it_is_sound(added: str) -> None:
    assert packs.current().item(added).title == "用水定额管理"
    assert check_pack(packs.current().name, packs.policies_folder()) is not None


def test_template_goes_in_and_the_record_is_on_the_pages(added: str, client: Client) -> None:
    record = published(added)
    assert (record.document_no, record.decided_on) == (GIVEN["document_no"], date(2026, 4, 3))
    item = packs.current().item(added)
    shown = [
        client.get(reverse("public:record", args=[record.pk])),
        client.get(reverse("public:disclosure", args=[added])),
        client.get(reverse("public:organisation", args=[record.organisation_id])),
    ]
    for response in shown:
        assert response.status_code == 200
        assert GIVEN["document_no"] in response.content.decode()
    page = shown[0].content.decode()
    assert item.title in page
    assert "年用水定额" in page
    catalogue = client.get(reverse("public:item", args=[added])).content.decode()
    assert "示例条例" in catalogue
    assert item.title in client.get(reverse("public:catalogue")).content.decode()


def test_it_is_public_while_it_is_in_force(added: str) -> None:
    published(added)
    days = [date(2026, 4, 2), date(2026, 4, 3), date(2027, 4, 2), date(2027, 4, 3)]
    assert [selectors.published_on(day).exists() for day in days] == [False, True, True, False]


def test_a_credit_check_answers_with_it(added: str) -> None:
    record = published(added)
    asking = held.department(purposes=["licence-review"])
    answer = checks.check(
        department=asking,
        asked_by="key gx_1 审批系统",
        code_or_name=code(1),
        purpose="licence-review",
        matter="许可1号",
        at=AT,
    ).data
    assert [found["id"] for found in answer["records"]] == [str(record.pk)]
    assert answer["counts"] == {added: 1}
    assert answer["labels"][added]["DE"] == packs.current().item(added).field("DE").label
