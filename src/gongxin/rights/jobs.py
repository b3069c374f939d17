"""What runs by the clock for cases, on the queue of the node's workers."""

from __future__ import annotations

import logging

from django.db import connection
from procrastinate.contrib.django import app

from gongxin import clock
from gongxin.intake.jobs import QUEUE
from gongxin.rights import deadlines, drafts, evidence

_log = logging.getLogger(__name__)


# 00:10 in China, when a new civil day has begun; procrastinate counts in UTC.
@app.periodic(cron="10 16 * * *")
@app.task(name="rights.escalate", queue=QUEUE, queueing_lock="rights.escalate")
def escalate(timestamp: int) -> None:
    """Every night: tell of clocks that are about to run out or have, and clear away drafts and files nobody filed."""
    try:
        at = clock.now()
        done = deadlines.escalate(at=at)
        given_up = drafts.discard_expired(at=at)
        removed = evidence.discard_abandoned(at=at)
        _log.info(
            "cases warned %s, late %s, drafts %s, files %s (run of %s)",
            done.warned,
            done.overdue,
            given_up,
            removed,
            timestamp,
        )
    finally:
        connection.close()
