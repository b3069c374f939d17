"""Objections to a record of the own file: filed by the person, decided by the unit that supplied it.

The unit's case officer sees this one record, because the person's filing lets him; the person sees that he did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Department, User
from gongxin.ids import uuid7
from gongxin.persons import contents, correcting, doors, holding, letters, opening, papers, selectors
from gongxin.persons.authorising import own_file
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Entry, Objection
from gongxin.persons.seen import NewPaper, ObjectionCase, ObjectionSeen, PaperContent
from gongxin.policy import clocks, packs

OWN_CLOCK: Final = "objection-own"
ASSISTED_CLOCK: Final = "objection-assisted"
PURPOSE: Final = "objection"
MOST_REASONS: Final = 2000
OUTCOMES: Final = (Objection.State.CORRECTED, Objection.State.WITHDRAWN, Objection.State.REFUSED)


@transaction.atomic
def object_to(
    record_id: UUID,
    *,
    reasons: str,
    wanted: Mapping[str, str] | None = None,
    files: Sequence[NewPaper] = (),
    acting_user: User,
    at: datetime,
) -> ObjectionSeen:
    """File an objection; the record is marked 异议 from now until the decision.

    wanted: texts asked for, by field name. Raises NotPermitted; NotFound for a record of another file; InvalidInput
    without reasons, for texts that could not stand there, for files that are not accepted; Conflict while one is
    running, or if it was taken back.
    """
    own = own_file(acting_user, at)
    entry = Entry.objects.filter(file=own.file, pk=record_id, destroyed_on=None).first()
    if entry is None:
        raise NotFound("person-record-unknown", "档案中没有这条记录。", remedy="请从档案页面重新打开。")
    if entry.withdrawn:
        raise Conflict("person-record-withdrawn", "这条记录已经撤回。", remedy="无需再提出异议。")
    said = reasons_of(reasons)
    record = contents.records(own, history=False, only=entry.pk)[0]
    asked = correcting.judged(own, entry, wanted) if wanted else {}
    brought = papers.judged(files)
    department = Department.objects.get(pk=record.unit)
    due = clocks.due(packs.current(), OWN_CLOCK, at.astimezone(CIVIL_TIME).date()).day
    filed = Objection(id=uuid7(), entry=entry, department=department, filed_at=at, due=due)
    filed.body = selectors.sealed_text(own, filed, "body", {"reasons": said, "wanted": asked, "title": record.title})
    try:
        with transaction.atomic():
            filed.save(force_insert=True)
    except IntegrityError:
        raise Conflict("objection-running", "这条记录已有异议在核查。", remedy="请等待核查结果。") from None
    papers.keep(own, filed, brought)
    log("person.objection_filed", filed, {}, acting_user, at)
    return selectors.objection_seen(own, filed)


def open_objection(objection_id: UUID, *, acting_user: User, at: datetime) -> ObjectionCase:
    """The objection and the one record it is about, for the case officer of the unit that decides it.

    Raises NotPermitted (on the person's record), NotFound.
    """
    with transaction.atomic():
        held, own = locked(objection_id)
        try:
            judge(held, acting_user, at)
        except GongxinError as error:
            refusal = error
        else:
            records = contents.records(own, history=False, only=held.entry_id)
            told = opening.by_staff(opening.OBJECTION, acting_user, PURPOSE)
            told = opening.allowed(told, records, "办理本人提出的异议")
            seen = selectors.objection_seen(own, held)
            return ObjectionCase(seen, records[0], opening.log(own, told, actor=acting_user.username, at=at))
        told = opening.refused(opening.by_staff(opening.OBJECTION, acting_user, PURPOSE), refusal)
        opening.log(own, told, actor=acting_user.username, at=at)
    raise refusal


def open_paper(objection_id: UUID, paper_id: UUID, *, acting_user: User, at: datetime) -> PaperContent:
    """A file that the person brought, for who may open the objection: an opening like that one.

    Raises NotPermitted (on the person's record), NotFound. No transaction around it: a refusal has to stay.
    """
    open_objection(objection_id, acting_user=acting_user, at=at)
    with transaction.atomic():
        held, own = locked(objection_id)
        return papers.content(own, held, paper_id)


@transaction.atomic
def call_assistance(objection_id: UUID, *, acting_user: User, at: datetime) -> None:
    """Say that other units have to verify: the longer clock counts, from the day of filing as before.

    Raises NotPermitted, NotFound, Conflict if it is decided or was said before.
    """
    held, _ = locked(objection_id)
    judge(held, acting_user, at)
    if held.assisted or held.state != Objection.State.OPEN:
        raise Conflict("objection-state", "异议已经办结，或者已经请其他单位协助。", remedy="请刷新页面。")
    held.assisted = True
    held.due = clocks.due(packs.current(), ASSISTED_CLOCK, held.filed_at.astimezone(CIVIL_TIME).date()).day
    held.save(update_fields=["assisted", "due"])
    log("person.objection_assisted", held, {}, acting_user, at)


@transaction.atomic
def decide_objection(
    objection_id: UUID,
    *,
    outcome: str,
    reasons: str,
    correction: Mapping[str, str] | None = None,
    acting_user: User,
    at: datetime,
) -> None:
    """Decide: corrected (by `correction`, else by what the person wants), withdrawn, or refused.

    Raises NotPermitted; NotFound; Conflict if it is decided; InvalidInput: no reasons, another outcome, a text that
    cannot stand there.
    """
    held, own = locked(objection_id)
    judge(held, acting_user, at)
    said = reasons_of(reasons)
    if outcome not in OUTCOMES:
        raise InvalidInput("objection-outcome", "没有选择办理结果。", remedy="请选择更正、撤回或者不予更正。")
    if held.state != Objection.State.OPEN:
        raise Conflict("objection-decided", "这项异议已经办结。", remedy="请查看办理结果。")
    if outcome == Objection.State.CORRECTED:
        wanted = correction or selectors.objection_seen(own, held).wanted
        correcting.correct(own, held.entry, wanted, at=at)
    elif outcome == Objection.State.WITHDRAWN:
        Entry.objects.filter(pk=held.entry_id).update(withdrawn=True)
    decision = {"reasons": said, "by": acting_user.username, "at": at.astimezone(UTC).isoformat()}
    held.state, held.decision = Objection.State(outcome), selectors.sealed_text(own, held, "decision", decision)
    held.save(update_fields=["state", "decision"])
    letters.tell([held.entry.file_id], at=at)
    log("person.objection_decided", held, {"outcome": str(outcome)}, acting_user, at)


def locked(objection_id: UUID) -> tuple[Objection, OwnFile]:
    """An objection, locked, with the opened file. Raises NotFound."""
    doors.contested(objection_id)
    found = Objection.objects.select_for_update(of=("self",)).select_related("entry__file", "department")
    held = found.filter(pk=objection_id).first()
    own = holding.opened(held.entry.file) if held else None
    if held is None or own is None:
        raise NotFound("objection-unknown", "没有这项异议。", remedy="请从待办页面重新打开。")
    return held, own


def judge(held: Objection, user: User, at: datetime) -> None:
    """Raises Refused unless the account decides for the unit, and the objection is still its business."""
    day = at.astimezone(CIVIL_TIME).date()
    live = held.state == Objection.State.OPEN
    resource = Resource(department=held.department_id, consent=live)
    decisions.require(actors.of_user(user, day=day), Action.PERSON_DECIDE, resource, day=day)


def reasons_of(text: str) -> str:
    """The reasons as they are kept. Raises InvalidInput without any."""
    said = text.strip()
    if not said or len(said) > MOST_REASONS:
        raise InvalidInput(
            "objection-reasons", "没有写明理由，或者理由过长。", remedy=f"请写明理由，不超过 {MOST_REASONS} 个字。"
        )
    return said


def log(event: str, held: Objection, more: dict[str, Any], user: User, at: datetime) -> None:
    """The leaf of a step, last in its transaction."""
    fields = {"objection": str(held.pk), "unit": held.department.code, "due": held.due.isoformat()} | more
    ledger.append(event, fields=fields, actor=user.username, at=at)
