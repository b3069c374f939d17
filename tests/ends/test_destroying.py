"""Destruction by rule: two officials, nothing that is public, contested or under way, and one leaf with the root."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.ends.city import City, hand_in_again
from tests.rights.world import at

from gongxin.ends import destroying, due
from gongxin.ends.models import Destruction, DestructionState
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity.decisions import Refused
from gongxin.intake.models import RejectedRow, Submission
from gongxin.ledger import batches
from gongxin.ledger import selectors as log
from gongxin.policy import packs
from gongxin.records import selectors
from gongxin.records.models import Record, Revision
from gongxin.rights.models import Case, CaseStep, Evidence, Notice

# Repaired and ended in November 2026: ten years later both terms are over.
LATER = date(2036, 12, 1)
RULE = "retention-record"


def proposed(city: City, day: date = LATER) -> Destruction:
    return destroying.propose(RULE, reason="保存期限届满", acting_user=city.office, at=at(day))


def confirmed(city: City, made: Destruction, day: date = LATER) -> Destruction:
    return destroying.confirm(made.pk, reason="同意", acting_user=city.second, at=at(day))


def of(city: City, day: date) -> set[Any]:
    return {entry.subject for entry in due.of(packs.current().retention[RULE], day)}


def test_the_day_before_and_the_day_after(city: City) -> None:
    """The term of the ended one counts from the day after its last public day, of the repaired one from its repair."""
    assert of(city, date(2036, 11, 20)) == set()
    assert of(city, date(2036, 11, 21)) == {city.repaired.pk}
    assert of(city, date(2036, 11, 22)) == {city.ended.pk, city.repaired.pk}


def test_two_officials_destroy_what_is_over(
    city: City, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    files = [path for path in (tmp_path / "files" / "evidence").rglob("*") if path.is_file()]
    assert len(files) == 1
    case = Case.objects.get(record=city.repaired)
    before = log.size()
    leaf = log.body(before - 1)
    made = proposed(city)
    assert (made.count, made.state) == (2, DestructionState.PROPOSED)
    with django_capture_on_commit_callbacks(execute=True):
        done = confirmed(city, made)
    assert (done.count, done.state) == (2, DestructionState.DONE)
    assert log.size() == before + 2
    for record in (city.ended, city.repaired):
        left = Record.objects.get(pk=record.pk)
        assert (left.payload, left.document_no, left.title, left.organisation_id) == ([], "", "", selectors.NOBODY)
        assert (left.key_hash, left.content_hash) == (record.key_hash, record.content_hash)
        with pytest.raises(NotFound):
            selectors.record(record.pk)
    assert Record.objects.get(pk=city.public.pk).payload == city.public.payload
    assert not Revision.objects.filter(record__in=[city.ended, city.repaired]).exists()
    assert set(CaseStep.objects.filter(case=case).values_list("reasons", flat=True)) == {""}
    assert set(Notice.objects.filter(case=case).values_list("zh", "en")) == {("", "")}
    assert set(Evidence.objects.filter(case=case).values_list("filename", flat=True)) == {""}
    assert not files[0].exists()
    assert log.body(before - 1) == leaf
    _guards_stand(case)
    _leaf_names_the_root_and_nothing_else(done)


def _guards_stand(case: Case) -> None:
    """What may never be changed otherwise still cannot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D' AND tgrelid::regclass::text LIKE 'rights_%'"
        )
        assert cursor.fetchone() == (0,)


def _leaf_names_the_root_and_nothing_else(done: Destruction) -> None:
    body = json.loads(log.body(done.leaf or -1))
    assert body["event"] == "retention.destroyed"
    assert body["fields"]["root"] == done.root
    assert body["fields"]["count"] == 2
    # Accept, propose-grant, grant and the application: each had its reasons.
    assert body["fields"]["openings"] >= 3
    entries = [due.Entry(*row) for row in done.entries.values_list("subject", "item", "ended_on")]
    assert due.root(entries) == done.root
    assert not any(str(entry.subject) in json.dumps(body) for entry in entries)
    assert len(done.root) == len(batches.root(b"").hex())


