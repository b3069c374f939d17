"""Processing submissions, here or in a worker: never twice at the same time, never lost when a process dies
(docs/adr/0005).

A job is deferred on Django's own connection, so it commits with the row it is about. One job at a time per catalogue
item. A worker that dies stops its heartbeat; its jobs are taken up again at the next worker's start and every minute
after that, beside the running job. A submission that has no job at all (the web process died while processing) gets one
the same way, before those that wait. How often a file brought its worker down is counted in intake.attempts, not by
procrastinate, which counts outages too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, connection, transaction
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job

from gongxin import clock
from gongxin.intake import attempts, pipeline, returns, storage
from gongxin.intake.faults import FileRefused
from gongxin.intake.models import UNFINISHED, Submission
from gongxin.outages import is_outage
from gongxin.walls import acting

# stage, rows done, rows in all (None while unknown)
Progress = Callable[[str, int, int | None], None]

QUEUE: Final = "intake"
INTERRUPTED: Final = "E118"
# An attempt that raises something of its own is made this often in all; deaths have a setting (INTAKE_DEATHS).
_FAILURES: Final = 3
# Written to the row at most this often, in seconds.
_PROGRESS_EVERY: Final = 0.5
# A submission without a job is taken for abandoned after this time; a process that still works on it holds its lock.
# With the minute between two looks it waits less than two minutes.
_ABANDONED_AFTER: Final = timedelta(seconds=45)
_OUTAGE_PAUSE: Final = 5
_FAILURE_PAUSES: Final = (5, 25)
# A submission that was left behind goes before all that wait: it came before them.
_ADOPTED_FIRST: Final = 1

_log = logging.getLogger(__name__)


def run(submission_id: UUID, *, at: datetime, progress: Progress | None = None) -> Submission:
    """Process a submission in this process. Waits while another one works on it; a finished one is not processed again.

    Returns the submission, completed or refused; refused unread (E118) after settings.INTAKE_DEATHS processes died over
    it. What the pipeline raises (database gone) passes through; nothing is loaded then.
    """
    # Processing is the node's own work: it asks what other departments hold under the same keys.
    with acting.as_node(), _alone(submission_id), _ProgressRow(submission_id, progress) as row:
        attempts.count_deaths(submission_id)
        if (attempts.interruptions(submission_id) or 0) >= settings.INTAKE_DEATHS:
            _refuse_interrupted(submission_id, at=at)
            return Submission.objects.get(pk=submission_id)
        with attempts.marked(submission_id):
            return _worked(submission_id, at, row)


def _worked(submission_id: UUID, at: datetime, row: _ProgressRow) -> Submission:
    submission = Submission.objects.get(pk=submission_id)
    if submission.state in UNFINISHED:
        submission = pipeline.process(submission_id, at=at, progress=row.report)
    returns.link_corrections(submission)
    storage.discard_private(submission)
    return submission


def defer(submission: Submission, *, priority: int = 0) -> None:
    """Have a worker process the submission, before those that wait with a lower priority.

    Joins the open transaction; a submission that is waiting already stays as it is.
    """
    deferrer = process_submission.configure(
        lock=f"intake:{submission.item}", queueing_lock=f"submission:{submission.pk}", priority=priority
    )
    try:
        with transaction.atomic():
            deferrer.defer(submission_id=str(submission.pk))
    except AlreadyEnqueued:
        _log.info("submission %s is waiting for a worker already", submission.pk)


class _GivenUp(Exception):
    """An attempt that is not made again: the submission has been refused, or is gone."""


class _Again(BaseRetryStrategy):
    """When a failed attempt is made again: soon where it may be the file's doing, without end for our own outage."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """5 s and 25 s later, or every few seconds until database and disk are back."""
        if isinstance(exception, _GivenUp):
            return None
        if is_outage(exception):
            return RetryDecision(retry_in={"seconds": _OUTAGE_PAUSE})
        return RetryDecision(retry_in={"seconds": _FAILURE_PAUSES[min(job.attempts, 1)]})


@app.task(name="intake.process_submission", queue=QUEUE, pass_context=True, retry=_Again())
def process_submission(context: JobContext, *, submission_id: str) -> None:
    """The job.

    Its last failed attempt refuses the submission (E118); the department may then have it processed again.
    """
    try:
        run(UUID(submission_id), at=clock.now())
    except Exception as error:
        _log.error("submission %s not processed (attempt %s): %r", submission_id, context.job.attempts + 1, error)
        if is_outage(error) or _may_try_again(UUID(submission_id)):
            raise
        _refuse_interrupted(UUID(submission_id), at=clock.now())
        raise _GivenUp from error
    finally:
        # Jobs run in threads of their own; a connection kept for the next request would be kept for nobody.
        connection.close()


def _may_try_again(submission_id: UUID) -> bool:
    broken_off = attempts.interruptions(submission_id)
    return broken_off is not None and broken_off < _FAILURES


