"""Repair training (信用修复培训): courses, their sessions, who comes, for how many class hours, and the certificate.

Of an organisation: who came for it is counted and told by function, never by name. Attendance leads to a certificate
as soon as the class hours of a course reach the number of the pack (principle `training-hours`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.intake import persons
from gongxin.policy import packs
from gongxin.policy.casework import RoleWord
from gongxin.policy.model import Principle
from gongxin.rights import acting
from gongxin.rights.given import judge_own
from gongxin.rights.models import Certificate, Course, Draft, Position, Registration, Session
from gongxin.subjects.models import Organisation
from gongxin.walls import acting as walls

MOST_SEATS: Final = 2000
MOST_HOURS: Final = 24
MOST_PEOPLE: Final = 20
_ORGANISERS: Final = frozenset({Role.CASE_OFFICER, Role.CREDIT_OFFICE})


@dataclass(frozen=True, slots=True)
class Coming:
    """With how many people an organisation comes to a session, and in which function. No names."""

    people: int
    position: Position


def asked() -> Principle:
    """How many class hours the pack asks for, with the source. Raises NotFound for a pack that says nothing of it."""
    found = packs.current().principles.get("training-hours")
    if found is None:
        raise NotFound("training-none", "政策包没有规定信用修复培训。", remedy="请在政策包中写明学时数和依据。")
    return found


@transaction.atomic
def open_course(title: str, content: str, *, acting_user: User, at: datetime) -> Course:
    """Offer a course of the user's department. Raises NotPermitted, InvalidInput (no title)."""
    _judge_organiser(acting_user, at)
    title, content = persons.masked_text(title.strip()), persons.masked_text(content.strip())
    # mypy: an organiser has a department (_judge_organiser).
    assert acting_user.department is not None  # noqa: S101
    if not title or len(title) > 200:
        raise InvalidInput("training-title", "培训名称应当为 1 至 200 个字。", remedy="请填写培训名称。")
    made = Course.objects.create(title=title, content=content, department=acting_user.department, opened_at=at)
    fields = {"course": str(made.pk), "department": acting_user.department.code, "title": title}
    ledger.append("training.opened", fields=fields, actor=acting_user.username, at=at)
    return made


@transaction.atomic
def schedule(
    course_id: UUID, starts_at: datetime, place: str, *, hours: int, seats: int, acting_user: User, at: datetime
) -> Session:
    """Set a session of a course. hours: class hours; seats: organisations. Raises NotFound, NotPermitted, InvalidInput
    (in the past, no place, too many or too few hours or seats).
    """
    course = Course.objects.select_related("department").filter(pk=course_id).first()
    if course is None:
        raise NotFound("course-unknown", "没有这个培训。", remedy="请从培训列表重新打开。")
    _judge_organiser(acting_user, at, course)
    place = persons.masked_text(place.strip())
    if starts_at <= at or not place or not 1 <= hours <= MOST_HOURS or not 1 <= seats <= MOST_SEATS:
        raise InvalidInput(
            "session-unclear",
            "场次的时间、地点、学时或者名额不能使用。",
            remedy=f"时间应当在现在以后，地点必填，学时 1 至 {MOST_HOURS}，名额 1 至 {MOST_SEATS}。",
        )
    made = Session.objects.create(course=course, starts_at=starts_at, place=place[:200], hours=hours, seats=seats)
    fields = {"course": str(course.pk), "session": str(made.pk), "starts_at": starts_at.isoformat(), "hours": hours}
    ledger.append("training.scheduled", fields=fields, actor=acting_user.username, at=at)
    return made


@transaction.atomic
def register(
    session_id: UUID,
    organisation_id: UUID,
    coming: Coming,
    *,
    paper: str = "",
    draft: Draft | None = None,
    acting_user: User,
    at: datetime,
) -> Registration:
    """Register an organisation for a session: by its representative, or the credit office on paper, whose number is
    `paper`. draft: of the form; it is given up.

    Raises NotFound, NotPermitted, InvalidInput (nobody comes, too many, no number of the paper), Conflict (begun, full,
    registered already).
    """
    judge_own(draft, acting_user)
    session = _locked(session_id)
    about = Organisation.objects.filter(pk=organisation_id).first()
    if about is None:
        raise NotFound("organisation-unknown", "没有这个信用主体。", remedy="请从信用主体页面重新进入。")
    paper = _judged_paper(paper, by=_judge_party(about, acting_user, at))
    if not 1 <= coming.people <= MOST_PEOPLE:
        raise InvalidInput("training-people", f"参加人数应当为 1 至 {MOST_PEOPLE}。", remedy="请填写人数，不填姓名。")
    standing = session.registrations.filter(withdrawn_at=None)
    if standing.filter(organisation=about).exists():
        raise Conflict("training-registered", "本场次已经报名。", remedy="需要变更的，请先取消报名再重新报名。")
    # Seats are counted over everybody who comes.
    with walls.as_node():
        taken = standing.count()
    if session.starts_at <= at or taken >= session.seats:
        raise Conflict("training-full", "本场次已经开始或者名额已满。", remedy="请选择其他场次。")
    made = Registration.objects.create(
        session=session,
        organisation=about,
        people=coming.people,
        position=coming.position,
        paper=paper,
        registered_at=at,
    )
    if draft is not None:
        draft.delete()
    _log("training.registered", made, acting_user, at, paper=paper)
    return made


