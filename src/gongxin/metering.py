"""Counters of this node that more than one process adds to (Prometheus). Counts only: nobody is named, no person is.

Each process writes to small files of its own under PROMETHEUS_MULTIPROC_DIR (set by the settings before anything is
counted); whoever is asked for the metrics adds them up. What can be read from the database is not counted here but
read when it is asked for (gongxin.endurance.metrics).
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

# Nothing of the library's own (process, platform): those know one process only.
REGISTRY: Final = CollectorRegistry()

REQUESTS: Final = Counter("gongxin_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY)
SECONDS: Final = Histogram(
    "gongxin_request_seconds",
    "Time from request to answer (a streamed one: to its first part).",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
CHECKS: Final = Counter(
    "gongxin_checks", "Credit checks answered, refused ones included.", ("outcome",), registry=REGISTRY
)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. route: the pattern of the address, of which there are few."""
    begin()
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


def checked(outcomes: Iterable[str]) -> None:
    """Count answered credit checks by outcome."""
    begin()
    for outcome, count in Tally(outcomes).items():
        CHECKS.labels(outcome).inc(count)


def folder() -> Path | None:
    """Where the processes' files are; None where only this process counts."""
    named = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(named) if named else None


@cache
def begin() -> None:
    """Done once by each process: a node none of whose processes lives begins to count anew.

    Counters may start at zero again (Prometheus sees it); files of the dead would otherwise pile up.
    """
    place = folder()
    if place is None:
        return
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = list(place.glob("*_*.db"))
    if any(_alive(path) for path in files):
        return
    for path in files:
        path.unlink(missing_ok=True)


def _alive(path: Path) -> bool:
    number = path.stem.rsplit("_", 1)[-1]
    if not number.isdigit() or int(number) == os.getpid():
        return number.isdigit()
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
