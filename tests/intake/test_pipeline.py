"""From file to record: every row accounted for, nothing twice, nothing half done."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.intake.hand_ins import AT, code, csv_of, department, hand_in, nameless, penalty, person

from gongxin.errors import Conflict, NotFound
from gongxin.intake import delimited, loading, pipeline, submissions
from gongxin.intake.models import Channel, Finding, RejectedRow, Submission, SubmissionState
from gongxin.records import locking
from gongxin.records.models import Record, Revision
from gongxin.subjects.models import Organisation

pytestmark = pytest.mark.django_db


def counts(submission: Submission) -> tuple[int, int, int, int]:
    """Accepted, revised, unchanged, rejected; they add up to the rows in."""
    found = (submission.accepted, submission.revised, submission.unchanged, submission.rejected)
    assert sum(found) == submission.rows_in
    assert submission.state == SubmissionState.COMPLETED, submission.fault_code
    return found


def received(rows: Any, **facts: Any) -> Submission:
    """Handed in, not processed."""
    usual = {
        "filename": "a.csv",
        "item": "penalty",
        "provider": department(),
        "channel": Channel.CLI,
        "acting_user": None,
        "at": AT,
    }
    return submissions.receive(_stream(rows), **(usual | facts))


def _stream(rows: Any) -> Any:
    return io.BytesIO(rows if isinstance(rows, bytes) else csv_of(rows))


def test_same_file_again_changes_nothing() -> None:
    rows = [penalty(1), penalty(2)]
    assert counts(hand_in(rows)) == (2, 0, 0, 0)
    before = list(Record.objects.order_by("id").values())
    again = hand_in(rows, at=AT + timedelta(days=1))
    assert counts(again) == (0, 0, 2, 0)
    assert list(Record.objects.order_by("id").values()) == before
    assert Revision.objects.count() == 0


def test_same_content_in_another_form_is_unchanged() -> None:
    hand_in([penalty(1)])
    same = penalty(1, CF_JDRQ="2026年4月3日", CF_NR_FK="0.200", CF_XDR_SHXYM=code(1).lower(), BZ="  ")
    assert counts(hand_in([same])) == (0, 0, 1, 0)


def test_brackets_and_width_do_not_make_a_second_record() -> None:
    hand_in([penalty(1)])
    other = penalty(1, CF_WSH="泽市监罚［2026］１号")
    assert counts(hand_in([other])) == (0, 1, 0, 0)
    assert Record.objects.get().document_no == "泽市监罚［2026］１号"


def test_other_content_makes_a_revision_and_the_old_one_is_kept() -> None:
    hand_in([penalty(1), penalty(2)])
    first = Record.objects.get(document_no=penalty(1)["CF_WSH"])
    changed = hand_in([penalty(1, CF_NR="罚款 3000 元", CF_NR_FK="0.3"), penalty(2)], at=AT + timedelta(days=1))
    assert counts(changed) == (0, 1, 1, 0)
    now = Record.objects.get(pk=first.pk)
    assert (now.revision, now.submission_id, now.recorded_at) == (2, changed.pk, AT + timedelta(days=1))
    assert "罚款 3000 元" in now.payload
    old = Revision.objects.get()
    assert (old.record_id, old.number, old.payload, old.submission_id) == (
        first.pk,
        1,
        first.payload,
        first.submission_id,
    )
    assert (old.recorded_at, old.replaced_at) == (AT, AT + timedelta(days=1))


def test_back_and_forth_are_three_states() -> None:
    for n, remark in enumerate(["甲", "乙", "甲"]):
        hand_in([penalty(1, BZ=remark)], at=AT + timedelta(days=n))
    assert Record.objects.get().revision == 3
    assert list(Revision.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_record_of_another_provider_is_not_touched() -> None:
    hand_in([penalty(1)])
    other = hand_in([penalty(1, BZ="别的部门"), penalty(2)], provider=department("housing"))
    assert counts(other) == (1, 0, 0, 1)
    found = Finding.objects.get(submission=other, code="E308")
    assert (found.row_number, found.expected) == (2, "虚构部门market")
    assert Record.objects.get(document_no=penalty(1)["CF_WSH"]).revision == 1


def test_repeated_rows_count_as_unchanged() -> None:
    submission = hand_in([penalty(1), penalty(2), penalty(1), penalty(1)])
    assert counts(submission) == (2, 0, 2, 0)
    assert list(Finding.objects.filter(code="W205").values_list("row_number", "expected")) == [(4, "2"), (5, "2")]


def test_contradicting_rows_all_go_back() -> None:
    submission = hand_in([penalty(1), penalty(2), penalty(1, BZ="另一内容"), penalty(1)])
    assert counts(submission) == (1, 0, 0, 3)
    assert submission.rejections_by_code == {"E215": 3}
    assert list(RejectedRow.objects.values_list("row_number", flat=True)) == [2, 4, 5]
    assert Finding.objects.filter(code="E215")[0].value == "第 2、4、5 行"
    assert RejectedRow.objects.get(row_number=4).cells[-1] == "另一内容"
    assert Record.objects.count() == 1


@pytest.mark.parametrize("held", [False, True])
def test_contradictions_across_chunks(monkeypatch: pytest.MonkeyPatch, held: bool) -> None:
    """The first row is loaded (or staged as a revision) long before the other one shows up; it is taken out again."""
    monkeypatch.setattr(delimited, "_BLOCK", 3_000)
    if held:
        hand_in([penalty(1, BZ="从前"), penalty(2)])
    rows = [penalty(n, BZ="现在") for n in range(1, 60)] + [penalty(1, BZ="矛盾")]
    submission = hand_in(rows)
    assert counts(submission) == ((57, 1, 0, 2) if held else (58, 0, 0, 2))
    assert list(RejectedRow.objects.filter(submission=submission).values_list("row_number", flat=True)) == [2, 61]
    contested = [record.payload for record in Record.objects.filter(document_no=penalty(1)["CF_WSH"])]
    assert len(contested) == (1 if held else 0)
    assert all("从前" in held_payload for held_payload in contested)
    assert Revision.objects.count() == (1 if held else 0)


def test_many_chunks_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [penalty(n) if n % 7 else nameless(n) for n in range(1, 200)] + [penalty(3), person(5)]
    whole = counts(hand_in(rows))
    Record.objects.all().delete()
    monkeypatch.setattr(delimited, "_BLOCK", 2_000)
    assert counts(hand_in(rows)) == whole == (171, 0, 1, 29)
    assert counts(hand_in(rows)) == (0, 0, 172, 29)


def test_unknown_organisation_is_created_once_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 1_000)
    rows = [penalty(1, CF_WSH=f"泽市监罚〔2026〕{n}号") for n in range(1, 30)]
    submission = hand_in(rows)
    assert counts(submission) == (29, 0, 0, 0)
    created = Organisation.objects.get()
    assert (created.uscc, created.origin, created.kind) == (code(1), "provider", "enterprise")
    assert set(Record.objects.values_list("organisation_id", flat=True)) == {created.pk}


def test_honest_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 2_000)
    seen: list[tuple[str, int, int | None]] = []
    submission = received([penalty(n) for n in range(1, 60)])
    pipeline.process(submission.pk, at=AT, progress=lambda *said: seen.append(said))
    done = [n for _, n, _ in seen]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 59)
    assert len(set(done)) > 5
    assert all(total is None or total >= n for _, n, total in seen)


def test_finished_and_unknown_submissions_are_not_processed() -> None:
    done = hand_in([penalty(1)])
    with pytest.raises(Conflict):
        pipeline.process(done.pk, at=AT)
    with pytest.raises(NotFound):
        pipeline.process(uuid4(), at=AT)


def test_what_breaks_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 2_000)
    submission = received([penalty(n) if n % 5 else nameless(n) for n in range(1, 60)])

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("the machine stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(loading.Loader, "merge", broken)
        with pytest.raises(RuntimeError):
            pipeline.process(submission.pk, at=AT)
    submission.refresh_from_db()
    assert submission.state == SubmissionState.PROCESSING
    assert not Record.objects.exists()
    assert not RejectedRow.objects.exists()
    assert not Finding.objects.exists()
    assert not Organisation.objects.exists()
    assert counts(pipeline.process(submission.pk, at=AT)) == (48, 0, 0, 11)


def test_failure_of_the_database_comes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = received([penalty(1)])
    monkeypatch.setattr(loading, "_COLUMNS", ["no_such_column"])
    with pytest.raises(Exception, match="no_such_column"):
        pipeline.process(submission.pk, at=AT)
    assert not Record.objects.exists()


def test_lost_row_is_an_error_not_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = received([penalty(1), penalty(2)])
    monkeypatch.setattr("gongxin.intake.tally.Tally.add_fates", lambda self, fates: None)
    with pytest.raises(AssertionError, match="2 rows in"):
        pipeline.process(submission.pk, at=AT)
    assert not Record.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_files_racing_make_no_double_record() -> None:
    rows = [penalty(n) for n in range(1, 40)]
    waiting = [received(rows, filename=f"{n}.csv").pk for n in range(3)]
    start = threading.Barrier(len(waiting))

    def run(pk: Any) -> tuple[int, int, int, int]:
        start.wait()
        try:
            return counts(pipeline.process(pk, at=AT))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(waiting)) as executor:
        found = sorted(executor.map(run, waiting))
    assert found == [(0, 0, 39, 0), (0, 0, 39, 0), (39, 0, 0, 0)]
    assert Record.objects.count() == 39


@pytest.mark.django_db(transaction=True)
def test_other_items_do_not_wait() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, hashtext('licence'))", [locking.ITEM_LOCK])
    try:
        assert counts(hand_in([penalty(1)])) == (1, 0, 0, 0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")


def test_signs_that_copy_and_json_treat_specially() -> None:
    text = 'a\\b"c"\td\\N{x}\\.\n二行\\'
    submission = hand_in([penalty(1, CF_NR=text, CF_WFXW='\\t"标题"', CF_WSH="泽\\N〔2026〕1号")])
    assert counts(submission) == (1, 0, 0, 0)
    record = Record.objects.get()
    assert text in record.payload
    assert (record.title, record.document_no) == ('\\t"标题"', "泽\\N〔2026〕1号")
    rejected = hand_in([penalty(2, CF_NR=text, CF_FRDB="响\x07铃")])
    assert counts(rejected) == (0, 0, 0, 1)
    assert text in RejectedRow.objects.get().cells


_OUTCOMES = st.sampled_from(["good", "nameless", "person", "repeat", "late", "other"])


@settings(max_examples=20, deadline=None)
@given(st.lists(_OUTCOMES, min_size=1, max_size=40), st.integers(600, 20_000))
def test_rows_in_are_rows_out(kinds: list[str], block: int) -> None:
    made = {
        "good": penalty,
        "nameless": nameless,
        "person": person,
        "repeat": lambda _: penalty(1),
        "late": lambda n: penalty(n, CF_JDRQ="2025/01/02"),
        "other": lambda n: penalty(2, BZ=str(n)),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_BLOCK", block)
        submission = hand_in([made[kind](n + 10) for n, kind in enumerate(kinds)])
    assert submission.rows_in == len(kinds)
    found = counts(submission)
    assert found[3] == RejectedRow.objects.filter(submission=submission).count()
    assert Record.objects.filter(submission_id=submission.pk, revision=1).count() == found[0]
