"""Credit checks: what is answered for whom, and that every one of them is logged."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests import held
from tests.held import AT, CANARY

from gongxin.enquiries import answering, checks, evidence, looks
from gongxin.enquiries.asked import Asked, prepared
from gongxin.enquiries.checks import CheckAnswer
from gongxin.enquiries.models import Kind, Look, LookLeaf, Outcome
from gongxin.errors import NotFound, Unavailable
from gongxin.identity.models import Department
from gongxin.ids import uuid7
from gongxin.ledger import selectors
from gongxin.policy import packs
from gongxin.subjects.models import FormerName, Identifier

pytestmark = pytest.mark.django_db


@pytest.fixture
def department() -> Department:
    return held.department()


def ask(department: Department, code_or_name: str, **given: Any) -> CheckAnswer:
    values = {
        "asked_by": "key gx_1 审批系统",
        "purpose": "licence-review",
        "matter": "许可〔2026〕7号",
        "at": AT,
    } | given
    return checks.check(department=department, code_or_name=code_or_name, **values)


def test_a_code_is_answered_with_its_records(department: Department) -> None:
    about = held.organisation()
    older = held.record(about, decided_on=date(2026, 3, 1), fields={"CF_WFXW": "违法行为一", "CF_NR_FK": "0.2"})
    newer = held.record(about, revision=3)
    answer = ask(department, f" {about.uscc[:8]} {about.uscc[8:].lower()} ").data
    assert answer["outcome"] == "found"
    assert answer["matched_by"] == "uscc"
    assert answer["names"] is None
    assert answer["organisation"]["name"] == about.name
    assert [found["id"] for found in answer["records"]] == [str(newer.pk), str(older.pk)]
    assert answer["counts"] == {"penalty": 2}
    assert answer["records"][1]["fields"] == {"CF_WFXW": "违法行为一", "CF_NR_FK": "0.2"}
    assert answer["labels"]["penalty"]["CF_WFXW"] == packs.current().item("penalty").field("CF_WFXW").label
    assert answer["rule_version"] == packs.current().version
    assert answer["records"][0]["provider"]["name"] == newer.provider.name
    stored = Look.objects.get(pk=answer["check"])
    assert (stored.department, stored.asked_by, stored.asked_at) == (department, "key gx_1 审批系统", AT)
    assert (stored.purpose, stored.matter, stored.asked_for) == (
        "licence-review",
        "许可〔2026〕7号",
        answer["asked_for"],
    )
    assert stored.disclosed == [[str(newer.pk), 3], [str(older.pk), 1]]
    assert (stored.outcome, stored.record_count, stored.organisation_id) == ("found", 2, about.pk)
    assert stored.data_version == answer["data_version"]


def test_the_data_version_says_which_records_the_answer_could_see(department: Department) -> None:
    about = held.organisation()
    record = held.record(about)
    version = ask(department, about.uscc).data["data_version"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_visible_in_snapshot(xmin::text::xid8, %s::pg_snapshot), pg_current_xact_id()::text = xmin::text"
            " FROM records_record WHERE id = %s",
            [version, record.pk],
        )
        seen, own = cursor.fetchone()
    # Inside one transaction the row is the transaction's own, which a snapshot does not list.
    assert seen or own


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({}, 366),
        ({"state": "closed"}, 0),
        ({"publicity_from": None, "publicity_until": None}, 0),
        ({"publicity_from": date(2026, 4, 11)}, 0),
        ({"publicity_until": date(2026, 4, 9)}, 0),
        ({"disclosure": "authorised"}, 0),
    ],
)
def test_what_is_over_closed_unpublished_or_needs_consent_is_not_told(
    department: Department, change: dict[str, Any], days: int
) -> None:
    about = held.organisation()
    held.record(about, **change)
    answer = ask(department, about.uscc, at=AT + timedelta(days=days))
    assert answer.outcome == Outcome.NO_RECORDS
    assert answer.data["records"] == []


def test_the_last_day_of_publicity_is_the_last_day_in_china(department: Department) -> None:
    about = held.organisation()
    held.record(about, publicity_until=date(2026, 4, 10))
    assert ask(department, about.uscc, at=AT.replace(hour=15, minute=59)).outcome == Outcome.FOUND
    assert ask(department, about.uscc, at=AT.replace(hour=16)).outcome == Outcome.NO_RECORDS


def test_no_purpose_opens_authorised_records_while_there_is_no_consent() -> None:
    about = held.organisation()
    held.record(about, disclosure="authorised")
    held.record(about, disclosure="public")
    opening = [entry.code for entry in packs.current().purposes.values() if "authorised" in entry.disclosures]
    assert opening
    department = held.department(purposes=opening)
    for purpose in opening:
        assert "authorised" not in json.dumps(ask(department, about.uscc, purpose=purpose).data["records"])


def test_shared_records_are_told_only_where_the_purpose_says_so() -> None:
    about = held.organisation()
    held.record(about, disclosure="shared")
    department = held.department(purposes=["licence-review", "financing"])
    assert ask(department, about.uscc, purpose="licence-review").outcome == Outcome.FOUND
    assert ask(department, about.uscc, purpose="financing").outcome == Outcome.NO_RECORDS


def test_no_answer_holds_what_may_not_leave_its_provider(department: Department) -> None:
    about = held.organisation(legal_representative=CANARY, address=CANARY)
    for item in packs.current().items:
        held.record(about, item=item, disclosure="public")
    answer = ask(department, about.uscc)
    assert len(answer.data["records"]) == len(packs.current().items)
    assert CANARY not in json.dumps(answer.data)


def test_a_name_that_fits_one_organisation_shows_both_names(department: Department) -> None:
    about = held.organisation("云河泽川食品（集团）有限责任公司")
    held.record(about)
    answer = ask(department, "云河泽川食品(集团)有限公司").data
    assert (answer["outcome"], answer["matched_by"]) == ("found", "name")
    assert answer["names"] == {"asked": "云河泽川食品(集团)有限公司", "on_record": about.name}


def test_a_former_name_is_named_as_such(department: Department) -> None:
    about = held.organisation("云河新名称商贸有限公司")
    FormerName.objects.create(
        organisation=about, name="云河旧名称商贸有限公司", name_key="云河旧名称商贸", until=date(2024, 5, 1)
    )
    answer = ask(department, "云河旧名称商贸有限公司").data
    assert answer["matched_by"] == "former_name"
    assert answer["names"]["on_record"] == "云河旧名称商贸有限公司"
    assert answer["names"]["until"] == "2024-05-01"


def test_a_name_that_fits_two_is_answered_without_records(department: Department) -> None:
    one = held.organisation("云河同名百货有限公司")
    two = held.organisation("云河同名百货股份有限公司")
    held.record(one)
    answer = ask(department, "云河同名百货有限公司").data
    assert answer["outcome"] == "ambiguous"
    assert {entry["id"] for entry in answer["candidates"]} == {str(one.pk), str(two.pk)}
    assert answer["records"] == []
    assert answer["organisation"] is None
    assert Look.objects.get(pk=answer["check"]).organisation_id is None


def test_another_identifier_matches_only_where_no_credit_code_does(department: Department) -> None:
    about = held.organisation()
    Identifier.objects.create(organisation=about, scheme="registration_no", value="370000000000017")
    other = held.organisation()
    Identifier.objects.create(organisation=about, scheme="raw", value=other.uscc)
    assert ask(department, "370000000000017").data["matched_by"] == "identifier"
    assert ask(department, other.uscc).data["organisation"]["id"] == str(other.pk)


def test_an_unknown_code_is_stored_too_and_a_wrong_check_digit_is_hinted_at(department: Department) -> None:
    right = held.code(999_999_999)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert ask(department, right).data["hint"] is None
    answer = ask(department, wrong)
    assert (answer.outcome, answer.data["hint"]) == (Outcome.NOT_FOUND, "uscc-check-digit")
    assert Look.objects.get(pk=answer.check).outcome == "not_found"


def test_a_natural_person_is_refused_and_the_number_is_not_kept(department: Department) -> None:
    # Division 000000 belongs to nowhere, so this is nobody's number.
    number = "000000199001010042"
    for said in (number, f"张某（{number}）"):
        answer = ask(department, said, matter=f"事项 {number}")
        assert (answer.outcome, answer.reason) == (Outcome.REFUSED, "person")
        stored = Look.objects.get(pk=answer.check)
        assert number not in f"{stored.asked_for} {stored.matter} {json.dumps(answer.data)}"


@pytest.mark.parametrize(
    ("given", "purpose", "reason"),
    [
        ({}, "no-such-purpose", "purpose-unknown"),
        ({"purposes": []}, "licence-review", "purpose-not-granted"),
        ({"active": False}, "licence-review", "department-inactive"),
    ],
)
def test_a_refused_check_tells_nothing_and_is_stored(given: dict[str, Any], purpose: str, reason: str) -> None:
    about = held.organisation()
    held.record(about)
    answer = ask(held.department(**given), about.uscc, purpose=purpose)
    assert (answer.outcome, answer.reason) == (Outcome.REFUSED, reason)
    assert answer.data["organisation"] is None
    assert answer.data["records"] == []
    stored = Look.objects.get(pk=answer.check)
    assert (stored.outcome, stored.reason, stored.purpose, stored.asked_for) == ("refused", reason, purpose, about.uscc)


def test_without_the_stored_row_there_is_no_answer(department: Department) -> None:
    about = held.organisation()
    held.record(about)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enquiries_look ADD CONSTRAINT full_log CHECK (asked_for <> %s)", [about.uscc])
    with pytest.raises(IntegrityError):
        ask(department, about.uscc)


def ask_many(department: Department, questions: list[Asked]) -> tuple[list[dict[str, Any]], list[int], dict[str, int]]:
    """The answers, the number of lines in each piece, and the counts."""
    pieces = list(checks.check_many(questions, department=department, asked_by="k", purpose="licence-review", at=AT))
    lines = [piece.text.splitlines() for piece in pieces]
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece.outcomes)
    return [json.loads(line) for part in lines for line in part], [len(part) for part in lines], counts


def test_many_are_answered_in_order_and_share_a_batch(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHUNK", 3)
    known = [held.organisation() for _ in range(4)]
    for about in known[:2]:
        held.record(about)
    asked = [known[0].uscc, held.code(999_999_998), known[1].uscc, known[0].uscc, "", known[3].uscc, known[2].name]
    answers, parts, counts = ask_many(department, [Asked(text, "批量", row) for row, text in enumerate(asked, 1)])
    assert parts == [3, 3, 1]
    assert [answer["row"] for answer in answers] == [1, 2, 3, 4, 5, 6, 7]
    assert [answer["outcome"] for answer in answers] == [
        "found", "not_found", "found", "found", "refused", "no_records", "no_records",
    ]  # fmt: skip
    assert {name: count for name, count in counts.items() if count} == {
        "found": 3, "not_found": 1, "refused": 1, "no_records": 2,
    }  # fmt: skip
    assert Look.objects.values("batch_id").distinct().count() == 1
    assert set(Look.objects.values_list("channel", flat=True)) == {"batch"}
    assert Look.objects.count() == 7


def test_a_piece_of_a_batch_is_one_leaf_over_its_entries(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHUNK", 2)
    before = selectors.size()
    ask(department, held.organisation().uscc)
    answers, _, _ = ask_many(department, [Asked(held.organisation().uscc, "批量", row) for row in range(1, 6)])
    ask(department, held.organisation().uscc)
    leaves = [json.loads(selectors.body(seq))["fields"] for seq in range(before + 1, before + 4)]
    assert selectors.size() == before + 5
    assert [leaf["looks"] for leaf in leaves] == [2, 2, 1]
    found = [evidence.of(Look.objects.get(pk=answer["check"])) for answer in answers]
    assert [one.seq for one in found] == [before + 1, before + 1, before + 2, before + 2, before + 3]
    assert all(one.holds for one in found)


def test_a_batch_whose_log_was_changed_does_not_hold(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHUNK", 2)
    answers, _, _ = ask_many(department, [Asked(held.organisation().uscc, "批量", row) for row in range(1, 5)])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enquiries_look DISABLE TRIGGER USER")
        cursor.execute("UPDATE enquiries_look SET matter = '' WHERE id = %s", [answers[2]["check"]])
    held_now = [evidence.of(Look.objects.get(pk=answer["check"])).holds for answer in answers]
    assert held_now == [True, True, False, False]


def test_a_batch_of_one_leaf_is_still_proved(department: Department) -> None:
    """As batches were logged before they came in pieces."""
    asking, _ = checks._asking(department, "k", "licence-review", AT)
    asking = replace(asking, batch=uuid7())
    questions = prepared([Asked(held.organisation().uscc, "批量", row) for row in (1, 2)])
    found = answering.answers(questions, asking)
    entries = [answer.entry for answer in found]
    looks.commit(Kind.CHECK, entries, refused=0, subject=asking.batch, actor="k", at=AT)
    assert all(evidence.of(look).holds for look in Look.objects.filter(batch_id=asking.batch))


def test_a_check_is_one_leaf_that_says_nothing_of_whom_it_is_about(department: Department) -> None:
    about, before = held.organisation(), selectors.size()
    answer = ask(department, about.uscc)
    refused = ask(department, about.uscc, purpose="financing")
    assert selectors.size() == before + 2
    for seq, look, count in ((before, answer, 0), (before + 1, refused, 1)):
        assert LookLeaf.objects.get(subject=look.check).seq == seq
        body = selectors.body(seq)
        assert json.loads(body)["fields"]["refused"] == count
        for secret in (str(about.pk), about.uscc, department.code, str(department.pk), "gx_1"):
            assert secret.encode() not in body
        assert evidence.of(Look.objects.get(pk=look.check)).holds


def test_without_the_leaf_there_is_no_answer(department: Department) -> None:
    about = held.organisation()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf ADD CONSTRAINT full_log CHECK (false) NOT VALID")
    with pytest.raises(Unavailable), transaction.atomic():
        ask(department, about.uscc)
    with pytest.raises(Unavailable), transaction.atomic():
        ask_many(department, [Asked(about.uscc, "批量")])
    assert not Look.objects.exists()


@pytest.mark.parametrize("statement", ["UPDATE enquiries_look SET matter = ''", "DELETE FROM enquiries_look"])
def test_the_log_is_append_only(department: Department, statement: str) -> None:
    ask(department, "云河不存在商贸有限公司")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_chunk_costs_one_query_whatever_its_size(department: Department) -> None:
    taken = []
    for count in (1, 40):
        questions = [Asked(held.organisation().uscc, "批量", row) for row in range(1, count + 1)]
        with CaptureQueriesContext(connection) as queries:
            ask_many(department, questions)
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 8


def test_a_stored_check_is_read_by_its_own_department_only(department: Department) -> None:
    answer = ask(department, "云河不存在商贸有限公司")
    assert checks.stored(answer.check, department=department).outcome == "not_found"
    with pytest.raises(NotFound):
        checks.stored(answer.check, department=held.department())
