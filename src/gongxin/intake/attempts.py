"""How often the work over a submission broke off, counted honestly: a file that brings its workers down is refused in
the end, and an outage is never held against it (docs/adr/0005).

Before the work a mark is written and committed. Whoever ends, well or by an exception, takes it back; a mark that the
next attempt finds was left by a process that died. Unless the database itself was away: the table of marks is unlogged,
so that a server that crashed has emptied it, and a mark from before a restart carries the start of that server.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import Error, connection
from django.db.models import DateTimeField, F, Func

from gongxin.ids import uuid7
from gongxin.intake.models import Attempt, Submission
from gongxin.outages import is_outage

_SERVER_START: Final = Func(function="pg_postmaster_start_time", output_field=DateTimeField())
# Marks of this process that could not be taken back yet, because the database stayed away.
_left_over: Final[set[UUID]] = set()

_log = logging.getLogger(__name__)


def interruptions(submission_id: UUID) -> int | None:
    """How often the work over the submission broke off through no outage; None where there is no such submission."""
    return Submission.objects.filter(pk=submission_id).values_list("interruptions", flat=True).first()


def count_deaths(submission_id: UUID) -> None:
    """Count the attempt that left its mark because its process died. Call it while nobody else can be at work."""
    _take_back(list(_left_over))
    left = list(Attempt.objects.filter(submission_id=submission_id).annotate(now=_SERVER_START))
    died = sum(mark.server_start == mark.now for mark in left)
    if left:
        _log.warning("submission %s: attempts broken off %s, of them died %s", submission_id, len(left), died)
        _count(submission_id, died)
        _take_back([mark.pk for mark in left])


@contextmanager
def marked(submission_id: UUID) -> Iterator[None]:
    """Around the work. What it raises passes through, and counts unless it is an outage or the wish to end."""
    mark = Attempt.objects.create(id=uuid7(), submission_id=submission_id, server_start=_SERVER_START)
    try:
        yield
    except BaseException as error:
        broken = isinstance(error, Exception) and not is_outage(error)
        _settle(mark, failures=int(broken))
        raise
    _take_back([mark.pk])


def _settle(mark: Attempt, *, failures: int) -> None:
    """After an exception. Where the database is still away, the mark is taken back when it answers again."""
    if connection.needs_rollback:
        # A transaction of the caller's goes, and the mark with it.
        return
    try:
        if connection.connection is not None and not connection.is_usable():
            connection.close()
        _count(mark.submission_id, failures)
        _take_back([mark.pk])
    except Error as error:
        _log.warning("mark of submission %s is taken back later: %s", mark.submission_id, error)
        _left_over.add(mark.pk)


def _count(submission_id: UUID, more: int) -> None:
    if more:
        Submission.objects.filter(pk=submission_id).update(interruptions=F("interruptions") + more)


def _take_back(marks: Collection[UUID]) -> None:
    if marks:
        Attempt.objects.filter(pk__in=marks).delete()
        _left_over.difference_update(marks)
