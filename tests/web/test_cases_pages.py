"""Cases at the desk: the list with its filters and file, the case page with its steps, filing on paper, notices."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.intake.hand_ins import AT, department, hand_in
from tests.intake.hand_ins import penalty as row
from tests.rights import world as worlds
from tests.rights.world import PDF, World, at, browser, pdf

from gongxin import clock
from gongxin.enquiries.models import Look
from gongxin.enquiries.selectors import who_looked
from gongxin.policy import packs
from gongxin.records.models import State
from gongxin.rights.models import Case, Evidence

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world of rights, on a day on which its penalty may be repaired."""
    with clock.at(at(JULY)):
        yield worlds.build()


def text(response: Any) -> str:
    """What was sent."""
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_the_list_says_whose_turn_and_until_when(world: World) -> None:
    case = world.apply(on=JULY)
    page = text(browser(world.maker).get(reverse("cases:cases")))
    assert case.number in page
    assert "还剩 2 个工作日" in page
    assert "承办单位承办员" in page
    assert case.number not in text(browser(world.stranger).get(reverse("cases:cases")))
    assert case.number in text(browser(world.office).get(reverse("cases:cases")))
    # Whom the list told of sees that it was looked at.
    for where in (reverse("cases:cases"), reverse("cases:cases-file", args=["csv"])):
        text(browser(world.office).get(where))
        look = Look.objects.latest("pk")
        assert (look.others, look.outcome) == ([world.company.pk], "shown")
        assert look in who_looked(world.company.pk, size=5).looks


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"standing": "open"}, True),
        ({"standing": "turn"}, True),
        ({"standing": "party"}, False),
        ({"standing": "late"}, False),
        ({"standing": "closed"}, False),
        ({"procedure": "objection"}, False),
        ({"procedure": "repair", "q": "云岭"}, True),
        ({"q": "没有这样的"}, False),
        ({"standing": "nonsense"}, True),
    ],
)
def test_filters_are_in_the_address_and_in_the_file(world: World, query: dict[str, str], found: bool) -> None:
    case = world.apply(on=JULY)
    client = browser(world.maker)
    assert (case.number in text(client.get(reverse("cases:cases"), query)).split('id="list"')[1]) == found
    body = text(client.get(reverse("cases:cases-file", args=["csv"]), query)).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [row["办件编号"] for row in rows] == ([case.number] if found else [])


def test_repair_is_handled_by_forms_alone(world: World) -> None:
    case = world.apply(on=JULY)
    maker, checker = browser(world.maker), browser(world.checker)
    page = reverse("cases:case", args=[case.pk])
    shown = text(maker.get(page))
    assert "受理" in shown
    assert "<svg" in shown
    assert "缴款凭证.pdf" in shown

    def step(client: Client, action: str, **given: str) -> Any:
        sent = {f"{action}-{name}": value for name, value in given.items()}
        return client.post(reverse("cases:step", args=[case.pk, action]), sent)

    assert step(maker, "accept").status_code == 302
    refused = step(maker, "propose-grant")
    assert refused.status_code == 422
    assert "autofocus" in text(refused)
    assert step(maker, "propose-grant", reasons="材料齐全，义务已经履行").status_code == 302
    again = step(maker, "grant", reasons="同意")
    assert again.status_code == 403
    assert "不能由经办人自己办理" in text(again)
    assert step(checker, "grant", reasons="同意").status_code == 302
    assert worlds.fresh(world.record).state == State.REPAIRED
    late = step(checker, "grant", reasons="再来一次")
    assert late.status_code == 409
    assert Client().get(f"/records/{world.record.pk}").status_code == 410


def test_a_form_is_a_look_at_what_it_is_about(world: World) -> None:
    """Opening the form about a record, and getting a case's page back with the faults of a step."""
    client, before = browser(world.maker), Look.objects.count()
    where = reverse("cases:file", args=[world.record.pk, "revocation", "report-revoked"])
    opened = client.get(where)
    seen = Look.objects.latest("pk")
    assert (opened.status_code, Look.objects.count()) == (200, before + 1), opened.status_code
    assert (seen.outcome, seen.organisation_id) == ("found", world.company.pk)
    assert seen.disclosed == [[str(world.record.pk), world.record.revision]]
    case = world.object(on=JULY)
    before = Look.objects.count()
    back = client.post(reverse("cases:step", args=[case.pk, "uphold-correct"]), {})
    seen = Look.objects.latest("pk")
    assert (back.status_code, Look.objects.count()) == (422, before + 1)
    assert (seen.outcome, seen.organisation_id, seen.asked_by) == ("shown", world.company.pk, "maker")
    assert case.number in text(back)


def test_what_was_typed_is_not_lost_when_a_step_is_refused(world: World) -> None:
    case = world.object(on=JULY)
    answer = browser(world.maker).post(
        reverse("cases:step", args=[case.pk, "uphold-correct"]),
        {
            "uphold-correct-reasons": "核查属实",
            "uphold-correct-field_1": "CF_NR_FK",
            "uphold-correct-text_1": "很多钱",
        },
    )
    assert answer.status_code == 422
    page = text(answer)
    assert "核查属实" in page
    assert "很多钱" in page
    assert "E208" in page


