"""Who may hand in what, and what is said about it afterwards."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.intake.hand_ins import AT, csv_of, department, hand_in, nameless, penalty, person

from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.intake import jobs, pipeline, selectors, storage, submissions
from gongxin.intake.models import Channel, Submission, SubmissionState

pytestmark = pytest.mark.django_db


def officer(of: str = "market", **facts: Any) -> User:
    return User.objects.create(username=f"officer-{of}-{len(facts)}", department=department(of), **facts)


def received(content: bytes = b"a", **facts: Any) -> Submission:
    usual = {
        "filename": "a.csv",
        "item": "penalty",
        "provider": department(),
        "channel": Channel.DESK,
        "acting_user": None,
        "at": AT,
    }
    return submissions.receive(io.BytesIO(content), **(usual | facts))


def test_every_row_has_one_outcome() -> None:
    done = hand_in([penalty(1), nameless(2), penalty(3), person(4)])
    assert done.state == SubmissionState.COMPLETED
    assert done.rows_in == done.accepted + done.revised + done.unchanged + done.rejected + done.received == 4
    assert done.rejected == 2
    assert set(done.rejections_by_code) >= {"E203", "E404"}


def test_same_file_again_changes_nothing() -> None:
    rows = [penalty(1), penalty(2)]
    hand_in(rows)
    again = hand_in(rows)
    assert (again.accepted, again.revised, again.unchanged) == (0, 0, 2)


def test_summary_has_the_agreed_keys() -> None:
    summary = selectors.summary(hand_in([penalty(1), nameless(2)]))
    counts = ["rows_in", "accepted", "unchanged", "revised", "rejected", "received"]
    assert list(summary) == ["submission", *counts, "rejections", "warnings", "state", "fault"]
    assert summary["rejections"] == {"E203": 1}
    assert summary["fault"] is None


def test_refused_file_says_why_and_what_to_do() -> None:
    refused = hand_in(b"%PDF-1.7 something", filename="a.pdf")
    assert refused.state == SubmissionState.REFUSED
    fault = selectors.summary(refused)["fault"]
    assert fault["code"] == "E103"
    assert fault["remedy"]


@pytest.mark.parametrize(
    ("facts", "error", "expected"),
    [
        ({"item": "no-such-item"}, InvalidInput, "E117"),
        ({"item": "honour"}, NotPermitted, "E116"),
    ],
    ids=["unknown item", "item not granted"],
)
def test_item_must_exist_and_be_granted(facts: dict[str, Any], error: type[GongxinError], expected: str) -> None:
    with pytest.raises(error) as refused:
        received(**facts)
    assert refused.value.code == expected
    assert refused.value.remedy
    assert not Submission.objects.exists()


def test_inactive_department_may_not_hand_in() -> None:
    with pytest.raises(NotPermitted) as refused:
        received(provider=department("closed", active=False))
    assert refused.value.code == "department-inactive"


def test_user_of_another_department_may_not_hand_in() -> None:
    with pytest.raises(NotPermitted) as refused:
        received(acting_user=officer("housing"))
    assert refused.value.code == "other-department"
    assert received(acting_user=officer("market")).submitted_by is not None


def test_only_own_submissions_can_be_corrected() -> None:
    other = hand_in([nameless(1)], provider=department("housing"))
    with pytest.raises(InvalidInput) as refused:
        received(corrects=other)
    assert refused.value.code == "corrects-other"


def test_double_click_gives_the_waiting_submission() -> None:
    first = received(b"same")
    assert received(b"same").pk == first.pk
    assert received(b"other").pk != first.pk
    Submission.objects.filter(pk=first.pk).update(state=SubmissionState.COMPLETED)
    assert received(b"same").pk != first.pk


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\报送\\处罚.xlsx", "处罚.xlsx"),
        ("\u202exslx.exe\x00", "xslx.exe"),
        ("", "未命名"),
        ("长" * 300 + ".csv", "长" * 251 + ".csv"),
    ],
)
def test_file_name_is_only_shown(given: str, kept: str) -> None:
    assert received(filename=given).filename == kept


def test_small_file_is_processed_at_once_and_large_one_becomes_a_job(settings) -> None:
    settings.INTAKE_INLINE_BYTES = 10_000
    small = hand_in([penalty(1)], mode="auto")
    large = hand_in([penalty(serial) for serial in range(100)], mode="auto")
    assert small.state == SubmissionState.COMPLETED
    assert large.state == SubmissionState.RECEIVED
    job = ProcrastinateJob.objects.get(task_name="intake.process_submission")
    assert job.args == {"submission_id": str(large.pk)}
    assert job.lock == "intake:penalty"


def test_failure_of_ours_hands_the_file_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Submission:
        raise OSError("disk gone")

    monkeypatch.setattr(pipeline, "process", broken)
    left = hand_in([penalty(1)])
    assert left.state == SubmissionState.RECEIVED
    assert storage.has_original(left)
    assert ProcrastinateJob.objects.filter(args={"submission_id": str(left.pk)}, status="todo").count() == 1


def test_interrupted_submission_can_be_processed_again() -> None:
    interrupted = received(csv_of([penalty(1)]))
    Submission.objects.filter(pk=interrupted.pk).update(state=SubmissionState.REFUSED, fault_code=jobs.INTERRUPTED)
    again = submissions.retry(interrupted, acting_user=None, at=AT)
    assert again.state == SubmissionState.RECEIVED
    assert jobs.run(again.pk, at=AT).accepted == 1


def test_finished_submission_cannot_be_processed_again() -> None:
    done = hand_in([penalty(1)])
    with pytest.raises(Conflict) as refused:
        submissions.retry(done, acting_user=None, at=AT)
    assert refused.value.code == "not-interrupted"
    assert submissions.process(done, at=AT) is done


def test_findings_are_grouped_with_examples(django_assert_num_queries) -> None:
    done = hand_in([nameless(serial) for serial in range(1, 6)] + [person(9)])
    with django_assert_num_queries(2):
        groups = {group.fault.code: group for group in selectors.finding_groups(done)}
    assert groups["E203"].rows == 5
    assert [example.row_number for example in groups["E203"].examples] == [2, 3, 4]
    assert groups["E203"].examples[0].label == "行政相对人名称"
    assert "行政相对人名称" in groups["E203"].examples[0].sentence


def test_findings_come_in_pages() -> None:
    done = hand_in([nameless(serial) for serial in range(1, 6)])
    page = selectors.findings_page(done, code="E203", page=2, size=2)
    assert ([line.row_number for line in page.lines], page.page, page.pages, page.total) == ([4, 5], 2, 3, 5)
    assert selectors.findings_page(done, page=99, size=2).page == 3
    assert selectors.findings_page(done, code="E999").total == 0


def test_snapshot_is_honest_about_what_is_not_known() -> None:
    waiting = received()
    assert selectors.snapshot(waiting)["percent"] is None
    waiting.state, waiting.stage, waiting.rows_done, waiting.rows_total = SubmissionState.PROCESSING, "核对", 50, 200
    snapshot = selectors.snapshot(waiting)
    assert (snapshot["percent"], snapshot["finished"], snapshot["state_text"]) == (25, False, "处理中")


def test_another_departments_submission_is_not_found() -> None:
    own = received()
    assert selectors.one(own.pk, provider=department()) == own
    for wanted, provider in ((own.pk, department("housing")), ("nonsense", None)):
        with pytest.raises(NotFound):
            selectors.one(wanted, provider=provider)


def test_list_is_newest_first() -> None:
    early = received(b"1", at=datetime(2026, 4, 1, tzinfo=UTC))
    late = received(b"2", at=datetime(2026, 4, 2, tzinfo=UTC))
    received(b"3", provider=department("housing"))
    assert list(selectors.for_department(department())) == [late, early]
