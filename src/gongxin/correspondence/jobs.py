"""What runs by the clock for messages, on the queue of the node's workers."""

from __future__ import annotations

import logging

from django.db import connection
from procrastinate.contrib.django import app

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.correspondence import gathering, mailing
from gongxin.intake.jobs import QUEUE
from gongxin.persons import letters

_log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="correspondence.tell", queue=QUEUE, queueing_lock="correspondence.tell")
def tell(timestamp: int) -> None:
    """Every minute: make messages of what is new since the last one, and send the e-mails that are due."""
    try:
        at = clock.now()
        found, sent = gathering.gather(at=at), mailing.send_due(at=at)
        # How many went to persons is nobody's to know.
        letters.send_due(at.astimezone(CIVIL_TIME).date(), at=at)
        _log.info("news %s, e-mails %s (run of %s)", found, sent, timestamp)
    finally:
        connection.close()
