"""Opening a case and taking its steps: the two verbs through which everything in `gongxin.rights` changes.

Each locks the record and then the case, judges what is locked with pure functions (`policy.procedures`,
`policy.repair`), appends the step with its evidence, lets the effect come about, writes notices and outbox, and
appends the leaf last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import User
from gongxin.intake import persons
from gongxin.policy import clocks, packs, procedures
from gongxin.policy.casework import Procedure, Transition
from gongxin.policy.procedures import Deadline, Situation, Verdict
from gongxin.records.models import Record
from gongxin.rights import acting, effects, eligibility, evidence, telling
from gongxin.rights.acting import Standing
from gongxin.rights.evidence import Kept
from gongxin.rights.models import Case, CaseStep, Channel, Draft, Evidence, Paper
from gongxin.walls import acting as walls

MOST_REASONS: Final = 4000
# First half of the advisory lock under which a case gets its number; the second is a hash of what is counted.
_NUMBER_LOCK: Final = 0x67786361


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step. committed: the applicant has made the commitment on this form.

    files: with what each of them is; draft: whose evidence goes over to the case. paper: number of a written paper.
    """

    reasons: str = ""
    correction: Mapping[str, str] = field(default_factory=dict)
    occurred_on: date | None = None
    committed: bool = False
    files: Sequence[tuple[Paper, Kept]] = ()
    draft: Draft | None = None
    paper: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    """A step that was judged and may be taken."""

    procedure: Procedure
    row: Transition
    standing: Standing
    actor: User
    given: Given
    at: datetime
    choice: str = ""

    @property
    def day(self) -> date:
        return self.at.astimezone(CIVIL_TIME).date()


@transaction.atomic
def open_case(
    procedure_id: str,
    action: str,
    record_id: UUID,
    *,
    given: Given,
    channel: Channel = Channel.ACCOUNT,
    acting_user: User,
    at: datetime,
) -> Case:
    """Open a case about a record with the action that opens it.

    Raises NotFound (no such record or procedure), NotPermitted (not for this account), Conflict (such a case is open,
    the record's state, repair not possible on this day), InvalidInput (something the step asks for is missing).
    """
    held = _locked(record_id)
    procedure, day = packs.current().procedure(procedure_id), at.astimezone(CIVIL_TIME).date()
    _require(Action.CASE_FILE, held, acting_user, day)
    move = _move(procedure, action, held, None, given=_clean(given), acting_user=acting_user, at=at)
    _judge_record(procedure, held)
    choice = _judge_eligible(held, day) if procedure.eligible else ""
    case = Case(
        number=_number(procedure, day),
        procedure=procedure.id,
        record=held,
        organisation=held.organisation,
        department=held.provider,
        channel=channel,
        paper=move.given.paper,
        opened_at=at,
        filed_on=day,
    )
    return _take(case, _Move(procedure, move.row, move.standing, acting_user, move.given, at, choice))


@transaction.atomic
def advance(case_id: UUID, action: str, *, given: Given, acting_user: User, at: datetime) -> Case:
    """Take a step in an open case. Raises as `open_case` does; Conflict where somebody else was quicker."""
    record_id = Case.objects.filter(pk=case_id).values_list("record_id", flat=True).first()
    if record_id is None:
        raise NotFound("case-unknown", "没有这个办件。", remedy="请从办件列表重新打开。")
    held = _locked(record_id)
    case = Case.objects.select_for_update(of=("self",)).select_related("organisation", "department").get(pk=case_id)
    case.record = held
    _require(Action.CASE_ACT, held, acting_user, at.astimezone(CIVIL_TIME).date())
    procedure = packs.current().procedure(case.procedure)
    return _take(case, _move(procedure, action, held, case, given=_clean(given), acting_user=acting_user, at=at))


def possible(case: Case, *, user: User, day: date) -> list[Transition]:
    """The steps that this user may take in the case on that day, for pages; the verbs judge again."""
    procedure = packs.current().procedure(case.procedure)
    found: list[Transition] = []
    for standing in _standings(case.record, user, day):
        rows = procedures.possible(procedure, _situation(case, standing, user, day))
        found += [row for row in rows if row not in found]
    return [row for row in procedure.transitions if row in found]


def _locked(record_id: UUID) -> Record:
    held = Record.objects.select_for_update(of=("self",)).select_related("organisation", "provider")
    found = held.filter(pk=record_id).first()
    if found is None:
        raise NotFound("record-unknown", "没有这条信用记录。", remedy="请核对地址，或者从记录列表重新打开。")
    return found


