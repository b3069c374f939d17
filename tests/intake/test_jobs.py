"""Jobs: deferred with their row, taken up again when a worker dies, nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.intake.hand_ins import AT, department, hand_in, nameless, penalty, person

from gongxin.intake import jobs, pipeline, storage, submissions
from gongxin.intake.models import Attempt, RejectedRow, Submission, SubmissionState
from gongxin.records.models import Record, Revision

ROWS = [penalty(serial) for serial in range(1, 41)] + [nameless(99)]


@pytest.fixture(autouse=True)
def clean_queue(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No jobs of earlier tests (their tables are not Django's), and no connections left open by worker threads."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def queued(rows: list[dict[str, str]] | None = None, **facts: Any) -> Submission:
    return hand_in(rows or ROWS, mode="job", **facts)


def environment() -> dict[str, str]:
    """The settings of this test run, for a process of its own."""
    given = connection.settings_dict
    hosts = urlencode(
        {key.lower(): given[key] for key in ("HOST", "PORT", "USER", "PASSWORD") if given[key]}, quote_via=quote
    )
    url = f"postgresql:///{given['NAME']}?{hosts}"
    keys = str(Path(os.environ["GONGXIN_VAR"]) / "keys" / "ring.json")
    files = str(Path(settings.FILES_DIR).parent)
    return {**os.environ, "DATABASE_URL": url, "GONGXIN_VAR": files, "GONGXIN_KEYS": keys}


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *command], env=environment())
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.long
def test_submission_survives_a_worker_killed_in_the_middle(tmp_path: Path) -> None:
    submission, marker = queued(), tmp_path / "marker"
    with started(str(Path(__file__).with_name("dying_worker.py")), str(marker)) as worker:
        until(lambda: marker.exists() and marker.read_text())
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert marker.read_text() == "40 records, not committed"
    assert not Record.objects.exists()
    assert ProcrastinateJob.objects.get(task_name="intake.process_submission").status == "doing"
    time.sleep(2.5)
    jobs.run_worker(wait=False, stalled_after=2.0, heartbeat=0.5)
    done = Submission.objects.get(pk=submission.pk)
    assert (done.state, done.rows_in, done.accepted, done.rejected) == (SubmissionState.COMPLETED, 41, 40, 1)
    assert (done.interruptions, Attempt.objects.count()) == (1, 0)
    assert Record.objects.count() == 40
    assert Revision.objects.count() == 0
    assert RejectedRow.objects.filter(submission=submission).count() == 1
    assert not ProcrastinateJob.objects.filter(task_name="intake.process_submission").exists()


def test_worker_works_off_what_is_queued() -> None:
    first, second = queued(), queued([penalty(77)])
    jobs.run_worker(wait=False)
    assert [Submission.objects.get(pk=entry.pk).accepted for entry in (first, second)] == [40, 1]


def test_job_is_lost_with_its_row_and_kept_with_its_row() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        queued()
        raise RuntimeError
    assert not Submission.objects.exists()
    assert not ProcrastinateJob.objects.exists()
    queued()
    assert ProcrastinateJob.objects.filter(status="todo").count() == Submission.objects.count() == 1


def test_job_that_fails_each_time_refuses_the_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Submission:
        raise DatabaseError("no space left")

    monkeypatch.setattr(pipeline, "process", broken)
    submission = queued()
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
        jobs.run_worker(wait=False)
    refused = Submission.objects.get(pk=submission.pk)
    assert (refused.state, refused.fault_code) == (SubmissionState.REFUSED, jobs.INTERRUPTED)
    assert refused.interruptions == 3
    assert ProcrastinateJob.objects.get(task_name="intake.process_submission").status == "failed"
    monkeypatch.undo()
    submissions.retry(refused, acting_user=None, at=AT)
    jobs.run_worker(wait=False)
    assert Submission.objects.get(pk=submission.pk).accepted == 40


def test_submission_waits_once() -> None:
    submission = queued()
    jobs.defer(submission)
    assert ProcrastinateJob.objects.count() == 1


def test_submission_left_without_a_job_is_adopted() -> None:
    submission = hand_in(ROWS, mode="job")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert jobs.adopt_abandoned(at=AT + timedelta(seconds=40)) == 0
    assert jobs.adopt_abandoned(at=AT + timedelta(minutes=3)) == 1
    assert jobs.adopt_abandoned(at=AT + timedelta(minutes=4)) == 0
    assert ProcrastinateJob.objects.get().args == {"submission_id": str(submission.pk)}


def test_adopted_submission_goes_before_those_that_wait() -> None:
    left = queued([penalty(77)])
    ProcrastinateJob.objects.filter(args__submission_id=str(left.pk)).delete()
    waiting = [queued([penalty(serial)]) for serial in (78, 79)]
    jobs.adopt_abandoned(at=AT + timedelta(minutes=3))
    jobs.run_worker(wait=False)
    ended = Submission.objects.order_by("completed_at").values_list("pk", flat=True)
    assert list(ended) == [entry.pk for entry in (left, *waiting)]


def test_those_left_behind_are_looked_for_beside_a_running_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long file does not keep the look from happening."""
    looks: list[float] = []

    def slow(*_: object, **__: object) -> None:
        before = len(looks)
        until(lambda: len(looks) > before + 1)

    async def look(stalled_after: float) -> None:
        looks.append(stalled_after)

    queued()
    monkeypatch.setattr(jobs, "run", slow)
    monkeypatch.setattr(jobs, "rescue_stalled", look)
    jobs.run_worker(wait=False, stalled_after=0.1)
    assert len(looks) >= 3


def test_finished_submission_is_not_processed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    done = hand_in([penalty(1)])

    def never(*_: object, **__: object) -> Submission:
        raise AssertionError("processed twice")

    monkeypatch.setattr(pipeline, "process", never)
    assert jobs.run(done.pk, at=AT).accepted == 1


def test_progress_is_seen_while_the_work_is_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int | None]] = []
    told: list[tuple[str, int, int | None]] = []
    other = connection.copy()

    def slow(submission_id: Any, *, at: Any, progress: jobs.Progress) -> Submission:
        with transaction.atomic():
            time.sleep(0.6)
            progress("核对", 20, 41)
            progress("核对", 21, 41)
            with other.cursor() as cursor:
                cursor.execute("SELECT stage, rows_done, rows_total FROM intake_submission")
                seen.append(cursor.fetchone())
        return Submission.objects.get(pk=submission_id)

    monkeypatch.setattr(pipeline, "process", slow)
    submission = queued()
    jobs.run(submission.pk, at=AT, progress=lambda *step: told.append(step))
    other.close()
    assert seen == [("核对", 20, 41)]
    assert told == [("核对", 20, 41), ("核对", 21, 41)]


def test_original_with_a_natural_persons_row_is_gone_after_processing() -> None:
    done = hand_in([penalty(1), person(2)])
    assert done.rejections_by_code["E404"] == 1
    assert not storage.has_original(done)
    assert department().submissions.count() == 1
