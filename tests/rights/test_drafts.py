"""Drafts: of every form, their writer's alone; gone when they are filed, given up, or were kept for long enough."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.rights.world import MONDAY, PDF, World, at

from gongxin.errors import NotFound, NotPermitted
from gongxin.rights import cases, drafts, evidence, training
from gongxin.rights.cases import Given
from gongxin.rights.drafts import REGISTER, TRAINING, Place
from gongxin.rights.models import Case, Draft, Evidence, Paper, Position, Registration
from gongxin.rights.training import Coming


def _saved(world: World, place: Place | None = None) -> Draft:
    place = place or Place("objection", "file", record=world.record)
    return drafts.save(place, {"reasons": "罚款金额有误"}, acting_user=world.agent, at=at(MONDAY))


def _with_file(draft: Draft) -> Evidence:
    given = {"filename": "证明.pdf", "paper": Paper.OTHER, "acting_user": draft.user, "at": at(MONDAY)}
    return drafts.add_file(draft, io.BytesIO(PDF), **given)


def test_what_is_named_is_kept_and_the_rest_stays(world: World) -> None:
    place = Place("objection", "file", record=world.record)
    _saved(world)
    drafts.save(place, {"field_1": "CF_NR_FK", "text_1": "0.1"}, acting_user=world.agent, at=at(MONDAY, 12))
    held = drafts.of(world.agent, place, day=MONDAY)
    assert held is not None
    assert held.filled == {"reasons": "罚款金额有误", "field_1": "CF_NR_FK", "text_1": "0.1"}
    assert Draft.objects.count() == 1


def test_identity_numbers_are_not_kept(world: World) -> None:
    place = Place("objection", "file", record=world.record)
    # A number with a right check digit that belongs to nobody: the division code is unassigned.
    held = drafts.save(place, {"reasons": "经办人 00000019900101000X"}, acting_user=world.agent, at=at(MONDAY))
    assert "19900101000X" not in held.filled["reasons"]


def test_it_is_filed_with_its_files_and_gone(world: World) -> None:
    draft = _saved(world)
    sha256 = _with_file(draft).sha256
    case = cases.open_case(
        "objection",
        "file",
        world.record.pk,
        given=Given(reasons="罚款金额有误", draft=draft),
        acting_user=world.agent,
        at=at(MONDAY),
    )
    assert not Draft.objects.exists()
    assert [(entry.sha256, entry.step) for entry in case.evidence.all()] == [(sha256, 1)]


def test_a_step_is_taken_with_its_draft(world: World) -> None:
    case = world.object()
    draft = drafts.save(
        Place("objection", "reject", case=case), {"reasons": "金额无误"}, acting_user=world.maker, at=at(MONDAY)
    )
    assert drafts.of_case(world.maker, case, day=MONDAY) == {"reject": draft}
    assert drafts.of_case(world.checker, case, day=MONDAY) == {}
    given = Given(reasons="金额无误", draft=draft)
    cases.advance(case.pk, "reject", given=given, acting_user=world.maker, at=at(MONDAY))
    assert not Draft.objects.exists()


def test_a_registration_takes_its_draft_along(world: World) -> None:
    course = training.open_course("课", "", acting_user=world.office, at=at(MONDAY))
    starts = at(MONDAY + timedelta(days=7))
    session = training.schedule(course.pk, starts, "馆", hours=3, seats=2, acting_user=world.office, at=at(MONDAY))
    place = Place(TRAINING, REGISTER, session=session)
    draft = drafts.save(place, {"people": "2"}, acting_user=world.office, at=at(MONDAY))
    training.register(
        session.pk,
        world.company.pk,
        Coming(2, Position.HEAD),
        paper="收文一号",
        draft=draft,
        acting_user=world.office,
        at=at(MONDAY),
    )
    assert (Registration.objects.get().paper, Draft.objects.count()) == ("收文一号", 0)


@pytest.mark.parametrize("days", [0, 29, 30, 31, 200])
def test_the_clock_moves_over_its_end(world: World, days: int) -> None:
    """On the thirtieth day it is there for its writer and the job; the day after for neither, nor are its files."""
    draft = _saved(world)
    piece = _with_file(draft)
    day, there = MONDAY + timedelta(days=days), days <= 30
    assert drafts.kept_until(draft) == MONDAY + timedelta(days=30)
    assert drafts.listed(world.agent, day=day).exists() == there
    if not there:
        with pytest.raises(NotFound):
            drafts.own(draft.pk, user=world.agent, day=day)
    path = evidence.path(piece)
    _aged(path)
    assert drafts.discard_expired(at=at(day)) == (0 if there else 1)
    evidence.discard_abandoned(at=at(day))
    assert (Draft.objects.exists(), Evidence.objects.exists(), path.exists()) == (there, there, there)


def test_saving_again_begins_the_term_anew(world: World) -> None:
    _saved(world)
    place, later = Place("objection", "file", record=world.record), MONDAY + timedelta(days=20)
    held = drafts.save(place, {}, acting_user=world.agent, at=at(later))
    assert drafts.kept_until(held) == later + timedelta(days=30)
    assert drafts.listed(world.agent, day=MONDAY + timedelta(days=45)).get().filled == {"reasons": "罚款金额有误"}


def test_one_that_is_over_is_not_taken_up_again(world: World) -> None:
    _saved(world)
    place, later = Place("objection", "file", record=world.record), MONDAY + timedelta(days=31)
    assert drafts.save(place, {"reasons": "新"}, acting_user=world.agent, at=at(later)).filled == {"reasons": "新"}


def test_it_is_its_writers_alone(world: World) -> None:
    draft = _saved(world)
    piece = _with_file(draft)
    for user in (world.maker, world.office):
        assert not drafts.listed(user, day=MONDAY).exists()
        with pytest.raises(NotFound):
            drafts.own(draft.pk, user=user, day=MONDAY)
        with pytest.raises(NotFound):
            drafts.remove_file(piece.pk, acting_user=user)
        with pytest.raises(NotPermitted):
            drafts.discard(draft, acting_user=user)
        with pytest.raises(NotPermitted):
            cases.open_case(
                "objection",
                "file",
                world.record.pk,
                given=Given(reasons="x", draft=draft),
                acting_user=world.office,
                at=at(MONDAY),
            )
    assert (Draft.objects.count(), Case.objects.count()) == (1, 0)


def test_who_may_not_take_the_step_keeps_no_draft_of_it(world: World) -> None:
    case = world.object()
    course = training.open_course("课", "", acting_user=world.office, at=at(MONDAY))
    starts = at(MONDAY + timedelta(days=7))
    session = training.schedule(course.pk, starts, "馆", hours=3, seats=2, acting_user=world.office, at=at(MONDAY))
    attempts = [
        (Place("objection", "file", record=world.record), world.stranger),
        (Place("repair", "accept", record=world.record), world.agent),
        (Place("objection", "reject", case=case), world.stranger),
        (Place("interview", "call-prompt", organisation=world.company), world.agent),
        (Place("bankruptcy", "apply", organisation=world.company), world.maker),
        (Place(TRAINING, REGISTER, session=session), world.maker),
    ]
    for place, user in attempts:
        with pytest.raises(NotPermitted):
            drafts.save(place, {"reasons": "x"}, acting_user=user, at=at(MONDAY))
    with pytest.raises(NotFound):
        drafts.save(Place("objection", "nonsense", case=case), {}, acting_user=world.maker, at=at(MONDAY))
    assert not Draft.objects.exists()


def test_the_term_has_its_source_in_the_pack() -> None:
    clock = drafts.kept()
    assert (clock.limit, clock.unit, clock.reference.confidence) == (30, "day", "L")


def _aged(path: Path) -> None:
    """As it lies there after a while."""
    long_ago = at(MONDAY - timedelta(days=2)).timestamp()
    os.utime(path, (long_ago, long_ago))
