"""What waits: jobs, leaves of the log that no checkpoint covers, room on the disk. Reads for metrics and alarms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from gongxin.endurance import room
from gongxin.ledger import selectors as ledger

# A job of an hour that lies ahead (another attempt, a nightly task) is not due and does not wait.
_JOBS: Final = """
    SELECT count(*) FILTER (WHERE job.status = 'todo'), count(*) FILTER (WHERE job.status = 'doing'),
           coalesce(extract(epoch FROM %(at)s::timestamptz - min(coalesce(job.scheduled_at, born.at))), 0)
    FROM procrastinate_jobs job
    LEFT JOIN LATERAL (SELECT min(event.at) AS at FROM procrastinate_events event WHERE event.job_id = job.id) born
      ON true
    WHERE job.status IN ('todo', 'doing') AND coalesce(job.scheduled_at, '-infinity') <= %(at)s::timestamptz
"""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs that are due or running. oldest_seconds: since the oldest of them was given in (0: there is none)."""

    waiting: int
    running: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Log:
    """Leaves of the log. unsigned: not yet under a checkpoint; oldest_seconds: age of the first of those (0: none)."""

    size: int
    unsigned: int
    oldest_seconds: float


def jobs(*, at: datetime) -> Jobs:
    """What waits for workers at that instant."""
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, {"at": at})
        waiting, running, oldest = cursor.fetchone()
    return Jobs(waiting, running, max(float(oldest), 0.0))


def log(*, at: datetime) -> Log:
    """How far the log is ahead of its last checkpoint."""
    size, last = ledger.size(), ledger.last_checkpoint()
    signed = last.size if last else 0
    if size <= signed:
        return Log(size, 0, 0.0)
    first = datetime.fromisoformat(json.loads(ledger.body(signed))["at"])
    return Log(size, size - signed, max((at - first).total_seconds(), 0.0))


def free_bytes() -> int:
    """Room where originals are kept."""
    return room.free(Path(settings.FILES_DIR))