def _require(action: Action, held: Record, user: User, day: date) -> None:
    """The table of access first (`identity/decisions.yaml`); which step is whose is the procedure's to say."""
    at_what = Resource(department=held.provider_id, organisation=held.organisation.uscc or "")
    decisions.require(actors.of_user(user, day=day), action, at_what, day=day)


def _standings(held: Record, user: User, day: date) -> tuple[Standing, ...]:
    return acting.standings(user, department=held.provider_id, uscc=held.organisation.uscc, day=day)


def _situation(case: Case | None, standing: Standing | None, user: User, day: date) -> Situation:
    role = standing.role if standing else None
    if case is None:
        return Situation(None, role, day)
    taken = frozenset(case.steps.filter(actor=user).values_list("action", flat=True))
    return Situation(case.state, role, day, case.due_on, taken)


def _move(
    procedure: Procedure,
    action: str,
    held: Record,
    case: Case | None,
    *,
    given: Given,
    acting_user: User,
    at: datetime,
) -> _Move:
    """The step, judged: by the procedure for one of the roles the user holds, and for what it asks for."""
    day = at.astimezone(CIVIL_TIME).date()
    refused: Verdict | None = None
    for standing in (*_standings(held, acting_user, day), None):
        verdict = procedures.judge(procedure, action, _situation(case, standing, acting_user, day))
        if verdict.allowed and verdict.transition is not None and standing is not None:
            _judge_asks(verdict.transition, given)
            return _Move(procedure, verdict.transition, standing, acting_user, given, at)
        refused = refused or verdict
    # mypy: the loop ran at least once and did not return.
    assert refused is not None  # noqa: S101
    kind = Conflict if refused.code in {"wrong-state", "too-early"} else NotPermitted
    raise kind(f"case-{refused.code}", refused.why, remedy=refused.remedy)


def _judge_record(procedure: Procedure, held: Record) -> None:
    """The record must be in a state, and of an item, that such a case may be about; one case of a kind at a time."""
    item = packs.current().item(held.item)
    if held.state not in procedure.record_states or (procedure.adverse and not item.adverse):
        raise Conflict(
            "case-record-state",
            f"“{procedure.title}”不适用于这条记录（{item.title}，{held.get_state_display()}）。",
            remedy="请核对记录；已经停止公示的，不需要再办理。",
        )
    running = Case.objects.filter(procedure=procedure.id, record=held, outcome="").first()
    if running is not None:
        raise Conflict(
            "case-running",
            f"这条记录已有一件“{procedure.title}”正在办理（{running.number}）。",
            remedy="请在原办件中补充材料或者等待结果。",
        )


def _judge_eligible(held: Record, day: date) -> str:
    """The choice between rules that led to «eligible», for the step. Raises Conflict where repair is not open."""
    found = eligibility.of(held, day=day)
    if not found.open:
        raise Conflict(
            f"repair-{found.standing.replace('_', '-')}",
            found.reason,
            remedy=f"请在 {found.since} 以后申请。" if found.since else "请查看记录页面写明的理由和依据。",
            facts={"rule": found.rule},
        )
    return " ".join((f"{found.rule}：{found.reason}", *found.notes))


def _clean(given: Given) -> Given:
    """Texts trimmed, resident ID numbers masked: nothing of a person is kept with a case."""
    return Given(
        reasons=persons.masked_text(given.reasons.strip().replace("\r\n", "\n")),
        correction={name: text.strip() for name, text in given.correction.items()},
        occurred_on=given.occurred_on,
        committed=given.committed,
        files=given.files,
        draft=given.draft,
        paper=persons.masked_text(given.paper.strip())[:80],
    )


def _judge_asks(row: Transition, given: Given) -> None:
    """Everything the step asks for must be there."""
    pieces = list(given.files) + [(Paper(entry.paper), None) for entry in _drafted(given)]
    there = {
        "reasons": bool(given.reasons),
        "evidence": any(paper != Paper.COMMITMENT for paper, _ in pieces),
        "commitment": given.committed or any(paper == Paper.COMMITMENT for paper, _ in pieces),
        "correction": bool(given.correction),
        "occurred_on": given.occurred_on is not None,
    }
    missing = [_ASKED[ask] for ask in row.asks if not there[ask]]
    if missing:
        raise InvalidInput(
            "case-incomplete",
            f"“{row.title}”还缺少：{'、'.join(missing)}。",
            remedy="请补齐后再提交；已填写的内容没有丢失。",
            facts={"missing": [ask for ask in row.asks if not there[ask]]},
        )
    if len(given.reasons) > MOST_REASONS:
        raise InvalidInput(
            "case-reasons-long", f"理由超过 {MOST_REASONS} 个字。", remedy="请写明要点，详细内容作为材料上传。"
        )


