"""A record's whole life against a small model: whatever is done in whatever order, nothing is shown outside its term,
no measure may rest on what is contested, every step is in the log, and a withdrawal is a withdrawal in every exit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.intake.hand_ins import hand_in
from tests.intake.hand_ins import penalty as row
from tests.rights import world as worlds
from tests.rights.world import World, at, fresh, proof

from gongxin import clock
from gongxin.api import lookups
from gongxin.enquiries import checks
from gongxin.errors import GongxinError
from gongxin.ledger import selectors as log
from gongxin.policy import packs
from gongxin.records import as_json, listing, selectors
from gongxin.records.listing import Filters
from gongxin.records.models import Record
from gongxin.rights import deadlines
from gongxin.rights.models import Case, CaseStep
from gongxin.subjects.models import Organisation

# Eight days before the penalty may be repaired.
START = date(2026, 6, 25)


class Life(RuleBasedStateMachine):
    """The model: is the record withdrawn, is it contested, how many revisions, how many steps. The rest is asked."""

    # What came about in any of the lives: the test must not pass because nothing ever happened.
    reached: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.sid = transaction.savepoint()
        self.world = _world()
        self.day = START
        self.withdrawn = False
        self.contested = False
        self.revision = 1
        self.steps = 0
        self.leaves = log.size()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.sid)

    @property
    def open_cases(self) -> list[Case]:
        return list(Case.objects.filter(outcome="").order_by("number"))

    def attempt(self, what: Callable[[], Any]) -> bool:
        """Try; a refusal must leave nothing behind."""
        try:
            with transaction.atomic():
                what()
        except GongxinError as refused:
            assert refused.title
            assert refused.remedy
            return False
        self.steps += 1
        self.reached |= set(CaseStep.objects.order_by("-pk").values_list("to", flat=True)[:1])
        return True

    @rule(days=st.sampled_from([1, 8, 8, 90, 400]))
    def a_day_passes(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule()
    def the_clock_is_looked_at(self) -> None:
        done = deadlines.escalate(at=at(self.day))
        self.steps += done.warned + done.overdue

    @rule(amount=st.sampled_from(["0.2", "0.3", "0.4"]))
    def reported_again(self, amount: str) -> None:
        """The provider hands the decision in once more, as it was or changed: it never comes back by that."""
        before = fresh(self.world.record)
        done = hand_in([_row(self.world.company, CF_NR_FK=amount)], provider=self.world.market, at=at(self.day))
        assert done.accepted == 0
        self.revision += done.revised
        assert fresh(self.world.record).state == before.state

    @rule()
    def objected_to(self) -> None:
        done = self.attempt(lambda: self.world.object(on=self.day))
        running = Case.objects.filter(procedure="objection", outcome="").count()
        assert done == (not self.contested and not self.withdrawn)
        self.contested = running == 1

    @precondition(lambda self: self.contested)
    @rule(
        action=st.sampled_from(
            ["uphold-correct", "seek-help", "uphold-correct", "reject", "uphold-withdraw", "retract"]
        )
    )
    def objection_handled(self, action: str) -> None:
        case = Case.objects.get(procedure="objection", outcome="")
        by = self.world.agent if action == "retract" else self.world.maker
        correction = {"CF_NR": f"罚款 {self.steps} 元"} if action == "uphold-correct" else {}
        if not self.attempt(lambda: self.world.take(case, action, by=by, on=self.day, correction=correction)):
            return
        self.contested = action == "seek-help"
        self.withdrawn = self.withdrawn or action == "uphold-withdraw"
        self.revision += action == "uphold-correct"

    @rule()
    def revoked(self) -> None:
        given = {"reasons": "复议撤销", "occurred_on": self.day}
        by, on = self.world.reporter, self.day
        if self.attempt(lambda: self.world.file("revocation", "report-revoked", by=by, on=on, **given)):
            self.withdrawn = True

    @rule()
    def repair_applied_for(self) -> None:
        self.attempt(lambda: self.world.apply(on=self.day))

    @precondition(lambda self: Case.objects.filter(procedure="repair", outcome="").exists())
    @rule(
        action=st.sampled_from(["accept", "propose-grant", "propose-refuse", "grant", "refuse", "extend", "retract"]),
        checker=st.booleans(),
    )
    def repair_handled(self, action: str, checker: bool) -> None:
        case = Case.objects.get(procedure="repair", outcome="")
        officer = self.world.checker if checker else self.world.maker
        by = self.world.agent if action == "retract" else officer
        if self.attempt(lambda: self.world.take(case, action, by=by, on=self.day)) and action == "grant":
            proposed = case.steps.filter(action="propose-grant").order_by("-number").first()
            assert proposed is not None
            assert proposed.actor != by
            self.withdrawn = True

    @rule()
    def repaired_in_one_go(self) -> None:
        """The whole way at once, which chance alone seldom goes."""
        if self.attempt(lambda: self.world.apply(on=self.day)):
            case = Case.objects.get(procedure="repair", outcome="")
            for action, by in (("accept", "maker"), ("propose-grant", "maker"), ("grant", "checker")):
                officer = getattr(self.world, by)
                assert self.attempt(partial(self.world.take, case, action, by=officer, on=self.day))
            self.withdrawn = True

    @rule(action=st.sampled_from(["propose", "respond", "close-hearing", "undo", "keep"]), checker=st.booleans())
    def repair_undone(self, action: str, checker: bool) -> None:
        case = Case.objects.filter(procedure="repair-undo", outcome="").first()
        by = self.world.agent if action == "respond" else self.world.checker if checker else self.world.maker
        if action == "propose":
            given: dict[str, Any] = {"reasons": "材料虚假", "files": [proof()]}
            self.attempt(lambda: self.world.file("repair-undo", "propose", by=by, on=self.day, **given))
        elif case is not None and self.attempt(lambda: self.world.take(case, action, by=by, on=self.day)):
            self.withdrawn = self.withdrawn and action != "undo"

    @rule()
    def restarted(self) -> None:
        """Nothing that counts is kept in the process (the pack is, until a restart: its version is in every step)."""
        lookups._statement.cache_clear()
        as_json.published_sql.cache_clear()
        cache.clear()

    @invariant()
    def shown_within_its_term_and_nowhere_else(self) -> None:
        held = fresh(self.world.record)
        due = (
            not self.withdrawn
            and held.publicity_from is not None
            and held.publicity_from <= self.day
            and (held.publicity_until is None or self.day <= held.publicity_until)
        )
        with clock.at(at(self.day)):
            assert _exits(self.world, held, self.day) == dict.fromkeys(_EXITS, due)

    @invariant()
    def nothing_rests_on_what_is_contested(self) -> None:
        assert selectors.is_contested(self.world.record) == self.contested
        answer = _record_of_check(self.world, self.day)
        if answer is not None:
            assert answer["contested"] is self.contested

    @invariant()
    def every_step_is_in_the_log_and_nothing_is_overwritten(self) -> None:
        assert CaseStep.objects.count() == self.steps
        bodies = [json.loads(body) for body in log.bodies(self.leaves, log.size())]
        assert sum(body["event"].startswith("case.") for body in bodies) == self.steps
        held = fresh(self.world.record)
        assert held.revision == self.revision
        assert list(held.revisions.values_list("number", flat=True)) == list(range(1, self.revision))

    @invariant()
    def a_case_is_where_its_last_step_led(self) -> None:
        for case in Case.objects.all():
            last = case.steps.order_by("-number").first()
            assert last is not None
            assert (case.state, case.due_on) == (last.to, last.due_on if not case.outcome else None)
            assert (case.closed_at is None) == (case.outcome == "")


_EXITS = ("predicate", "check", "api record", "api organisation", "list", "file", "page")


def _world() -> World:
    """The world of rights about a penalty that was really handed in."""
    built = worlds.build()
    about = Organisation.objects.get(pk=built.company.pk)
    done = hand_in([_row(about)], provider=built.market, at=at(START))
    assert done.accepted == 1
    record = Record.objects.get(submission_id=done.pk)
    return World(
        **{name: getattr(built, name) for name in World.__dataclass_fields__ if name != "record"}, record=record
    )


def _row(about: Organisation, **changes: str) -> dict[str, str]:
    """The penalty of the organisation as its provider hands it in."""
    return row(1, CF_XDR_MC=about.name, CF_XDR_SHXYM=about.uscc or "", **changes)


def _exits(world: World, held: Record, day: date) -> dict[str, bool]:
    """Where the record can be seen."""
    item = packs.current().item("penalty")
    listed = listing.listed(item, Filters(), day=day)
    organisation = lookups.read("by_id", {"ref": world.company.pk, "limit": 100}, day=day)
    return {
        "predicate": selectors.published_on(day).filter(pk=held.pk).exists(),
        "check": _record_of_check(world, day) is not None,
        "api record": lookups.read("record", {"ref": held.pk}, day=day) is not None,
        "api organisation": str(held.pk).encode() in (organisation or b""),
        "list": any(entry.pk == held.pk for entry in listing.stretch(listed, oldest_first=False, size=9).records),
        "file": any(str(held.pk) in line for line in listing.rows(item, listed, limit=9)),
        "page": Client().get(f"/records/{held.pk}").status_code == 200,
    }


def _record_of_check(world: World, day: date) -> dict[str, Any] | None:
    """The record in the answer to a credit check, None where it is not there. The stored check is taken back."""
    with transaction.atomic():
        answer = checks.check(
            department=world.market,
            asked_by="test",
            code_or_name=world.company.uscc or "",
            purpose="licence-review",
            matter="测试",
            at=at(day),
        )
        transaction.set_rollback(True)
    found: list[dict[str, Any]] = answer.data["records"]
    return next((entry for entry in found if entry["id"] == str(world.record.pk)), None)


@pytest.mark.django_db
def test_whole_life_of_a_record() -> None:
    limits = settings(
        max_examples=6,
        stateful_step_count=14,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=limits)
    assert len(Life.reached) >= 5, Life.reached
