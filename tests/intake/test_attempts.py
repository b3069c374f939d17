"""Interruptions are counted for what they are: deaths and failures of the processing, never outages."""

from __future__ import annotations

import errno
import io
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Func
from tests.intake.hand_ins import AT, csv_of, department, hand_in, penalty

from gongxin.intake import attempts, jobs, pipeline, submissions
from gongxin.intake.models import Attempt, Channel, Submission, SubmissionState
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db

SERVER_START = Func(function="pg_postmaster_start_time", output_field=DateTimeField())


def received() -> Submission:
    return submissions.receive(
        io.BytesIO(csv_of([penalty(1)])),
        filename="a.csv",
        item="penalty",
        provider=department(),
        channel=Channel.CLI,
        acting_user=None,
        at=AT,
    )


def dead(submission: Submission, before: timedelta = timedelta(0)) -> None:
    """What a process leaves that died over the submission, under a server started earlier by `before`."""
    started = ExpressionWrapper(SERVER_START - before, output_field=DateTimeField())
    Attempt.objects.create(submission_id=submission.pk, server_start=started)


def interruptions(submission: Submission) -> int:
    return Submission.objects.get(pk=submission.pk).interruptions


def raised(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """A submission whose processing raised `error`."""

    def broken(*_: object, **__: object) -> Submission:
        raise error

    submission = received()
    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(pipeline, "process", broken)
        jobs.run(submission.pk, at=AT)
    return submission


def test_what_ends_well_leaves_nothing() -> None:
    done = hand_in([penalty(1)])
    assert (done.accepted, interruptions(done), Attempt.objects.count()) == (1, 0, 0)


def test_mark_stands_while_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def looking(submission_id: Any, **_: object) -> Submission:
        seen.append(Attempt.objects.filter(submission_id=submission_id).count())
        return Submission.objects.get(pk=submission_id)

    monkeypatch.setattr(pipeline, "process", looking)
    jobs.run(received().pk, at=AT)
    assert seen == [1]


def test_deaths_count_and_the_last_one_refuses(settings: Any) -> None:
    submission = received()
    for number in range(1, settings.INTAKE_DEATHS):
        dead(submission)
        attempts.count_deaths(submission.pk)
        assert interruptions(submission) == number
    dead(submission)
    refused = jobs.run(submission.pk, at=AT)
    assert (refused.state, refused.fault_code) == (SubmissionState.REFUSED, jobs.INTERRUPTED)
    assert not Record.objects.exists()
    assert not Attempt.objects.exists()
    again = submissions.retry(refused, acting_user=None, at=AT)
    assert again.interruptions == 0
    assert jobs.run(again.pk, at=AT).accepted == 1


def test_one_death_less_is_processed(settings: Any) -> None:
    submission = received()
    Submission.objects.update(interruptions=settings.INTAKE_DEATHS - 2)
    dead(submission)
    assert jobs.run(submission.pk, at=AT).accepted == 1


def test_mark_from_before_a_restart_of_the_server_is_no_death() -> None:
    submission = received()
    dead(submission, before=timedelta(seconds=1))
    assert jobs.run(submission.pk, at=AT).accepted == 1
    assert (interruptions(submission), Attempt.objects.count()) == (0, 0)


def test_server_that_crashes_empties_the_table_of_marks() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'intake_attempt'")
        assert cursor.fetchall() == [("u",)]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("the connection is closed"),
        psycopg.errors.DiskFull("could not extend file"),
        OSError(errno.ENOSPC, "No space left on device"),
        KeyboardInterrupt(),
    ],
)
def test_outages_and_the_wish_to_end_do_not_count(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = raised(error, monkeypatch)
    assert (interruptions(submission), Attempt.objects.count()) == (0, 0)


def test_failure_of_the_processing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = raised(AssertionError("3 rows revised, 2 records changed"), monkeypatch)
    assert (interruptions(submission), Attempt.objects.count()) == (1, 0)


def test_mark_that_could_not_be_taken_back_is_taken_back_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(marks: Collection[UUID]) -> None:
        if marks:
            raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(attempts, "_take_back", away)
        submission = raised(OperationalError("connection refused"), monkeypatch)
    assert Attempt.objects.count() == 1
    assert jobs.run(submission.pk, at=AT).accepted == 1
    assert (interruptions(submission), Attempt.objects.count()) == (0, 0)


def test_submission_that_is_gone_has_no_count() -> None:
    submission = received()
    Submission.objects.update(interruptions=F("interruptions") + 1)
    assert attempts.interruptions(submission.pk) == 1
    Submission.objects.all().delete()
    assert attempts.interruptions(submission.pk) is None
