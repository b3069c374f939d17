"""Everything Prometheus is told: what processes counted (gongxin.metering) and what the database says when asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gongxin import metering
from gongxin.ends import selectors as ends
from gongxin.endurance import backlog
from gongxin.intake.models import Submission
from gongxin.walls import acting

_OUTCOMES = ("accepted", "revised", "unchanged", "rejected")


def exposition(*, at: datetime) -> bytes:
    """The text that /metrics answers with. Raises what the database raises."""
    registry = metering.REGISTRY
    folder = metering.folder()
    if folder is not None:
        registry = CollectorRegistry()
        # The library gives this constructor no types.
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    asked = CollectorRegistry()
    asked.register(_Asked(at))
    return generate_latest(registry) + generate_latest(asked)


class _Asked(Collector):
    """What is read from the database at the moment of asking, so that it is right however many processes there are."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        yield from _intake()
        yield from _jobs(backlog.jobs(at=self._at))
        yield from _log(backlog.log(at=self._at))
        yield from _proof(ends.standing(at=self._at))
        yield _gauge("gongxin_files_free_bytes", "Room on the disk of original files.", backlog.free_bytes())
        yield from _database()

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask the database."""
        return iter(())


def _intake() -> Iterator[Metric]:
    rows = CounterMetricFamily("gongxin_intake_rows", "Rows handed in, by what came of them.", labels=["outcome"])
    # Sums over every department's hand-ins; whoever may read metrics is told nothing else of them.
    with acting.as_node():
        sums = Submission.objects.aggregate(**{f"of_{name}": Sum(name) for name in _OUTCOMES})
    for name in _OUTCOMES:
        rows.add_metric([name], sums[f"of_{name}"] or 0)
    yield rows


def _jobs(jobs: backlog.Jobs) -> Iterator[Metric]:
    yield _gauge("gongxin_jobs_waiting", "Jobs that are due and not begun.", jobs.waiting)
    yield _gauge("gongxin_jobs_running", "Jobs that a worker has begun.", jobs.running)
    yield _gauge("gongxin_jobs_oldest_seconds", "Age of the oldest job not finished.", jobs.oldest_seconds)


def _log(log: backlog.Log) -> Iterator[Metric]:
    yield CounterMetricFamily("gongxin_log_leaves", "Leaves of the log.", value=log.size)
    yield _gauge("gongxin_log_unsigned_leaves", "Leaves since the last checkpoint.", log.unsigned)
    yield _gauge("gongxin_log_unsigned_seconds", "Age of the oldest leaf under no checkpoint.", log.oldest_seconds)


def _proof(proof: ends.Standing) -> Iterator[Metric]:
    """Nothing of the last run where there never was one: nought would say that all is well."""
    yield _gauge("gongxin_proof_age_seconds", "Since the last daily proof that came to an end.", proof.seconds)
    if proof.last is not None:
        overstaying = proof.last.overstaying or 0
        yield _gauge("gongxin_proof_overstaying_records", "Records seen where they may not be.", overstaying)
        yield _gauge("gongxin_proof_faults", "Exits that could not be proved.", proof.last.faults)


def _database() -> Iterator[Metric]:
    """Connections of this database by state: each process keeps its own, so the server is asked."""
    connections = GaugeMetricFamily("gongxin_database_connections", "Connections by state.", labels=["state"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        for state, count in cursor.fetchall():
            connections.add_metric([state], count)
        cursor.execute("SELECT current_setting('max_connections')::int")
        most = cursor.fetchone()[0]
    yield connections
    yield _gauge("gongxin_database_connections_limit", "Connections the server takes.", most)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
