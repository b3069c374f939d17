"""The notices of a hand-in are found by the ids its records can have, whatever the size of the table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import held
from tests.rights.world import MONDAY, World, at, fresh

from gongxin.ids import earliest, milliseconds, uuid7
from gongxin.intake.models import Submission, SubmissionState
from gongxin.records.models import Record
from gongxin.rights import repair_notice

NOW = at(MONDAY)


def test_by_the_ids_its_records_can_have(world: World) -> None:
    given: dict[str, Any] = {"item": "penalty", "provider": world.market, "file_bytes": 1, "received_at": NOW}
    made = Submission.objects.create(
        state=SubmissionState.COMPLETED, completed_at=NOW + timedelta(minutes=5), file_sha256="0" * 64, **given
    )
    before = fresh(world.record)
    Record.objects.filter(pk=before.pk).update(submission_id=made.pk)
    late = held.record(world.company, pk=earliest(milliseconds(made.pk) + 3 * 3_600_000), submission_id=made.pk)
    with CaptureQueriesContext(connection) as captured:
        found = list(repair_notice._new(made.pk, 1, NOW.date()))
    assert found == [before]
    assert late not in found
    (asked,) = [entry["sql"] for entry in captured if 'FROM "records_record"' in entry["sql"]]
    assert "BETWEEN" in asked
    # A submission nobody knows the times of: all of them are looked through.
    unknown = uuid7()
    Record.objects.filter(pk=before.pk).update(submission_id=unknown)
    assert list(repair_notice._new(unknown, 1, NOW.date())) == [before]
