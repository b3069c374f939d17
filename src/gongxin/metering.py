"""Counters of this node that more than one process adds to (Prometheus). Counts only: nobody is named, no person is.

Each process writes to small files of its own under PROMETHEUS_MULTIPROC_DIR (set by the settings before anything is
counted); whoever is asked for the metrics adds them up. What can be read from the database is not counted here but
read when it is asked for (gongxin.endurance.metrics).
"""

from __future__ import annotations

import logging
import os
from collections import Counter as Tally
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_log = logging.getLogger(__name__)
_KINDS: Final = ("counter", "histogram")
# Ten times what a few hundred routes take.
_ROOM: Final = 1 << 20

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
    if begun():
        count, timed = _counters(method, route, status)
        count.inc()
        timed.observe(seconds)


@lru_cache(maxsize=4096)
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """What counts requests of a kind: looked up once instead of under the library's lock with every request."""
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)


def checked(outcomes: Iterable[str]) -> None:
    """Count answered credit checks by outcome."""
    if begun():
        for outcome, count in Tally(outcomes).items():
            CHECKS.labels(outcome).inc(count)


def folder() -> Path | None:
    """Where the processes' files are; None where only this process counts."""
    named = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(named) if named else None


@cache
def begun() -> bool:
    """Make ready, once in each process; False where there is no room to count in, which is no reason to answer nobody.

    A node none of whose processes lives begins to count anew: files of the dead would pile up, and counters may start
    at zero again (Prometheus sees it).
    """
    place = folder()
    if place is None:
        return True
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = list(place.glob("*_*.db"))
        if not any(_alive(path) for path in files):
            for path in files:
                path.unlink(missing_ok=True)
        for kind in _KINDS:
            _reserve(place / f"{kind}_{os.getpid()}.db")
    except OSError as error:
        _log.warning("nothing is counted by this process: %s", error.strerror)
        return False
    return True


def _reserve(path: Path) -> None:
    """Room on the disk for all this process will count: a mapped page without room would end it (SIGBUS)."""
    with path.open("wb") as file:
        file.write(bytes(_ROOM))
        file.flush()
        os.fsync(file.fileno())


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