def test_the_mark_is_on_the_public_page_the_lists_and_the_answers(world: World) -> None:
    """Record page, organisation page, list, file, API record, API list: on while it is verified, off afterwards."""
    case = world.object(on=JULY)
    client = Client()
    pages = [
        reverse("public:record", args=[world.record.pk]),
        reverse("public:organisation", args=[world.company.pk]),
        reverse("public:disclosure", args=["penalty"]),
        reverse("public:disclosure-csv", args=["penalty"]),
        reverse("public:search") + f"?q={world.record.document_no}",
    ]
    for page in pages:
        assert "不得据此采取" in text(client.get(page)), page
    api = f"/api/v1/records/{world.record.pk}"
    assert client.get(api).json()["record"]["contested"] is True
    listed = client.get(f"/api/v1/organisations/{world.company.pk}/records").json()
    assert [entry["contested"] for entry in listed["records"]] == [True]
    world.take(case, "reject", by=world.maker, on=JULY)
    assert client.get(api).json()["record"]["contested"] is False
    for page in pages:
        assert "不得据此采取" not in text(client.get(page)), page


def test_paper_is_entered_by_the_credit_office(world: World) -> None:
    client = browser(world.office)
    choose = text(client.get(reverse("cases:choose", args=[world.record.pk])))
    address = reverse("cases:file", args=[world.record.pk, "objection", "file"])
    assert address in choose
    empty = client.post(address, {})
    assert empty.status_code == 422
    sent = {"paper": "收文〔2026〕9号", "file-reasons": "书面异议", "file-file_1": pdf()}
    assert client.post(address, sent).status_code == 302
    case = Case.objects.get()
    assert (case.channel, case.paper, case.evidence.count()) == ("paper", "收文〔2026〕9号", 1)
    assert client.get(reverse("cases:case", args=[case.pk])).status_code == 200


def test_a_revocation_reported_by_the_provider_takes_the_record_down_at_once(world: World) -> None:
    client = browser(world.reporter)
    address = reverse("cases:file", args=[world.record.pk, "revocation", "report-revoked"])
    sent = {"report-revoked-reasons": "复议决定撤销", "report-revoked-occurred_on": "2026-06-30"}
    assert client.post(address, sent).status_code == 302
    assert Client().get(f"/records/{world.record.pk}").status_code == 410
    assert browser(world.stranger).get(address).status_code in {403, 404}


def test_evidence_is_for_those_who_may_see_the_case_and_only_a_download(world: World) -> None:
    world.apply(on=JULY)
    address = reverse("cases:evidence", args=[Evidence.objects.get().pk])
    answer = browser(world.maker).get(address)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert browser(world.stranger).get(address).status_code == 403
    assert browser(world.agent).get(address).status_code == 403


def test_notice_of_repair_as_page_pdf_and_bundle(world: World) -> None:
    client = browser(world.reporter)
    page = text(client.get(reverse("cases:repair-notice", args=[world.record.pk])))
    assert "自2026年7月1日起可以申请信用修复" in page
    assert "不收取任何费用" in page
    made = client.get(reverse("cases:repair-notice-pdf", args=[world.record.pk])).content
    assert made.startswith(b"%PDF-")
    assert browser(world.stranger).get(reverse("cases:repair-notice", args=[world.record.pk])).status_code in {403, 404}


def test_case_number_has_no_fee_field_anywhere(world: World) -> None:
    """No form of any procedure asks for money."""
    case = world.apply(on=JULY)
    page = text(browser(world.maker).get(reverse("cases:case", args=[case.pk])))
    names = re.findall(r'name="([^"]+)"', page)
    assert names
    assert [name for name in names if "fee" in name or "pay" in name or "amount" in name] == []


def test_queries_of_the_list_do_not_grow_with_its_rows(world: World, django_assert_max_num_queries: Any) -> None:
    client = browser(world.office)
    for number in range(12):
        held = worlds.penalty(world.company, world.market, document_no=f"泽市监罚〔2026〕{100 + number}号")
        worlds.World(**{**_fields(world), "record": held}).object(on=JULY)
    with django_assert_max_num_queries(24):
        client.get(reverse("cases:cases"))


def _fields(world: World) -> dict[str, Any]:
    return {name: getattr(world, name) for name in World.__dataclass_fields__}


def test_bundle_of_a_submission(db: None, settings: Any, tmp_path: Any) -> None:
    """One PDF a new penalty, named by its document; licences get none."""
    settings.FILES_DIR = tmp_path / "files"

    with clock.at(AT):
        provider = department()
        done = hand_in([row(1), row(2)], provider=provider)
        officer = worlds.user("filer", worlds.Role.DATA_OFFICER, provider)
        answer = browser(officer).get(reverse("cases:repair-notices", args=[done.pk]))
        archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
        assert sorted(archive.namelist()) == [f"信用修复告知书-泽市监罚〔2026〕{n}号.pdf" for n in (1, 2)]
        assert all(archive.read(name).startswith(b"%PDF-") for name in archive.namelist())
        assert packs.current().item("penalty").adverse