@transaction.atomic
def withdraw(registration_id: UUID, *, acting_user: User, at: datetime) -> Registration:
    """Take a registration back before the session begins. Raises NotFound, NotPermitted, Conflict (begun, gone)."""
    held = _registration(registration_id)
    _judge_party(held.organisation, acting_user, at)
    if held.withdrawn_at is not None or held.session.starts_at <= at:
        raise Conflict("training-begun", "本场次已经开始或者报名已经取消。", remedy="请刷新页面查看。")
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    _log("training.withdrawn", held, acting_user, at)
    return held


@transaction.atomic
def attended(registration_id: UUID, hours: int, *, acting_user: User, at: datetime) -> Certificate | None:
    """Record for how many class hours an organisation came, once. Returns the certificate that came of it, if any.

    Raises NotFound, NotPermitted, InvalidInput (more hours than the session has), Conflict (not begun, withdrawn,
    recorded already).
    """
    held = _registration(registration_id)
    course = held.session.course
    _judge_organiser(acting_user, at, course)
    if not 0 <= hours <= held.session.hours:
        raise InvalidInput(
            "training-hours", f"学时应当为 0 至 {held.session.hours}。", remedy="请填写实际参加的学时，未到场的填 0。"
        )
    if held.withdrawn_at is not None or held.hours is not None or held.session.starts_at > at:
        raise Conflict("training-recorded", "场次尚未开始，或者出勤已经登记。", remedy="请刷新页面查看。")
    held.hours, held.recorded_at = hours, at
    held.save(update_fields=["hours", "recorded_at"])
    made = _certificate(course, held.organisation, at=at)
    _log("training.attended", held, acting_user, at, hours=hours, certificate=made.number if made else "")
    return made


def _certificate(course: Course, about: Organisation, *, at: datetime) -> Certificate | None:
    """The certificate, where the hours of the course reach what is asked and it was not issued before."""
    wanted = int(asked().value)
    taken = Registration.objects.filter(session__course=course, organisation=about, withdrawn_at=None)
    hours = taken.aggregate(sum=Sum("hours"))["sum"] or 0
    if hours < wanted or Certificate.objects.filter(course=course, organisation=about).exists():
        return None
    # The course is locked: numbers of one course follow each other; the course's id keeps courses apart.
    count = Certificate.objects.filter(course=course).count() + 1
    number = f"训〔{at.astimezone(CIVIL_TIME).year}〕{course.pk.hex[-6:].upper()}-{count}号"
    return Certificate.objects.create(
        number=number, course=course, organisation=about, hours=hours, asked=wanted, issued_at=at
    )


def _locked(session_id: UUID) -> Session:
    found = Session.objects.select_for_update(of=("self",)).select_related("course").filter(pk=session_id).first()
    if found is None:
        raise NotFound("session-unknown", "没有这个场次。", remedy="请从培训列表重新打开。")
    return found


def _registration(registration_id: UUID) -> Registration:
    """The registration, locked with its course."""
    found = Registration.objects.select_related("session__course__department", "organisation")
    held = found.select_for_update(of=("self", "session__course")).filter(pk=registration_id).first()
    if held is None:
        raise NotFound("registration-unknown", "没有这个报名。", remedy="请从培训列表重新打开。")
    return held


def _judge_organiser(user: User, at: datetime, course: Course | None = None) -> None:
    """Case officers and the credit office organise; a course is looked after by the department that offers it."""
    department = course.department if course else user.department
    day = at.astimezone(CIVIL_TIME).date()
    if department is not None:
        found = {entry.role for entry in acting.standings(user, department=department.pk, uscc=None, day=day)}
        at_what = Resource(department=department.pk)
        if (
            found & _ORGANISERS
            and decisions.decide(actors.of_user(user, day=day), Action.CASE_ACT, at_what, day=day).allowed
        ):
            return
    raise NotPermitted(
        "training-organiser", "培训由信用办或者提供单位的承办员组织。", remedy="请由有权限的账号登录后办理。"
    )


def judge_registering(user: User, *, day: date) -> RoleWord:
    """In which role the user registers organisations: the own one as representative, any on paper as credit office.
    Raises NotPermitted.
    """
    if user.role == Role.REPRESENTATIVE:
        return "representative"
    department = user.department_id
    found = acting.standings(user, department=department, uscc=None, day=day) if department else ()
    if any(standing.role == "credit_office" for standing in found):
        return "credit_office"
    raise NotPermitted(
        "training-party", "报名由信用主体的代表或者信用办办理。", remedy="请由代表账号登录，或者到信用办窗口办理。"
    )


def _judge_party(about: Organisation, user: User, at: datetime) -> RoleWord:
    day = at.astimezone(CIVIL_TIME).date()
    role = judge_registering(user, day=day)
    at_what = Resource(department=user.department_id, organisation=about.uscc or "")
    decisions.require(actors.of_user(user, day=day), Action.CASE_FILE, at_what, day=day)
    return role


def _judged_paper(paper: str, *, by: RoleWord) -> str:
    """The number of the paper, which the credit office must give and nobody else does."""
    number = persons.masked_text(paper.strip())[:80] if by == "credit_office" else ""
    if by == "credit_office" and not number:
        raise InvalidInput(
            "training-paper", "没有填写书面报名的收文号。", remedy="请填写收文号；书面材料由信用办按收文号保管。"
        )
    return number


def _log(event: str, held: Registration, user: User, at: datetime, **more: str | int) -> None:
    fields = {
        "registration": str(held.pk),
        "session": str(held.session_id),
        "organisation": str(held.organisation_id),
        "people": held.people,
        **more,
    }
    ledger.append(event, fields=fields, actor=user.username, at=at)
