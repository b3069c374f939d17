"""A worker for tests that stops in the middle of a job and waits to be killed: `python dying_worker.py MARKER`.

It writes MARKER when the submission has been processed but not yet committed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402  (Django must be set up first)

from gongxin.intake import jobs, pipeline  # noqa: E402  (Django must be set up first)
from gongxin.records.models import Record  # noqa: E402  (Django must be set up first)

process = pipeline.process


def half_way(*args, **kwargs):
    with transaction.atomic():
        process(*args, **kwargs)
        Path(sys.argv[1]).write_text(f"{Record.objects.count()} records, not committed")
        time.sleep(300)


pipeline.process = half_way
jobs.run_worker(wait=False, stalled_after=2.0, heartbeat=0.2)