_ASKED: Final = {
    "reasons": "理由",
    "evidence": "证明材料",
    "commitment": "信用承诺",
    "correction": "更正的字段和内容",
    "occurred_on": "撤销或者变更的日期",
}


def _drafted(given: Given) -> list[Evidence]:
    return list(given.draft.evidence.all()) if given.draft else []


def _number(procedure: Procedure, day: date) -> str:
    """The next number of the procedure and year, e.g. 修〔2026〕12号; waits for others who want one."""
    beginning = f"{procedure.number}〔{day.year}〕"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_NUMBER_LOCK, beginning])
    # Numbers are counted over every department's cases.
    with walls.as_node():
        held = list(Case.objects.filter(number__startswith=beginning).values_list("number", flat=True))
    last = max((int(number.removeprefix(beginning).removesuffix("号")) for number in held), default=0)
    return f"{beginning}{last + 1}号"


def _take(case: Case, move: _Move) -> Case:
    """Write the step and all that comes with it; the leaf last."""
    row, given = move.row, move.given
    state = move.procedure.state(row.to)
    since, running = case.state, case.due_on
    limit = procedures.deadline(packs.current(), state, day=move.day, filed_on=case.filed_on, running=running)
    _head(case, move, limit)
    number = case.steps.count() + 1
    taken = CaseStep.objects.create(
        case=case,
        number=number,
        action=row.action,
        since=since,
        to=row.to,
        rule=move.procedure.rule_id(row.action),
        actor=move.actor,
        role=move.standing.role,
        absent=move.standing.absent,
        at=move.at,
        reasons=given.reasons,
        correction=dict(given.correction),
        occurred_on=given.occurred_on,
        within=_within(row, given),
        due_on=limit.due,
        choice=move.choice,
        pack_version=packs.current().version,
    )
    hashes = _evidence(case, taken, given)
    effects.take(row.effect, case.record, effects.Cause(given.correction, move.at, move.day))
    effects.mark(case, state, at=move.at)
    telling.step(case, taken, row)
    _log(case, taken, move, hashes)
    return case


def _head(case: Case, move: _Move, limit: Deadline) -> None:
    state = move.procedure.state(move.row.to)
    case.state, case.state_since = state.id, move.at
    case.clock, case.due_on, case.warn_on = limit.clock, limit.due, limit.warn_on
    case.due_provisional = limit.provisional
    case.outcome = state.outcome or ""
    case.closed_at = move.at if state.outcome else None
    case.save()


def _within(row: Transition, given: Given) -> date | None:
    """The day by which the step had to be taken, counted from the day its cause arose."""
    if not row.within or given.occurred_on is None:
        return None
    return clocks.due(packs.current(), row.within, given.occurred_on).day


def _evidence(case: Case, taken: CaseStep, given: Given) -> list[str]:
    """Attach the files of the step and those of its draft, which is given up; their hashes for the leaf."""
    kept = [
        (Paper(entry.paper), Kept(entry.sha256, entry.size, entry.media_type, entry.filename))
        for entry in _drafted(given)
    ]
    made = [
        evidence.attach(file, to=case, step=taken.number, paper=paper, at=taken.at)
        for paper, file in (*kept, *given.files)
    ]
    if given.draft is not None:
        given.draft.delete()
    return [entry.sha256 for entry in made]


def _log(case: Case, taken: CaseStep, move: _Move, hashes: list[str]) -> None:
    fields = {
        "case": str(case.pk),
        "number": case.number,
        "procedure": case.procedure,
        "record": str(case.record_id),
        "organisation": str(case.organisation_id),
        "department": case.department.code,
        "step": taken.number,
        "action": taken.action,
        "since": taken.since,
        "to": taken.to,
        "rule": taken.rule,
        "role": taken.role,
        "absent": taken.absent.username if taken.absent else "",
        "due_on": taken.due_on.isoformat() if taken.due_on else "",
        "effect": move.row.effect,
        "record_state": case.record.state,
        "revision": case.record.revision,
        "reasons": taken.reasons,
        "evidence": hashes,
        "choice": taken.choice,
        "pack": taken.pack_version,
    }
    ledger.append("case.advanced", fields=fields, actor=move.actor.username, at=move.at)
