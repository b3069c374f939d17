"""What runs by the clock for the ends of life, on the queue of the node's workers."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app

from gongxin import clock
from gongxin.ends import proving, selectors
from gongxin.ends.proving import Plan
from gongxin.intake.jobs import QUEUE

_log = logging.getLogger(__name__)


# Every hour, so that a node that was off at midnight makes up for it; the first one that finds the day unproved works,
# the others have nothing to do. Files that were handed in go first.
@app.periodic(cron="20 * * * *")
@app.task(name="ends.prove", queue=QUEUE, queueing_lock="ends.prove", priority=-10)
def prove(timestamp: int) -> None:
    """Once a day: prove that nothing is seen outside its term."""
    try:
        day = clock.today()
        if selectors.is_proved(day):
            return
        plan = Plan(settings.PROOF_DAYS, settings.PROOF_SAMPLE)
        run = proving.run(day=day, by="the clock", plan=plan, at=clock.now())
        level = logging.ERROR if run.overstaying or run.faults else logging.INFO
        _log.log(level, "proof %s: overstaying %s, faults %s (of %s)", day, run.overstaying, run.faults, timestamp)
    finally:
        connection.close()