def test_older_leaves_are_proved_as_before(city: City) -> None:
    made = proposed(city)
    bodies = list(log.bodies(0, log.size()))
    confirmed(city, made)
    assert list(log.bodies(0, len(bodies))) == bodies


def test_the_same_file_handed_in_again_changes_nothing(city: City) -> None:
    confirmed(city, proposed(city))
    done = hand_in_again(city, LATER)
    assert (done.accepted, done.revised, done.unchanged) == (0, 0, 3)
    assert Record.objects.get(pk=city.ended.pk).payload == []


def test_nobody_decides_the_own_list(city: City) -> None:
    made = proposed(city)
    for decide in (destroying.confirm, destroying.reject):
        with pytest.raises(NotPermitted) as refused:
            decide(made.pk, reason="同意", acting_user=city.office, at=at(LATER))
        assert refused.value.code == "retention-same-person"
    with pytest.raises(Refused):
        destroying.confirm(made.pk, reason="同意", acting_user=city.auditor, at=at(LATER))
    with pytest.raises(Refused):
        destroying.propose(RULE, reason="期满", acting_user=city.world.maker, at=at(LATER))
    assert Record.objects.get(pk=city.ended.pk).payload == city.ended.payload


def test_a_list_that_is_not_agreed_to_destroys_nothing(city: City) -> None:
    made = proposed(city)
    with pytest.raises(Conflict):
        proposed(city)
    done = destroying.reject(made.pk, reason="尚有诉讼", acting_user=city.second, at=at(LATER))
    assert done.state == DestructionState.REJECTED
    assert Record.objects.get(pk=city.ended.pk).payload == city.ended.payload
    with pytest.raises(Conflict):
        confirmed(city, made)
    # And it may be proposed again.
    assert proposed(city).count == 2


def test_what_is_contested_or_under_way_meanwhile_is_left_out(city: City) -> None:
    made = proposed(city)
    Case.objects.filter(record=city.repaired).update(outcome="", closed_at=None)
    done = confirmed(city, made)
    assert done.count == 1
    assert list(done.entries.filter(destroyed_on=None).values_list("subject", flat=True)) == [city.repaired.pk]
    assert Record.objects.get(pk=city.repaired.pk).payload == city.repaired.payload


def test_what_is_public_is_never_destroyed(city: City) -> None:
    """Whatever the row says: the facts of the record say that it may still be seen."""
    day = date(2027, 1, 5)
    Record.objects.filter(pk=city.public.pk).update(publicity_until=date(2000, 1, 1), recorded_at=at(date(2001, 1, 1)))
    rule = packs.current().retention[RULE]
    by = rule.ended_by(day)
    assert by is not None
    assert city.public.pk in set(due._records(rule, day, by).values_list("pk", flat=True))
    assert city.public.pk not in of(city, day)


def test_reasons_are_given(city: City) -> None:
    with pytest.raises(InvalidInput):
        destroying.propose(RULE, reason="  ", acting_user=city.office, at=at(LATER))
    with pytest.raises(NotFound):
        destroying.propose("retention-look", reason="期满", acting_user=city.office, at=at(LATER))
    with pytest.raises(Conflict):
        destroying.propose(RULE, reason="期满", acting_user=city.office, at=at(date(2026, 11, 25)))


def test_the_function_does_nothing_for_a_list_that_one_person_decided(city: City) -> None:
    made = proposed(city)
    with connection.cursor() as cursor, pytest.raises(Exception, match="not decided by two officials"):
        cursor.execute("SELECT ends_destroy(%s)", [made.pk])


def test_cells_of_rejected_rows(city: City) -> None:
    handed = Submission.objects.get(pk=city.ended.submission_id)
    RejectedRow.objects.create(submission=handed, row_number=7, cells=["某某"])
    day = (handed.completed_at or at(LATER)).date() + timedelta(days=370)
    made = destroying.propose("retention-rejected-row", reason="期满", acting_user=city.office, at=at(day))
    assert made.count == 1
    destroying.confirm(made.pk, reason="同意", acting_user=city.second, at=at(day))
    assert RejectedRow.objects.get(submission=handed).cells is None
