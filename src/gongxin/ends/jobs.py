"""What runs by the clock for the ends of life, on the queue of the node's workers."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.ends import proving, selectors
from gongxin.ends.proving import Plan
from gongxin.intake.jobs import QUEUE
from gongxin.persons import ending, terms

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


# Every hour: what has come to its date goes on that day, whenever the node was off.
@app.periodic(cron="40 * * * *")
@app.task(name="ends.persons", queue=QUEUE, queueing_lock="ends.persons", priority=-10)
def end_files(timestamp: int) -> None:
    """Give new entries of personal files their month, and go on with files whose persons asked for their end."""
    try:
        at = clock.now()
        day = at.astimezone(CIVIL_TIME).date()
        terms.derive(day)
        ending.go_on(day, actor="the clock", at=at)
        _log.info("ends of personal files (run of %s)", timestamp)
    finally:
        connection.close()