# 03:17 in China; procrastinate counts in UTC.
@app.periodic(cron="17 19 * * *")
@app.task(name="intake.discard_expired", queue=QUEUE, queueing_lock="intake.discard_expired")
def discard_expired(timestamp: int) -> None:
    """Every night: throw away originals whose time of keeping is over."""
    _log.info("originals removed: %s (run of %s)", storage.discard_expired(at=clock.now()), timestamp)


async def rescue_stalled(stalled_after: float) -> None:
    """Put jobs of workers without a heartbeat for `stalled_after` seconds back, and adopt submissions without a job."""
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=stalled_after):
        if job.id is not None:
            _log.warning("job %s (%s) taken up again after its worker died", job.id, job.task_kwargs)
            await app.job_manager.retry_job(job)
    await _in_thread(partial(adopt_abandoned, at=clock.now()))


async def _in_thread(work: Callable[[], object]) -> None:
    """Run database work beside the event loop; its connection belongs to this call alone and is closed after it."""

    def alone() -> None:
        try:
            work()
        finally:
            connection.close()

    await sync_to_async(alone)()


def adopt_abandoned(*, at: datetime) -> int:
    """Give a job to every unfinished submission that has none, after a while. Returns how many."""
    known = ProcrastinateJob.objects.filter(task_name=process_submission.name).values_list(
        "args__submission_id", flat=True
    )
    abandoned = Submission.objects.filter(state__in=UNFINISHED, received_at__lt=at - _ABANDONED_AFTER)
    waiting = list(abandoned.exclude(pk__in=[UUID(entry) for entry in known]))
    for submission in waiting:
        defer(submission, priority=_ADOPTED_FIRST)
    return len(waiting)


def run_worker(*, wait: bool = True, stalled_after: float = 30.0, heartbeat: float = 10.0) -> None:
    """Work on jobs until stopped (SIGINT, SIGTERM: the running job is finished first), or until none is left
    (`wait=False`).

    stalled_after: seconds without a heartbeat after which another worker counts as dead; heartbeat: seconds between
    its own.
    """
    worker_connector = cast("DjangoConnector", app.connector).get_worker_connector()
    with app.replace_connector(worker_connector):
        asyncio.run(_work(wait=wait, stalled_after=stalled_after, heartbeat=heartbeat))


async def _work(*, wait: bool, stalled_after: float, heartbeat: float) -> None:
    options = WorkerOptions(
        queues=[QUEUE],
        wait=wait,
        delete_jobs="successful",
        update_heartbeat_interval=heartbeat,
        stalled_worker_timeout=stalled_after,
    )
    async with app.open_async():
        await rescue_stalled(stalled_after)
        rescuer = asyncio.create_task(_keep_rescuing(stalled_after))
        try:
            await app.run_worker_async(**options)
        finally:
            rescuer.cancel()
            with suppress(asyncio.CancelledError):
                await rescuer


async def _keep_rescuing(stalled_after: float) -> None:
    """Look again and again. Not as a job: that would wait for its turn behind a large file or a long queue."""
    while True:
        await asyncio.sleep(2 * stalled_after)
        try:
            await rescue_stalled(stalled_after)
        except (ConnectorException, Error) as error:
            # The next look, or the worker itself, finds out whether the database stays away.
            _log.warning("not looked for what was left behind: %s", error)


def _refuse_interrupted(submission_id: UUID, *, at: datetime) -> None:
    submission = Submission.objects.select_related("provider", "submitted_by").filter(pk=submission_id).first()
    if submission is not None:
        pipeline.refuse(submission, FileRefused(INTERRUPTED), at=at)


@contextmanager
def _alone(submission_id: UUID) -> Iterator[None]:
    """Hold the submission's advisory lock: the server gives it back when this process dies, however it dies."""
    key = int.from_bytes(submission_id.bytes[8:], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        if connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


class _ProgressRow:
    """Passes progress on and writes it to the row over its own connection, so that pages see it before the commit."""

    _SQL: Final = """
        UPDATE intake_submission SET state = 'processing', stage = %s, rows_done = %s, rows_total = %s
        WHERE id = (SELECT id FROM intake_submission WHERE id = %s AND state IN ('received', 'processing')
                    FOR UPDATE SKIP LOCKED)"""

    def __init__(self, submission_id: UUID, then: Progress | None) -> None:
        self._submission_id = submission_id
        self._then = then
        self._written = time.monotonic()
        self._connection = connection.copy()

    def __enter__(self) -> _ProgressRow:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def report(self, stage: str, done: int, total: int | None) -> None:
        """Note where processing stands; a short run never opens the second connection."""
        if self._then is not None:
            self._then(stage, done, total)
        now = time.monotonic()
        if now - self._written < _PROGRESS_EVERY:
            return
        self._written = now
        with self._connection.cursor() as cursor:
            cursor.execute(self._SQL, [stage, done, total, self._submission_id])
