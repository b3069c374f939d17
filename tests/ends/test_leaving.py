"""What ends leaves every exit in the transaction of the step that ends it, and leaves none where the step fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from tests.ends.city import DAY, City
from tests.rights import world as worlds
from tests.rights.world import World

from gongxin import ledger
from gongxin.ends import asking, ending, exits
from gongxin.ends.exits import Exit, Suspect
from gongxin.policy import packs
from gongxin.records import selectors
from gongxin.records.models import Contested, Record, State

Step = Callable[[World], object]


def _revoked(world: World) -> object:
    return world.file("revocation", "report-revoked", by=world.reporter, on=DAY, reasons="文书已撤销", occurred_on=DAY)


def _shielded(world: World) -> object:
    return world.shielded(on=DAY)


def _removed(world: World) -> object:
    about = {"ground": "unfounded", "reasons": "列入不当"}
    case = world.file("list-exit", "propose-own", by=world.maker, on=DAY, **about)
    return world.take(case, "annul", by=world.checker, on=DAY)


def shown(record: Record) -> set[str]:
    """The exits at which the record is seen on DAY."""
    suspect = Suspect(record.pk, record.item, record.organisation_id, record.document_no, record.decided_on)
    with asking.on(DAY):
        return {place.name for place in exits.registered() if record.pk in _of(place, suspect)}


def _of(place: Any, suspect: Suspect) -> set[Any]:
    if isinstance(place, Exit):
        return set(place.shown([suspect], DAY))
    return {one for stretch in place.held(DAY) for one in stretch}


def selected(record: Record) -> set[str]:
    """The selectors that others build on, by which the record is found on DAY."""
    purposes = packs.current().purposes.values()
    found = {
        "public": selectors.published_on(DAY),
        "usable": selectors.usable(Record.objects.all(), day=DAY),
        **{purpose.code: selectors.disclosable(purpose, DAY) for purpose in purposes},
    }
    return {name for name, rows in found.items() if rows.filter(pk=record.pk).exists()}


@pytest.mark.parametrize("end", [_revoked, _shielded])
def test_in_the_transaction_of_its_end_a_record_leaves_every_exit(city: City, end: Step) -> None:
    """Pages, lists, files, search, API, checks, reports, the desk and its cases: nothing is left to a later job."""
    world = World(**{**vars(city.world), "record": city.public})
    about = city.public
    # No case is about it yet.
    assert shown(about) == set(exits.titles()) - {"case-list"}
    assert selected(about) >= {"public", "usable"}
    with transaction.atomic():
        end(world)
        assert worlds.fresh(about).state != State.ACTIVE
        assert shown(about) == set()
        assert selected(about) == set()
    told = ending.of_record(worlds.fresh(about), day=DAY)
    assert told is not None
    assert told.ended_on == DAY
    assert told.case


def test_a_list_exit_is_no_other(city: City) -> None:
    entry = worlds.listing(city.world.company, city.world.market, decided_on=date(2026, 10, 8))
    world = World(**{**vars(city.world), "record": entry})
    assert "page" in shown(entry)
    with transaction.atomic():
        _removed(world)
        assert shown(entry) == set()
        assert selected(entry) == set()


def test_where_the_step_fails_nothing_has_ended(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(**{**vars(city.world), "record": city.public})

    def broken(*_given: object, **_named: object) -> int:
        raise RuntimeError("the log is silent")

    before = selected(city.public)
    assert "public" in before
    monkeypatch.setattr(ledger, "append", broken)
    with pytest.raises(RuntimeError, match="silent"), transaction.atomic():
        _revoked(world)
    assert selected(city.public) == before
    assert worlds.fresh(city.public).state == State.ACTIVE
    assert not Contested.objects.exists()
