"""What an account can do, and why: the lines of the page agree with what it would be answered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Actor, StandIn
from gongxin.identity.explaining import Line, lines
from gongxin.identity.roles import Role
from gongxin.ids import uuid7

DAY = date(2026, 4, 2)
MINE = uuid7()


def of(action: Action, found: list[Line]) -> dict[str, bool]:
    """Situation and answer of one action."""
    return {line.situation.zh: line.decision.allowed for line in found if line.deed.id == action}


@pytest.mark.parametrize("role", list(Role))
def test_every_action_is_answered_with_rule_and_ground(role: Role) -> None:
    found = lines(Actor("one", role, MINE), day=DAY)
    assert {line.deed.id for line in found} == set(Action)
    for line in found:
        assert line.decision.rule
        assert line.decision.basis.title
        assert bool(line.decision.next_step) is not line.decision.allowed


def test_data_officer() -> None:
    found = lines(Actor("one", Role.DATA_OFFICER, MINE), day=DAY)
    assert of(Action.SUBMISSION_READ, found) == {"本单位的": True, "其他单位的": False}
    assert of(Action.RECORD_READ, found) == {
        "本单位的": True,
        "其他单位的": False,
        "本单位的、已修复的": False,
        "本单位的、已归档的": False,
    }
    assert of(Action.LOOKS_SEARCH, found) == {"": False}


def test_credit_office_sees_all_and_checks_for_its_purposes() -> None:
    found = lines(Actor("one", Role.CREDIT_OFFICE, MINE, purposes=frozenset({"tendering", "gone"})), day=DAY)
    assert of(Action.SUBMISSION_READ, found)["其他单位的"]
    assert of(Action.CHECK_ASK, found) == {"用途：招标投标": True}
    none = lines(Actor("one", Role.CREDIT_OFFICE, MINE), day=DAY)
    assert of(Action.CHECK_ASK, none) == {"": False}


def test_substitutes_and_representatives() -> None:
    stands_in = (StandIn("absent", Role.CASE_OFFICER, MINE, DAY, DAY),)
    substitute = Actor("one", Role.DATA_OFFICER, MINE, stands_in=stands_in)
    absent = {line.decision.absent for line in lines(substitute, day=DAY) if line.deed.id == Action.CHECK_READ}
    assert absent == {"", "absent"}
    assert not any(line.decision.absent for line in lines(substitute, day=DAY + timedelta(days=1)))
    agent = Actor("one", Role.REPRESENTATIVE, organisations=frozenset({"91000000MA00000016"}))
    assert of(Action.MINE_READ, lines(agent, day=DAY)) == {"已绑定主体的": True, "其他主体的": False}
