"""Every minute, by the worker: standing alarms go to the log, for whoever collects it."""

from __future__ import annotations

import logging

from django.db import connection
from procrastinate.contrib.django import app

from gongxin import clock
from gongxin.endurance import alarms
from gongxin.intake.jobs import QUEUE

_log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="endurance.watch", queue=QUEUE, queueing_lock="endurance.watch")
def watch(timestamp: int) -> None:
    """One line a standing alarm. timestamp: the minute meant (procrastinate)."""
    _log.debug("watch of minute %s", timestamp)
    try:
        for alarm in alarms.standing(at=clock.now()):
            _log.warning("alarm %s %s", alarm.code, alarm.facts)
    finally:
        # Jobs run in threads of their own; a connection kept for the next request would be kept for nobody.
        connection.close()
