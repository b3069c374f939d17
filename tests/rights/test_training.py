"""Repair training: registered, attended, certified; and repair asks for it only where the rules of that time did."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from tests import held
from tests.rights.world import MONDAY, World, at, proof, user

from gongxin.errors import Conflict, InvalidInput, NotPermitted
from gongxin.identity.models import Role
from gongxin.ledger import selectors as ledger
from gongxin.rights import certificate, training
from gongxin.rights.models import Certificate, Course, Paper, Position, Registration, Session
from gongxin.rights.training import Coming

ONE = Coming(1, Position.HEAD)
AFTER = at(MONDAY + timedelta(days=9))


def _events() -> list[str]:
    found = [json.loads(body)["event"] for body in ledger.bodies(0, ledger.size())]
    return [event for event in found if event.startswith("training.")]


def _session(world: World, *, course: Course | None = None, hours: int = 2, seats: int = 2) -> Session:
    course = course or training.open_course("信用修复专题培训", "政策", acting_user=world.office, at=at(MONDAY))
    starts = at(MONDAY + timedelta(days=7))
    return training.schedule(
        course.pk, starts, "市民中心", hours=hours, seats=seats, acting_user=world.office, at=at(MONDAY)
    )


def _coming(world: World, session: Session) -> Registration:
    return training.register(session.pk, world.company.pk, ONE, acting_user=world.agent, at=at(MONDAY))


def _came(world: World, session: Session, hours: int) -> Certificate | None:
    return training.attended(_coming(world, session).pk, hours, acting_user=world.office, at=AFTER)


def test_three_class_hours_make_a_certificate_once(world: World) -> None:
    first = _session(world)
    second = _session(world, course=first.course)
    third = _session(world, course=first.course)
    assert _came(world, first, 2) is None
    made = _came(world, second, 1)
    assert made is not None
    assert (made.hours, made.asked, made.organisation) == (3, 3, world.company)
    assert _came(world, third, 2) is None
    assert _events().count("training.attended") == 3
    assert _events()[:4] == ["training.opened", "training.scheduled", "training.scheduled", "training.scheduled"]
    rule = training.asked()
    assert (rule.value, rule.reference.confidence) == ("3", "H")
    assert "取代" in rule.reference.note
    content = certificate.pdf(made, rule)
    assert content.startswith(b"%PDF-")
    assert content == certificate.pdf(made, rule)


def test_a_registration_is_taken_back_before_it_begins(world: World) -> None:
    session = _session(world, seats=1)
    held_one = _coming(world, session)
    with pytest.raises(Conflict):
        _coming(world, session)
    training.withdraw(held_one.pk, acting_user=world.agent, at=at(MONDAY))
    again = _coming(world, session)
    with pytest.raises(Conflict):
        training.withdraw(again.pk, acting_user=world.agent, at=AFTER)
    assert _events().count("training.withdrawn") == 1


def test_a_full_session_takes_no_more(world: World) -> None:
    session = _session(world, seats=1)
    _coming(world, session)
    other = held.organisation("云岭虚构工贸有限公司", uscc=held.code(8802))
    with pytest.raises(Conflict) as caught:
        training.register(session.pk, other.pk, ONE, paper="收文一号", acting_user=world.office, at=at(MONDAY))
    assert caught.value.code == "training-full"


def test_what_cannot_be_is_refused_with_the_next_step(world: World) -> None:
    session = _session(world)
    registered = _coming(world, session)
    office: Any = {"acting_user": world.office, "at": at(MONDAY)}
    attempts = [
        lambda: training.open_course(" ", "", **office),
        lambda: training.schedule(session.course_id, at(MONDAY), "旧", hours=1, seats=1, **office),
        lambda: training.schedule(session.course_id, AFTER, "市民中心", hours=99, seats=1, **office),
        lambda: training.register(session.pk, world.company.pk, Coming(0, Position.HEAD), paper="收文一号", **office),
        lambda: training.register(session.pk, world.company.pk, ONE, paper=" ", **office),
        lambda: training.attended(registered.pk, 9, acting_user=world.office, at=AFTER),
        lambda: training.attended(registered.pk, 1, **office),
    ]
    for attempt in attempts:
        with pytest.raises((InvalidInput, Conflict)) as caught:
            attempt()
        assert caught.value.remedy


def test_who_may_do_what(world: World) -> None:
    session = _session(world)
    registered = _coming(world, session)
    nobody = user("nobody", Role.REPRESENTATIVE)
    attempts = [
        lambda: training.open_course("课", "", acting_user=world.agent, at=at(MONDAY)),
        lambda: training.open_course("课", "", acting_user=world.reporter, at=at(MONDAY)),
        lambda: training.attended(registered.pk, 1, acting_user=world.maker, at=AFTER),
        lambda: training.withdraw(registered.pk, acting_user=nobody, at=at(MONDAY)),
        lambda: training.register(session.pk, world.company.pk, ONE, acting_user=world.maker, at=at(MONDAY)),
    ]
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()
    # A provider offers courses of its own.
    assert training.open_course("课", "", acting_user=world.maker, at=at(MONDAY)).department == world.market


def test_nobodys_name_can_be_kept() -> None:
    """Of who came there is a number and a function; no field takes a name, and no relation leads to an account."""
    names = {field.name for field in Registration._meta.get_fields()}
    assert names == {
        "id", "session", "organisation", "people", "position", "paper", "registered_at", "withdrawn_at", "hours",
        "recorded_at",
    }  # fmt: skip


def test_a_certificate_is_not_changed(world: World) -> None:
    assert _came(world, _session(world, hours=3), 3) is not None
    for statement in ("UPDATE rights_certificate SET hours = 9", "DELETE FROM rights_certificate"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_repair_asks_for_training_where_the_rules_of_that_time_did(world: World) -> None:
    """Under the notice of 2019 a certificate, or the proof of another platform; under today's order neither."""
    on = date(2022, 12, 15)
    old = held.record(
        world.company,
        provider=world.market,
        document_no="泽市监罚〔2022〕7号",
        decided_on=date(2022, 6, 1),
        severity="serious",
        publicity_until=date(2025, 6, 1),
        fields={"CF_JDRQ": "2022-06-01", "CF_SXCD": "严重", "CF_CFLB": "罚款", "CF_ZT": "1"},
    )
    then = World(**{name: getattr(world, name) for name in World.__dataclass_fields__ if name != "record"}, record=old)
    given: dict[str, Any] = {"by": world.agent, "on": on, "committed": True}
    with pytest.raises(InvalidInput) as caught:
        then.file("repair", "apply", files=[proof()], **given)
    assert caught.value.facts["missing"] == ["training"]
    assert then.file("repair", "apply", files=[proof(), proof(Paper.TRAINING)], **given).state == "filed"
    assert world.apply(on=date(2026, 7, 1)).state == "filed"
