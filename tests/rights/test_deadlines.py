"""Every clock of every procedure: moved over its deadline, with the warning before and the alarm after, once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.rights.world import MONDAY, World, at, listing, proof

from gongxin.policy import packs
from gongxin.rights import deadlines
from gongxin.rights.deadlines import Escalated
from gongxin.rights.models import OVERDUE, WARNED, Case, Paper

JULY = date(2026, 7, 1)


def _objection(world: World) -> Case:
    return world.object()


def _assisted(world: World) -> Case:
    return world.take(world.object(), "seek-help", by=world.maker)


def _filed(world: World) -> Case:
    return world.apply(on=JULY)


def _incomplete(world: World) -> Case:
    return world.take(_filed(world), "ask-papers", by=world.maker, on=JULY)


def _accepted(world: World) -> Case:
    return world.take(_filed(world), "accept", by=world.maker, on=JULY)


def _extended(world: World) -> Case:
    return world.take(_accepted(world), "extend", by=world.maker, on=JULY)


def _to_grant(world: World) -> Case:
    return world.take(_accepted(world), "propose-grant", by=world.maker, on=JULY)


def _to_refuse(world: World) -> Case:
    return world.take(_accepted(world), "propose-refuse", by=world.maker, on=JULY)


def _hearing(world: World) -> Case:
    world.repaired(on=JULY)
    return world.file("repair-undo", "propose", by=world.maker, on=JULY, reasons="材料虚假", files=[proof(Paper.OTHER)])


def _heard(world: World) -> Case:
    return world.take(_hearing(world), "respond", by=world.agent, on=JULY)


def _listed(world: World) -> World:
    """The world with an entry of a list in the place of its penalty."""
    return replace(world, record=listing(world.company, world.market))


def _exit(world: World) -> Case:
    given = {"reasons": "已补报年报", "ground": "put-right", "committed": True, "files": [proof()]}
    return _listed(world).file("list-exit", "apply", by=world.agent, on=MONDAY, **given)


def _exit_accepted(world: World) -> Case:
    return world.take(_exit(world), "accept", by=world.maker)


def _to_remove(world: World) -> Case:
    return world.take(_exit_accepted(world), "propose-remove", by=world.maker)


def _to_keep(world: World) -> Case:
    return world.take(_exit(world), "propose-keep", by=world.maker)


def _own_accord(world: World) -> Case:
    given = {"reasons": "已补报年报", "ground": "put-right"}
    return _listed(world).file("list-exit", "propose-own", by=world.maker, on=MONDAY, **given)


def _reorganising(world: World) -> Case:
    return world.reorganising()


def _to_shield(world: World) -> Case:
    return world.take(_reorganising(world), "propose-shield", by=world.office)


def _shielded(world: World) -> Case:
    return world.shielded()


def _to_complete(world: World) -> Case:
    return world.take(_shielded(world), "propose-complete", by=world.office, files=[proof(Paper.OTHER)])


def _to_restore(world: World) -> Case:
    return world.take(_shielded(world), "propose-restore", by=world.office, files=[proof(Paper.OTHER)])


def _suspected(world: World) -> Case:
    return world.about("untrue-commitment", "propose", by=world.maker, files=[proof(Paper.OTHER)])


def _commitment_heard(world: World) -> Case:
    return world.take(_suspected(world), "respond", by=world.agent)


def _reminded(world: World) -> Case:
    return world.about("reminder", "remind", by=world.maker)


def _answered(world: World) -> Case:
    return world.take(_reminded(world), "answer", by=world.agent)


def _called(world: World) -> Case:
    return world.about("interview", "call-prompt", by=world.maker)


def _held(world: World) -> Case:
    return world.take(_called(world), "hold", by=world.maker)


def _declined(world: World) -> Case:
    return world.take(_called(world), "note-refusal", by=world.maker)


def _to_check(world: World) -> Case:
    return world.take(_held(world), "write-up", by=world.maker)


def _to_check_refusal(world: World) -> Case:
    return world.take(_declined(world), "write-up-refusal", by=world.maker)


# State → how a case comes there, and the day by which it is due.
STATES: dict[tuple[str, str], tuple[Callable[[World], Case], date]] = {
    ("objection", "received"): (_objection, date(2026, 6, 4)),
    ("objection", "assisted"): (_assisted, date(2026, 6, 10)),
    ("repair", "filed"): (_filed, date(2026, 7, 3)),
    ("repair", "incomplete"): (_incomplete, date(2026, 7, 8)),
    ("repair", "accepted"): (_accepted, date(2026, 7, 15)),
    ("repair", "extended"): (_extended, date(2026, 7, 29)),
    ("repair", "to-grant"): (_to_grant, date(2026, 7, 15)),
    ("repair", "to-refuse"): (_to_refuse, date(2026, 7, 15)),
    ("repair-undo", "hearing"): (_hearing, date(2026, 7, 8)),
    ("repair-undo", "heard"): (_heard, date(2026, 7, 15)),
    ("list-exit", "filed"): (_exit, date(2026, 6, 8)),
    ("list-exit", "accepted"): (_exit_accepted, date(2026, 6, 23)),
    ("list-exit", "to-remove"): (_to_remove, date(2026, 6, 23)),
    ("list-exit", "to-keep"): (_to_keep, date(2026, 6, 8)),
    ("list-exit", "own-accord"): (_own_accord, date(2026, 6, 23)),
    ("bankruptcy", "filed"): (_reorganising, date(2026, 6, 8)),
    ("bankruptcy", "to-shield"): (_to_shield, date(2026, 6, 8)),
    ("bankruptcy", "shielded"): (_shielded, date(2026, 8, 25)),
    ("bankruptcy", "to-complete"): (_to_complete, date(2026, 6, 8)),
    ("bankruptcy", "to-restore"): (_to_restore, date(2026, 6, 8)),
    ("untrue-commitment", "hearing"): (_suspected, date(2026, 6, 8)),
    ("untrue-commitment", "heard"): (_commitment_heard, date(2026, 6, 15)),
    ("reminder", "sent"): (_reminded, date(2026, 6, 15)),
    ("reminder", "confirming"): (_answered, date(2026, 6, 15)),
    ("interview", "called"): (_called, date(2026, 6, 15)),
    ("interview", "held"): (_held, date(2026, 6, 8)),
    ("interview", "declined"): (_declined, date(2026, 6, 8)),
    ("interview", "to-check"): (_to_check, date(2026, 6, 8)),
    ("interview", "to-check-refusal"): (_to_check_refusal, date(2026, 6, 8)),
}


def test_every_open_state_of_the_pack_is_here(pack: object) -> None:
    open_states = {
        (procedure.id, state.id)
        for procedure in pack.procedures.values()  # type: ignore[attr-defined]  # the fixture of tests/conftest.py
        for state in procedure.states
        if state.outcome is None
    }
    assert open_states == set(STATES)


def _turn(case: Case) -> tuple[str, ...]:
    """Whose turn it is."""
    return packs.current().procedure(case.procedure).state(case.state).turn


@pytest.mark.parametrize("place", sorted(STATES), ids="/".join)
def test_the_clock_moves_over_the_deadline(world: World, place: tuple[str, str]) -> None:
    reach, due = STATES[place]
    case = reach(world)
    case.refresh_from_db()
    assert (case.procedure, case.state, case.due_on) == (*place, due)
    assert case.warn_on is not None
    # The last days before the warning show the quiet there is.
    day = max(case.state_since.date(), case.warn_on - timedelta(days=4))
    told: dict[date, str] = {}
    while day <= due + timedelta(days=3):
        done = deadlines.escalate(at=at(day))
        told |= {day: WARNED} if done.warned else {day: OVERDUE} if done.overdue else {}
        assert deadlines.late(day).filter(pk=case.pk).exists() == (day > due)
        day += timedelta(days=1)
    assert told == {case.warn_on: WARNED, due + timedelta(days=1): OVERDUE}
    assert [step.action for step in case.steps.filter(actor=None)] == [WARNED, OVERDUE]
    assert case.outbox.filter(topic="case.escalated").count() == 2
    assert case.notices.filter(addressee="credit_office").count() >= 2
    # Whose turn it is learns it, the organisation too.
    by_clock = case.steps.filter(actor=None).values("number")
    party = case.notices.filter(addressee="organisation", step__in=by_clock).count()
    assert party == (2 if "representative" in _turn(case) else 0)
    # A late case is still decided.
    case.refresh_from_db()
    assert case.outcome == ""


def test_a_night_without_the_job_is_made_good_the_next(world: World) -> None:
    world.object()
    assert deadlines.escalate(at=at(date(2026, 6, 8))) == Escalated(warned=0, overdue=1)
    assert deadlines.escalate(at=at(date(2026, 6, 9))) == Escalated(warned=0, overdue=0)


def test_a_decided_case_is_left_alone(world: World) -> None:
    world.take(world.object(), "reject", by=world.maker)
    assert deadlines.escalate(at=at(date(2026, 6, 8))) == Escalated(warned=0, overdue=0)
    assert not deadlines.late(MONDAY + timedelta(days=30)).exists()
