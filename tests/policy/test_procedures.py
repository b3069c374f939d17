"""Procedures: the table is the truth; every deadline has a source; the words of roles are those of identity."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest

from gongxin.identity.models import Role
from gongxin.policy import procedures
from gongxin.policy.casework import ROLE_WORDS, ROLE_WORDS_EN, Procedure, RoleWord
from gongxin.policy.pack import Pack
from gongxin.policy.procedures import Situation

DAY = date(2026, 6, 1)


def test_roles_of_procedures_are_roles_of_accounts() -> None:
    assert set(get_args(RoleWord)) == set(ROLE_WORDS) == set(ROLE_WORDS_EN)
    assert set(ROLE_WORDS) < set(Role.values)


NAMES = [
    "objection", "revocation", "repair", "repair-undo", "list-exit", "bankruptcy", "untrue-commitment", "reminder",
    "interview",
]  # fmt: skip
# What is decided by one officer alone: the document was revoked or changed elsewhere, and the platform acts at once.
ALONE = {"revocation-report-revoked", "revocation-report-changed"}


def test_the_procedures_are_there(pack: Pack) -> None:
    assert set(pack.procedures) == set(NAMES)
    assert len({entry.number for entry in pack.procedures.values()}) == len(NAMES)


def test_whatever_changes_a_record_or_bars_an_organisation_is_checked_by_another(pack: Pack) -> None:
    """Maker ≠ checker: a new procedure whose decision names nobody it may not be taken by fails here."""
    decisions = [
        (procedure, row)
        for procedure in pack.procedures.values()
        for row in procedure.transitions
        if row.effect != "none" or procedure.state(row.to).untrue
    ]
    assert len(decisions) >= 14
    for procedure, row in decisions:
        rule = procedure.rule_id(row.action)
        assert bool(row.not_by) != (rule in ALONE), rule


def test_who_took_a_step_does_not_take_the_one_that_checks_it(pack: Pack) -> None:
    checked = 0
    for procedure in pack.procedures.values():
        for row in procedure.transitions:
            for action in row.not_by:
                ground, checked = (row.grounds or ("",))[0], checked + 1
                for state in row.since:
                    where = Situation(state, row.roles[0], DAY, taken=frozenset({action}), ground=ground)
                    assert procedures.judge(procedure, row.action, where).code == "same-person", row.action
    assert checked >= 40


def test_every_end_that_goes_against_the_organisation_names_the_remedy(pack: Pack) -> None:
    for procedure in pack.procedures.values():
        for row in procedure.transitions:
            state = procedure.state(row.to)
            against = row.effect in {"restore", "unshield"} or state.untrue or state.outcome == "refused"
            if against and set(row.roles) & {"case_officer", "credit_office"} and row.notice is not None:
                assert "organisation" in row.notice.to, procedure.rule_id(row.action)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_allowed_in_its_states_to_its_roles_and_nowhere_else(pack: Pack, name: str) -> None:
    procedure = pack.procedures[name]
    for row in procedure.transitions:
        for state in (None, *(entry.id for entry in procedure.states)):
            for role in get_args(RoleWord):
                ground = (row.grounds or ("",))[0]
                where = Situation(state, role, DAY, DAY - timedelta(days=1), ground=ground)
                fits = (state in row.since if state else not row.since) and role in row.roles
                assert procedures.judge(procedure, row.action, where).allowed == fits, (row.action, state, role)


def test_a_refusal_says_what_to_do(pack: Pack) -> None:
    procedure = pack.procedures["repair"]
    said = [
        procedures.judge(procedure, "grant", Situation("to-grant", "case_officer", DAY, taken=frozenset({"apply"}))),
        procedures.judge(procedure, "grant", Situation("to-grant", "representative", DAY)),
        procedures.judge(procedure, "grant", Situation("filed", "case_officer", DAY)),
        procedures.judge(procedure, "pay", Situation("filed", "case_officer", DAY)),
    ]
    assert [verdict.code for verdict in said] == ["same-person", "wrong-role", "wrong-state", "action-unknown"]
    assert all(verdict.why and verdict.remedy and not verdict.allowed for verdict in said)


def _states(pack: Pack) -> list[tuple[Procedure, str]]:
    return [(entry, state.id) for entry in pack.procedures.values() for state in entry.states]


def test_every_open_state_has_a_clock_that_warns_before_it_ends(pack: Pack) -> None:
    """No case waits for ever: whatever is open has a day on which it is due, and an earlier one on which it warns."""
    clocked = 0
    for procedure, name in _states(pack):
        state = procedure.state(name)
        limit = procedures.deadline(pack, state, day=DAY, filed_on=DAY, running=None)
        assert (limit.due is None) == (state.outcome is not None), name
        if limit.due is None:
            continue
        clocked += 1
        assert limit.warn_on is not None
        assert DAY < limit.warn_on < limit.due
        assert pack.calendar.is_working_day(limit.due)[0]
        assert pack.calendar.is_working_day(limit.warn_on)[0]
        assert limit.sources
    assert clocked >= 28


def test_a_deadline_beyond_the_published_calendar_is_provisional(pack: Pack) -> None:
    late = date(max(pack.calendar.years), 12, 30)
    state = pack.procedures["objection"].state("received")
    assert procedures.deadline(pack, state, day=late, filed_on=late, running=None).provisional
    assert not procedures.deadline(pack, state, day=DAY, filed_on=DAY, running=None).provisional


def test_extension_counts_from_the_old_deadline_and_checking_keeps_it(pack: Pack) -> None:
    procedure, due = pack.procedures["repair"], date(2026, 6, 17)
    kept = procedures.deadline(pack, procedure.state("to-grant"), day=DAY, filed_on=DAY, running=due)
    later = procedures.deadline(pack, procedure.state("extended"), day=DAY, filed_on=DAY, running=due)
    assert kept.due == due
    assert later.due == date(2026, 7, 2)


def test_no_procedure_asks_for_money(pack: Pack) -> None:
    for procedure in pack.procedures.values():
        for row in procedure.transitions:
            assert not {"fee", "payment"} & set(row.asks)
