"""The whole life of two records of one organisation (a penalty, an entry of a list) against a small model: whatever is
done in whatever order, nothing is shown outside its term, nothing rests on what is contested or withdrawn, every step
is in the log, and a withdrawal is a withdrawal in every exit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
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
from gongxin.policy import packs, publicity
from gongxin.policy.calendar import WorkingCalendar
from gongxin.records import as_json, listing, republishing, selectors
from gongxin.records.listing import Filters
from gongxin.records.models import Record
from gongxin.rights import deadlines, eligibility
from gongxin.rights.models import Case, CaseStep, Paper
from gongxin.subjects.models import Organisation

# Eight days before the penalty may be repaired.
START = date(2026, 6, 25)


class Life(RuleBasedStateMachine):
    """The model: is a record withdrawn and how, is it contested, how many revisions, how many steps, since when a
    commitment is known to be untrue. The rest is asked.
    """

    # What came about in any of the lives: the test must not pass because nothing ever happened.
    reached: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.sid = transaction.savepoint()
        self.world = _world()
        self.entry = worlds.listing(self.world.company, self.world.market)
        self.day = START
        self.withdrawn = False
        self.removed = False
        # Records out of sight while a plan runs: what is withdrawn only for the time being.
        self.shielded: set[Any] = set()
        self.untrue_on: date | None = None
        self.patch = pytest.MonkeyPatch()
        self.packs_applied = 0
        self.contested = False
        self.revision = 1
        self.steps = 0
        self.leaves = log.size()

    def teardown(self) -> None:
        self.patch.undo()
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

    @property
    def barred(self) -> bool:
        """Whether an untrue commitment bars repair on the day (36 months, the pack's placeholder)."""
        return self.untrue_on is not None and self.day < publicity.add_months(self.untrue_on, 36)

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
            self.shielded.discard(self.world.record.pk)

    @rule()
    def repair_applied_for(self) -> None:
        if self.attempt(lambda: self.world.apply(on=self.day)):
            assert not self.barred

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
            self.untrue_on = self.day if action == "undo" else self.untrue_on

    @rule(own=st.booleans(), ground=st.sampled_from(["put-right", "put-right", "unfounded", "term-over"]))
    def off_the_list(self, own: bool, ground: str) -> None:
        """Removal of the entry in one go, on application or of the unit's own accord."""
        listed = replace(self.world, record=self.entry)
        given: dict[str, Any] = {"reasons": "已补报年报", "ground": ground}
        given |= {} if own else {"committed": True, "files": [proof()]}
        by, action = (self.world.maker, "propose-own") if own else (self.world.agent, "apply")
        if not self.attempt(lambda: listed.file("list-exit", action, by=by, on=self.day, **given)):
            return
        assert own or ground == "unfounded" or not self.barred
        assert ground != "term-over"
        case = Case.objects.get(procedure="list-exit", outcome="")
        ways = ["annul" if ground == "unfounded" else "remove"]
        for step in [*([] if own else ["accept", "propose-remove"]), *ways]:
            officer = self.world.checker if step in ways else self.world.maker
            assert self.attempt(partial(self.world.take, case, step, by=officer, on=self.day))
        self.removed = True

    @rule()
    def reorganisation_begins(self) -> None:
        """A plan is approved: what can be repaired goes out of sight, and nothing else."""
        held = {one.pk: one for one in (fresh(self.world.record), fresh(self.entry))}
        open_ones = {pk for pk, one in held.items() if one.state == "active"}
        wanted = {pk for pk in open_ones if eligibility.of(held[pk], day=self.day).shieldable}
        if not self.attempt(lambda: self.world.reorganising(on=self.day)):
            assert Case.objects.filter(procedure="bankruptcy", outcome="").exists()
            return
        case = Case.objects.get(procedure="bankruptcy", outcome="")
        assert self.attempt(lambda: self.world.take(case, "propose-shield", by=self.world.office, on=self.day))
        ends = "shield" if wanted else "refuse"
        assert self.attempt(lambda: self.world.take(case, ends, by=self.world.second, on=self.day))
        assert not (self.barred and wanted)
        self._out_of_sight(wanted)

    @precondition(lambda self: Case.objects.filter(procedure="bankruptcy", state="shielded").exists())
    @rule(carried_out=st.booleans())
    def reorganisation_ends(self, carried_out: bool) -> None:
        """Carried out: repaired for good. Failed: back with the terms there were."""
        case = Case.objects.get(procedure="bankruptcy", state="shielded")
        before = {one.pk: fresh(one).publicity_until for one in (self.world.record, self.entry)}
        first, then = ("propose-complete", "complete") if carried_out else ("propose-restore", "restore")
        papers = {"files": [proof(Paper.OTHER)]}
        assert self.attempt(lambda: self.world.take(case, first, by=self.world.office, on=self.day, **papers))
        assert not self.attempt(lambda: self.world.take(case, then, by=self.world.office, on=self.day))
        assert self.attempt(lambda: self.world.take(case, then, by=self.world.second, on=self.day))
        if not carried_out:
            self.withdrawn = self.withdrawn and self.world.record.pk not in self.shielded
            self.removed = self.removed and self.entry.pk not in self.shielded
            assert {one.pk: fresh(one).publicity_until for one in (self.world.record, self.entry)} == before
        self.shielded = set()

    def _out_of_sight(self, wanted: set[Any]) -> None:
        self.shielded = wanted
        self.withdrawn = self.withdrawn or self.world.record.pk in wanted
        self.removed = self.removed or self.entry.pk in wanted

    @rule(established=st.booleans())
    def commitment_doubted(self, established: bool) -> None:
        """A finding, after the organisation was heard."""
        papers = {"files": [proof(Paper.OTHER)]}
        assert self.attempt(
            lambda: self.world.about("untrue-commitment", "propose", by=self.world.maker, on=self.day, **papers)
        )
        case = Case.objects.get(procedure="untrue-commitment", outcome="")
        ends = "establish" if established else "dismiss"
        for action, by in (("respond", self.world.agent), (ends, self.world.checker)):
            assert self.attempt(partial(self.world.take, case, action, by=by, on=self.day))
        self.untrue_on = self.day if established else self.untrue_on

    @rule(off=st.integers(1, 9))
    def calendar_changes(self, off: int) -> None:
        """The days off of a year become others and the pack is applied: what was told stays, nothing else is shown."""
        told = dict(Case.objects.values_list("pk", "due_on"))
        pack = packs.current()
        year = pack.calendar.years[2026]
        days_off = year.days_off | {self.day + timedelta(days=off)}
        calendar = WorkingCalendar(pack.calendar.years | {2026: replace(year, days_off=days_off)})
        self.packs_applied += 1
        changed = replace(pack, calendar=calendar, version=f"{self.packs_applied:016x}")
        self.patch.setattr(packs, "current", lambda: changed)
        assert republishing.apply_pack(changed, at=at(self.day)).changed == 0
        assert dict(Case.objects.values_list("pk", "due_on")) == told

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
        assert selectors.published_on(self.day).filter(pk=self.entry.pk).exists() == (not self.removed)
        organisation = lookups.read("by_id", {"ref": self.world.company.pk, "limit": 100}, day=self.day)
        assert (str(self.entry.pk).encode() in (organisation or b"")) == (not self.removed)

    @invariant()
    def measures_rest_on_what_is_shown_and_not_contested(self) -> None:
        usable = selectors.usable(Record.objects.all(), day=self.day)
        shown = selectors.published_on(self.day)
        contested = {self.world.record.pk} if self.contested else set()
        pks = set(shown.values_list("pk", flat=True)) - contested
        assert set(usable.values_list("pk", flat=True)) == pks

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
        assert sum(body["event"] == "pack.applied" for body in bodies) == self.packs_applied
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
@pytest.mark.long
def test_whole_life_of_a_record() -> None:
    limits = settings(
        max_examples=5,
        stateful_step_count=14,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=limits)
    wanted = {"shielded", "failed", "established", "removed", "received"}
    assert wanted <= Life.reached, wanted - Life.reached
