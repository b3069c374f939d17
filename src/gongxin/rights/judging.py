"""May this step be taken: access, whose turn, one case at a time, grounds and eligibility. Judged on what is locked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Department, User
from gongxin.policy import packs, procedures, repair
from gongxin.policy.casework import Procedure, Transition
from gongxin.policy.procedures import Situation, Verdict
from gongxin.policy.repair import Eligibility
from gongxin.records.models import Record
from gongxin.rights import acting, eligibility
from gongxin.rights.acting import Standing
from gongxin.rights.given import Given, judge_asks, judge_own, papers
from gongxin.rights.models import Case, Certificate, Paper
from gongxin.subjects.models import Organisation


@dataclass(frozen=True, slots=True)
class Matter:
    """What a step is about, and who decides: a locked record, or (record None) an organisation."""

    organisation: Organisation
    department: Department
    record: Record | None = None

    @property
    def resource(self) -> Resource:
        """As the table of access sees it."""
        return Resource(department=self.department.pk, organisation=self.organisation.uscc or "")


@dataclass(frozen=True, slots=True)
class Move:
    """A step that was judged and may be taken. choice: between rules, where no rule of transition could be read."""

    procedure: Procedure
    row: Transition
    standing: Standing
    actor: User
    given: Given
    at: datetime
    choice: str = ""

    @property
    def day(self) -> date:
        """The civil day of the step."""
        return self.at.astimezone(CIVIL_TIME).date()


def require(action: Action, matter: Matter, user: User, day: date) -> None:
    """The table of access first (`identity/decisions.yaml`); which step is whose is the procedure's to say."""
    decisions.require(actors.of_user(user, day=day), action, matter.resource, day=day)


def standings(matter: Matter, user: User, day: date) -> tuple[Standing, ...]:
    """The roles the user holds towards the matter."""
    return acting.standings(user, department=matter.department.pk, uscc=matter.organisation.uscc, day=day)


def situation(case: Case | None, standing: Standing | None, user: User, day: date, *, ground: str = "") -> Situation:
    """Where the case stands for this user; without a case, what is about to be opened on a ground."""
    role = standing.role if standing else None
    if case is None:
        return Situation(None, role, day, ground=ground)
    taken = frozenset(case.steps.filter(actor=user).values_list("action", flat=True))
    return Situation(case.state, role, day, case.due_on, taken, case.ground)


def move(
    procedure: Procedure,
    action: str,
    matter: Matter,
    case: Case | None,
    *,
    given: Given,
    acting_user: User,
    at: datetime,
) -> Move:
    """The step, judged: by the procedure for one of the roles the user holds, and for what it asks for."""
    day = at.astimezone(CIVIL_TIME).date()
    refused: Verdict | None = None
    for standing in (*standings(matter, acting_user, day), None):
        where = situation(case, standing, acting_user, day, ground=given.ground)
        verdict = procedures.judge(procedure, action, where)
        if verdict.allowed and verdict.transition is not None and standing is not None:
            judge_own(given.draft, acting_user)
            judge_asks(verdict.transition, given)
            return Move(procedure, verdict.transition, standing, acting_user, given, at)
        refused = refused or verdict
    # mypy: the loop ran at least once and did not return.
    assert refused is not None  # noqa: S101
    kind = Conflict if refused.code in {"wrong-state", "wrong-ground", "too-early"} else NotPermitted
    raise kind(f"case-{refused.code}", refused.why, remedy=refused.remedy)


def opening(procedure: Procedure, matter: Matter, first: Move) -> Move:
    """The move that opens a case, with the choice of rules that allowed it. Raises Conflict or InvalidInput where the
    record, the ground or the rules of repair do not allow it.
    """
    if matter.record is not None:
        _judge_record(procedure, matter.record)
    _judge_running(procedure, matter)
    choice = ""
    if _needs_eligibility(procedure, matter, first) and matter.record is not None:
        found = _judge_eligible(procedure, matter.record, first.day)
        _judge_training(found, matter.organisation, first)
        choice = " ".join((f"{found.rule}：{found.reason}", *found.notes))
    return replace(first, choice=choice)


def _judge_record(procedure: Procedure, held: Record) -> None:
    """The record must be in a state, and of an item, that such a case may be about."""
    item = packs.current().item(held.item)
    fits = procedure.takes(item.id) and (item.adverse or not procedure.adverse)
    if procedure.about != "record" or held.state not in procedure.record_states or not fits:
        raise Conflict(
            "case-record-state",
            f"“{procedure.title}”不适用于这条记录（{item.title}，{held.get_state_display()}）。",
            remedy="请核对记录；已经停止公示的，不需要再办理。",
        )


def _judge_running(procedure: Procedure, matter: Matter) -> None:
    """One case of a kind at a time: for a record, or by a department about an organisation."""
    open_cases = Case.objects.filter(procedure=procedure.id, outcome="")
    about = "这条记录" if matter.record is not None else "该信用主体"
    if matter.record is not None:
        open_cases = open_cases.filter(record=matter.record)
    else:
        open_cases = open_cases.filter(organisation=matter.organisation, record=None)
        if not procedure.office:
            open_cases = open_cases.filter(department=matter.department)
    running = open_cases.first()
    if running is not None:
        raise Conflict(
            "case-running",
            f"{about}已有一件“{procedure.title}”正在办理（{running.number}）。",
            remedy="请在原办件中补充材料或者等待结果。",
        )


def _needs_eligibility(procedure: Procedure, matter: Matter, first: Move) -> bool:
    """Whether the rules of repair have a say: of the whole procedure, or of the ground given (which must hold)."""
    if not procedure.grounds or matter.record is None:
        return procedure.eligible
    held, given = matter.record, first.given.ground
    verdict = procedures.judge_ground(procedure, given, item=held.item, decided_on=held.decided_on, day=first.day)
    if not verdict.allowed:
        kind = InvalidInput if verdict.code == "ground-unknown" else Conflict
        raise kind(f"case-{verdict.code}", verdict.why, remedy=verdict.remedy)
    ground = procedure.ground(given)
    # Of its own accord the unit acts on what it knows; the terms of the rules of repair are about applications.
    return ground is not None and ground.eligible and first.standing.role != "case_officer"


def _judge_eligible(procedure: Procedure, held: Record, day: date) -> Eligibility:
    """Raises Conflict where repair is not open, or is asked for by another procedure."""
    found = eligibility.of(held, day=day)
    if found.open and found.procedure != procedure.id:
        other = packs.current().procedure(found.procedure)
        raise Conflict(
            "repair-elsewhere",
            f"这类记录不办理“{procedure.title}”，应当办理“{other.title}”。",
            remedy=f"请从记录页面选择“{other.title}”。",
        )
    if not found.open:
        raise Conflict(
            f"repair-{found.standing.replace('_', '-')}",
            found.reason,
            remedy=f"请在 {found.since} 以后申请。" if found.since else "请查看记录页面写明的理由和依据。",
            facts={"rule": found.rule},
        )
    return found


def _judge_training(found: Eligibility, organisation: Organisation, first: Move) -> None:
    """Where the rules of repair ask for training: a certificate of this platform, or the proof of another one."""
    if not repair.asks_for(found, "training") or Paper.TRAINING in papers(first.given):
        return
    if not Certificate.objects.filter(organisation=organisation).exists():
        raise InvalidInput(
            "repair-training",
            "当时的修复规定要求参加信用修复培训，还没有培训证明。",
            remedy="请报名参加信用修复培训，或者上传其他平台的培训证明。",
            facts={"missing": ["training"]},
        )
