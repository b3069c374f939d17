"""`gongxin proof`: what a run found, and an exit code that a supervisor understands; and the job of every day."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from tests.ends.city import DAY, build
from tests.rights.world import at
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli import proof
from gongxin.ends import jobs
from gongxin.ends.models import ProofRun
from gongxin.records.models import Record


def typed(*words: str) -> tuple[int, str]:
    """Exit code and what was said."""
    done = CliRunner().invoke(proof.app, list(words))
    return done.exit_code, done.output


@pytest.mark.django_db
def test_run_show_and_the_job(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path
    # A job gives its thread's connection back; here it is the test's.
    monkeypatch.setattr(connection, "close", lambda: None)
    cache.clear()
    city = build()
    with clock.at(at(DAY)):
        code, said = typed("show")
        assert (code, "还没有做过核验" in said) == (1, True)
        code, said = typed("run")
        assert (code, "没有发现超期公示" in said) == (0, True), said
        # The day is proved: the job of the hour has nothing to do.
        jobs.prove(timestamp=0)
        assert ProofRun.objects.count() == 1
        Record.objects.filter(pk=city.ended.pk).update(publicity_until=None)
        assert typed("show")[0] == 0
        code, said = typed("run", "--json")
        told = json.loads(said)
        assert (code, told["overstaying"], told["faults"]) == (1, 1, 0)
        assert {entry["record"] for entry in told["records"]} == {str(city.ended.pk)}
        assert typed("show", "--json")[0] == 1
    with clock.at(at(DAY + timedelta(days=1))):
        jobs.prove(timestamp=0)
    assert list(ProofRun.objects.order_by("started_at").values_list("by", flat=True))[-1] == "the clock"
