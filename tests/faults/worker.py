"""The intake worker with a short patience: what takes two minutes to be noticed in production takes two seconds here.

It works jobs off, looks again for what dead workers and dead web processes left, and never ends by itself.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import django

django.setup()

from django.db import Error, connections  # noqa: E402  (Django must be set up first)
from procrastinate.exceptions import ConnectorException  # noqa: E402  (Django must be set up first)

from gongxin.intake import jobs  # noqa: E402  (Django must be set up first)

PATIENCE = 2.0
jobs._ABANDONED_AFTER = timedelta(seconds=PATIENCE)
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)

while True:
    try:
        jobs.run_worker(wait=False, stalled_after=PATIENCE, heartbeat=0.5)
    except (ConnectorException, Error, OSError):
        # The database is away; a supervised worker would be started again, which takes longer.
        connections.close_all()
    time.sleep(0.5)
