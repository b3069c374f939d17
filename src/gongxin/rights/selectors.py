"""Reads of cases: lists by who may see them, where one stands, what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from gongxin.errors import NotFound
from gongxin.identity.models import Department
from gongxin.policy import packs
from gongxin.policy.casework import CaseState, Procedure, RoleWord, Transition
from gongxin.policy.model import Clock
from gongxin.records.models import Record
from gongxin.rights.models import (
    Case,
    CaseRecord,
    CaseStep,
    Certificate,
    Course,
    Notice,
    Registration,
    Session,
    Taken,
)
from gongxin.subjects.models import Organisation
from gongxin.walls import acting, beyond


@dataclass(frozen=True, slots=True)
class Where:
    """Where a case stands on a day. left: working days until it is due, negative when late, None where no clock runs.

    turn: whose move it is; clock: the limit that runs, with its source.
    """

    procedure: Procedure
    state: CaseState
    turn: tuple[RoleWord, ...]
    clock: Clock | None
    left: int | None
    provisional: bool

    @property
    def late(self) -> bool:
        """Whether the clock has run out."""
        return self.left is not None and self.left < 0

    @property
    def late_by(self) -> int:
        """Working days since the clock ran out; at least one where it is late."""
        return -self.left if self.left is not None and self.left < 0 else 0


@dataclass(frozen=True, slots=True)
class Event:
    """A step for the timeline. row: None for a step of the clock, or of a procedure that has changed since."""

    step: CaseStep
    row: Transition | None
    to: CaseState | None


def visible(department: Department | None) -> QuerySet[Case]:
    """Cases a department decides, or (None) all of them, newest first."""
    found = Case.objects.select_related("organisation", "department", "record")
    return found if department is None else found.filter(department=department)


def of_organisations(codes: frozenset[str]) -> QuerySet[Case]:
    """Cases about the organisations with these credit codes, newest first."""
    return visible(None).filter(organisation__uscc__in=codes)


def one(case_id: UUID) -> Case:
    """The case with what its page needs. Raises NotFound.

    Of one that is not the asker's there is only what has to be judged; reading more of it raises Case.DoesNotExist.
    """
    found = visible(None).filter(pk=case_id).first()
    found = found or beyond.whose(Case.objects.filter(pk=case_id), "department", "organisation")
    if found is None:
        raise NotFound("case-unknown", "没有这个办件。", remedy="请从办件列表重新打开。")
    return found


def where(case: Case, *, day: date) -> Where:
    """Where the case stands on `day`."""
    pack = packs.current()
    procedure = pack.procedure(case.procedure)
    state = procedure.state(case.state)
    clock = pack.clocks.get(case.clock) if case.clock else None
    left = None
    if case.due_on is not None and not case.outcome:
        left = _left(case.due_on, day)
    return Where(procedure, state, state.turn, clock, left, case.due_provisional)


def turn_of(role: RoleWord) -> Q:
    """Open cases in a state in which it is the role's move."""
    wanted = Q(pk__in=[])
    for procedure in packs.current().procedures.values():
        states = [state.id for state in procedure.states if role in state.turn]
        wanted |= Q(procedure=procedure.id, state__in=states)
    return Q(outcome="") & wanted


def timeline(case: Case) -> list[Event]:
    """What happened, first to last."""
    procedure = packs.current().procedure(case.procedure)
    states = {state.id: state for state in procedure.states}
    # Whose step it was is for everybody who sees the case; accounts of other departments are not.
    with acting.as_node():
        steps = list(case.steps.select_related("actor", "actor__department", "absent"))
    return [Event(step, procedure.transition(step.action), states.get(step.to)) for step in steps]


def entered_by(held: Record) -> UUID | None:
    """The case that put the record on; None for a record that was handed in."""
    return CaseRecord.objects.filter(record=held, change=Taken.ENTERED).values_list("case_id", flat=True).first()


def running_on(record_id: UUID) -> QuerySet[Case]:
    """Open cases about a record."""
    return Case.objects.filter(record=record_id, outcome="").order_by("opened_at")


def notices_for(codes: frozenset[str]) -> QuerySet[Notice]:
    """What the organisations with these codes were told, newest first."""
    return Notice.objects.filter(addressee="organisation", case__organisation__uscc__in=codes).select_related("case")


def courses() -> QuerySet[Course]:
    """Repair trainings, newest first, each with its department."""
    return Course.objects.select_related("department")


def offered() -> QuerySet[Any]:
    """The same, each with how many sessions it has (`dates`) and how many registrations (`coming`)."""
    counted = Count("sessions__registrations", filter=Q(sessions__registrations__withdrawn_at=None), distinct=True)
    return courses().annotate(dates=Count("sessions", distinct=True), coming=counted)


def coming(course: Course) -> QuerySet[Registration]:
    """Who comes to the sessions of a course, by session; who withdrew is left out."""
    found = Registration.objects.filter(session__course=course, withdrawn_at=None)
    return found.select_related("session", "organisation").order_by("session__starts_at", "registered_at", "pk")


def sessions(course: Course) -> QuerySet[Session]:
    """The sessions of a course with those who come; who withdrew is left out."""
    coming = Registration.objects.filter(withdrawn_at=None).select_related("organisation")
    return course.sessions.prefetch_related(Prefetch("registrations", coming, to_attr="coming"))


def sessions_after(at: datetime) -> list[Any]:
    """The sessions that begin after `at`, each with `taken`: how many of its seats are."""
    return _with_seats(Session.objects.filter(starts_at__gt=at).order_by("starts_at"))


def session(session_id: UUID) -> Any:
    """One session with `taken`. Raises NotFound."""
    found = _with_seats(Session.objects.filter(pk=session_id))
    if not found:
        raise NotFound("session-unknown", "没有这个场次。", remedy="请从培训列表重新打开。")
    return found[0]


def _with_seats(found: QuerySet[Session]) -> list[Any]:
    taken = Count("registrations", filter=Q(registrations__withdrawn_at=None))
    # Seats are counted over everybody who comes; nothing is said of them.
    with acting.as_node():
        return list(found.select_related("course__department").annotate(taken=taken))


def registrations(codes: frozenset[str]) -> QuerySet[Registration]:
    """What the organisations with these codes are registered for and came to, latest session first."""
    found = Registration.objects.filter(organisation__uscc__in=codes, withdrawn_at=None)
    return found.select_related("session__course", "organisation").order_by("-session__starts_at")


def certificates() -> QuerySet[Certificate]:
    """Certificates of repair training with what their pages say."""
    return Certificate.objects.select_related("course__department", "organisation")


def organisations(codes: frozenset[str]) -> list[Organisation]:
    """The organisations with these credit codes."""
    return list(Organisation.objects.filter(uscc__in=codes).order_by("name"))


def _left(due: date, day: date) -> int:
    count, _ = packs.current().calendar.between(day, due)
    return count if day <= due else min(count, -1)
