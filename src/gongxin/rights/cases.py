"""Opening a case and taking its steps: the verbs through which everything in `gongxin.rights` changes.

Each locks the record (or the organisation with its records) and then the case, judges what is locked with pure
functions (`rights.judging`, `policy.procedures`, `policy.repair`), appends the step with its evidence, lets the effect
come about, writes notices and outbox, and appends the leaf last.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.models import User
from gongxin.policy import clocks, packs, procedures
from gongxin.policy.casework import Procedure, Transition
from gongxin.policy.procedures import Deadline
from gongxin.records.models import Record
from gongxin.rights import acting, effects, evidence, judging, telling
from gongxin.rights.evidence import Kept
from gongxin.rights.given import MOST_REASONS, Given, clean, drafted
from gongxin.rights.judging import Matter, Move
from gongxin.rights.models import Case, CaseStep, Channel, Paper
from gongxin.subjects.models import Organisation
from gongxin.walls import acting as walls

__all__ = ["MOST_REASONS", "Given", "advance", "open_about", "open_case", "possible"]

# First half of the advisory lock under which a case gets its number; the second is a hash of what is counted.
_NUMBER_LOCK: Final = 0x67786361


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
    the record's state, ground or repair not possible on this day), InvalidInput (something the step asks for is
    missing).
    """
    held = _locked(record_id)
    matter = Matter(held.organisation, held.provider, held)
    return _opened(procedure_id, action, matter, given=given, channel=channel, acting_user=acting_user, at=at)


@transaction.atomic
def open_about(
    procedure_id: str,
    action: str,
    organisation_id: UUID,
    *,
    given: Given,
    channel: Channel = Channel.ACCOUNT,
    acting_user: User,
    at: datetime,
) -> Case:
    """Open a case about an organisation (a procedure `about: organisation`) with the action that opens it. Who decides
    is the credit office where the procedure says so, else the department the user acts for.

    Raises as `open_case` does; NotFound for no such organisation. There is no such case about a natural person: an
    organisation is a body of the three registers.
    """
    about = Organisation.objects.select_for_update(of=("self",)).filter(pk=organisation_id).first()
    procedure = packs.current().procedure(procedure_id)
    if about is None or procedure.about != "organisation":
        raise NotFound("organisation-unknown", "不能就此办理。", remedy="请从信用主体页面选择可以办理的事项。")
    day = at.astimezone(CIVIL_TIME).date()
    deciding = acting.deciding(procedure, acting_user, action=action, day=day)
    matter = Matter(about, deciding)
    return _opened(procedure_id, action, matter, given=given, channel=channel, acting_user=acting_user, at=at)


def _opened(
    procedure_id: str, action: str, matter: Matter, *, given: Given, channel: Channel, acting_user: User, at: datetime
) -> Case:
    procedure, day = packs.current().procedure(procedure_id), at.astimezone(CIVIL_TIME).date()
    judging.require(Action.CASE_FILE, matter, acting_user, day)
    first = judging.move(procedure, action, matter, None, given=clean(given), acting_user=acting_user, at=at)
    first = judging.opening(procedure, matter, first)
    case = Case(
        number=_number(procedure, day),
        procedure=procedure.id,
        record=matter.record,
        organisation=matter.organisation,
        department=matter.department,
        channel=channel,
        paper=first.given.paper,
        ground=first.given.ground if procedure.grounds else "",
        opened_at=at,
        filed_on=day,
    )
    return _take(case, first)


@transaction.atomic
def advance(case_id: UUID, action: str, *, given: Given, acting_user: User, at: datetime) -> Case:
    """Take a step in an open case. Raises as `open_case` does; Conflict where somebody else was quicker."""
    about = Case.objects.filter(pk=case_id).values_list("record_id", "organisation_id").first()
    if about is None:
        raise NotFound("case-unknown", "没有这个办件。", remedy="请从办件列表重新打开。")
    held = _locked(about[0]) if about[0] else None
    if held is None:
        Organisation.objects.select_for_update(of=("self",)).get(pk=about[1])
    case = Case.objects.select_for_update(of=("self",)).select_related("organisation", "department").get(pk=case_id)
    case.record = held
    matter = _matter(case)
    judging.require(Action.CASE_ACT, matter, acting_user, at.astimezone(CIVIL_TIME).date())
    procedure = packs.current().procedure(case.procedure)
    return _take(
        case, judging.move(procedure, action, matter, case, given=clean(given), acting_user=acting_user, at=at)
    )


def possible(case: Case, *, user: User, day: date) -> list[Transition]:
    """The steps that this user may take in the case on that day, for pages; the verbs judge again."""
    procedure = packs.current().procedure(case.procedure)
    found: list[Transition] = []
    for standing in judging.standings(_matter(case), user, day):
        rows = procedures.possible(procedure, judging.situation(case, standing, user, day))
        found += [row for row in rows if row not in found]
    return [row for row in procedure.transitions if row in found]


def _matter(case: Case) -> Matter:
    return Matter(case.organisation, case.department, case.record)


def _locked(record_id: UUID) -> Record:
    held = Record.objects.select_for_update(of=("self",)).select_related("organisation", "provider")
    found = held.filter(pk=record_id).first()
    if found is None:
        raise NotFound("record-unknown", "没有这条信用记录。", remedy="请核对地址，或者从记录列表重新打开。")
    return found


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


def _take(case: Case, move: Move) -> Case:
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
    cause = effects.Cause(given.correction, move.at, move.day, case, taken, row)
    touched = effects.take(cause)
    effects.mark(case, state, at=move.at)
    telling.step(case, taken, row, touched)
    _log(case, taken, move, hashes, touched)
    return case


def _head(case: Case, move: Move, limit: Deadline) -> None:
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
        for entry in drafted(given)
    ]
    made = [
        evidence.attach(file, to=case, step=taken.number, paper=paper, at=taken.at)
        for paper, file in (*kept, *given.files)
    ]
    if given.draft is not None:
        given.draft.delete()
    return [entry.sha256 for entry in made]


def _log(case: Case, taken: CaseStep, move: Move, hashes: list[str], touched: list[Record]) -> None:
    held = case.record
    fields = {
        "case": str(case.pk),
        "number": case.number,
        "procedure": case.procedure,
        "record": str(held.pk) if held else "",
        "records": [str(entry.pk) for entry in touched],
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
        "ground": case.ground,
        "effect": move.row.effect,
        "record_state": held.state if held else "",
        "revision": held.revision if held else 0,
        "reasons": taken.reasons,
        "evidence": hashes,
        "choice": taken.choice,
        "pack": taken.pack_version,
    }
    ledger.append("case.advanced", fields=fields, actor=move.actor.username, at=move.at)
