"""The daily proof: nothing is found where all is well, and whatever is planted is found, at the exit that shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet
from django.test import Client
from tests.ends.city import DAY, PLAN, City
from tests.rights.world import at

from gongxin.ends import exits, judging, proving, selectors
from gongxin.ends.exits import Store
from gongxin.ends.models import ProofRun
from gongxin.endurance import alarms, metrics
from gongxin.enquiries.models import Look
from gongxin.ledger import selectors as log
from gongxin.records import listing
from gongxin.records.models import Disclosure, Record, State
from gongxin.traffic.classes import Limit


def prove(day: date = DAY) -> ProofRun:
    """A run at 10 o'clock of the day."""
    return proving.run(day=day, by="test", plan=PLAN, at=at(day))


def found(run: ProofRun) -> dict[str, set[UUID]]:
    """The records of each exit that a run saw."""
    seen: dict[str, set[UUID]] = {}
    for entry in run.found.all():
        seen.setdefault(entry.exit, set()).add(entry.record_id)
    return seen


def test_nothing_overstays(city: City) -> None:
    run = prove()
    assert run.overstaying == 0
    assert run.faults == 0
    assert (run.swept, run.suspects) == (1, 2)
    checked = {entry["name"]: entry["checked"] for entry in run.exits}
    assert set(checked) == {"predicate", *exits.titles()}
    assert checked["file-csv"] == 1
    assert {checked[name] for name in ("page", "search", "list", "list-xlsx", "api-record", "check", "report")} == {2}


def test_a_run_is_a_leaf_and_leaves_no_trace_of_its_questions(city: City) -> None:
    before, looks = log.size(), Look.objects.count()
    run = prove()
    assert (log.size(), Look.objects.count()) == (before + 1, looks)
    body = json.loads(log.body(run.leaf or -1))
    assert body["event"] == "proof.run"
    assert body["fields"]["overstaying"] == 0
    assert not any(str(record.pk) in json.dumps(body) for record in city.all)


def test_a_record_whose_interval_was_tampered_with_is_found_everywhere(city: City) -> None:
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=date(2029, 1, 1))
    run = prove()
    assert run.overstaying == 1
    seen = found(run)
    # No case is about it.
    assert set(seen) == {"predicate", *exits.titles()} - {"case-list"}
    assert set().union(*seen.values()) == {city.ended.pk}
    entry = run.found.filter(exit="page").get()
    assert (entry.item, entry.reason, entry.until) == ("penalty", "ended", date(2026, 11, 20))


def test_a_repaired_record_that_came_back_is_found(city: City) -> None:
    """Whatever its row says: the case about it decided."""
    Record.objects.filter(pk=city.repaired.pk).update(state=State.ACTIVE)
    run = prove()
    assert run.overstaying == 1
    assert run.found.filter(exit="predicate").get().reason == "case"


def test_what_is_not_for_the_public_is_found(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue says who may see an item, whatever the row says."""
    pack = proving.packs.current()
    item = replace(pack.items["penalty"], disclosure=Disclosure.SHARED.value)
    closed = replace(pack, items=pack.items | {"penalty": item})
    monkeypatch.setattr(judging.packs, "current", lambda: closed)
    [over] = judging.judge([city.public.pk], DAY, frozenset())
    assert over.reason == "class"


def test_a_file_that_nobody_made_anew_is_found(city: City, tmp_path: Path) -> None:
    """An open-data file of yesterday still names the record: the predicate is right, the file is not."""
    stale = tmp_path / "penalties.json"
    stale.write_text(json.dumps([str(city.public.pk), str(city.ended.pk), str(unknown := uuid4())]))

    def held(day: date) -> Iterator[Sequence[UUID]]:
        yield [UUID(entry) for entry in json.loads(stale.read_text())]

    exits.register(Store("open-data", "开放数据文件", held))
    try:
        run = prove()
    finally:
        exits.withdraw("open-data")
    assert run.overstaying == 2
    assert found(run) == {"open-data": {city.ended.pk, unknown}}
    assert set(run.found.values_list("reason", flat=True)) == {"ended", "unknown"}


def test_an_exit_with_a_predicate_of_its_own_is_found(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(day: date) -> QuerySet[Record]:
        return Record.objects.filter(state=State.ACTIVE)

    monkeypatch.setattr(listing, "published_on", everything)
    run = prove()
    assert run.overstaying == 1
    assert set(found(run)) == {"search", "list", "list-csv", "list-xlsx", "file-csv"}


def test_an_exit_that_cannot_be_asked_is_named_and_the_others_are_asked(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("nothing of this may be kept: 泽川云岭贸易有限公司")

    monkeypatch.setattr("gongxin.api.lookups.read", broken)
    run = prove()
    faults = {entry["name"]: entry["fault"] for entry in run.exits if entry["fault"]}
    assert set(faults) == {"api-record", "api-organisation", "api-organisation-records", "api-disclosure"}
    assert set(faults.values()) == {"Unanswered status 500"}
    assert "page" not in faults
    assert [alarm.code for alarm in _proof_alarms(DAY)] == ["proof-incomplete"]


def test_what_changes_while_the_proof_runs_is_left_to_the_next_one(city: City) -> None:
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=None, recorded_at=at(DAY) + timedelta(minutes=1))
    assert prove().overstaying == 0
    assert prove(DAY + timedelta(days=1)).overstaying == 1


def test_every_old_record_has_its_turn(city: City) -> None:
    """With room for one a night, all three are asked for within three nights."""
    later = DAY + timedelta(days=800)
    seen = [
        suspect.id
        for night in range(3)
        for batch in proving._suspects(later + timedelta(days=night), replace(PLAN, sample=1), [])
        for suspect in batch
    ]
    assert sorted(seen) == sorted(record.pk for record in city.all)


def _proof_alarms(day: date, **later: int) -> list[alarms.Alarm]:
    standing = alarms.standing(at=at(day) + timedelta(**later))
    return [alarm for alarm in standing if alarm.code.startswith("proof-")]


def test_alarms(city: City) -> None:
    assert [alarm.code for alarm in _proof_alarms(DAY)] == ["proof-late"]
    prove()
    assert _proof_alarms(DAY, hours=25) == []
    assert [alarm.code for alarm in _proof_alarms(DAY, hours=27)] == ["proof-late"]
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=None)
    prove(DAY + timedelta(days=1))
    [alarm] = _proof_alarms(DAY + timedelta(days=1))
    assert alarm.code == "proof-overstaying"
    assert alarm.facts["overstaying"] == 1
    assert b"gongxin_proof_overstaying_records 1.0" in metrics.exposition(at=at(DAY + timedelta(days=1)))


def test_a_node_with_nothing_to_prove_is_not_late(db: None) -> None:
    assert _proof_alarms(DAY) == []
    assert selectors.standing(at=at(DAY)).last is None


def test_questions_of_the_proof_are_not_limited(city: City, settings: Any) -> None:
    """And nobody else's are let through by that."""
    once = Limit(1, 1), None
    settings.RATE_LIMITS = dict.fromkeys(("search", "page", "lookup", "download"), once)
    assert prove().faults == 0
    assert [Client().get("/search", {"q": "泽川"}).status_code for _ in range(2)] == [200, 429]
