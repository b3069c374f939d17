"""Drafts: what an account has filled in and not yet filed, of every form of the case work. No leaf: nothing has been
said to anybody yet.

A draft is its writer's alone. It lives as long as the pack says after it was last saved (clock `draft-keeping`): later
it is not there for any reader, and the nightly job removes it with its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.intake import persons
from gongxin.policy import clocks, packs
from gongxin.policy.model import Clock
from gongxin.records.models import Record
from gongxin.rights import acting, evidence, training
from gongxin.rights.given import judge_own
from gongxin.rights.models import Case, Draft, Evidence, Paper, Session
from gongxin.subjects.models import Organisation

# Beside the procedures of the pack: the registration for a session of a training.
TRAINING: Final = "training"
REGISTER: Final = "register"
CLOCK: Final = "draft-keeping"
MOST_TEXT: Final = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """The form a draft is of: the step of a procedure, and the one thing it is about."""

    procedure: str
    action: str
    record: Record | None = None
    organisation: Organisation | None = None
    case: Case | None = None
    session: Session | None = None

    def columns(self) -> dict[str, Any]:
        """As the row of the draft has it."""
        about = {name: getattr(self, name) for name in ("record", "organisation", "case", "session")}
        return {"procedure": self.procedure, "action": self.action, **about}


def kept() -> Clock:
    """How long a draft is kept after it was saved, with the source."""
    return packs.current().clock(CLOCK)


def kept_until(draft: Draft) -> date:
    """The last day on which the draft is there."""
    return clocks.due(packs.current(), CLOCK, draft.saved_at.astimezone(CIVIL_TIME).date()).day


def listed(user: User, *, day: date) -> QuerySet[Draft]:
    """What the user has begun and not filed, latest first, with what it is about and its files."""
    found = Draft.objects.filter(user=user, saved_at__gte=_kept_since(day)).order_by("-saved_at", "-pk")
    about = ("record__organisation", "organisation", "case__organisation", "session__course")
    return found.select_related(*about).prefetch_related("evidence")


def of(user: User, place: Place, *, day: date) -> Draft | None:
    """What the user has begun on this form, or None."""
    return listed(user, day=day).filter(**place.columns()).first()


def of_case(user: User, case: Case, *, day: date) -> dict[str, Draft]:
    """What the user has begun in a case, by action."""
    return {draft.action: draft for draft in listed(user, day=day).filter(case=case)}


def own(draft_id: UUID, *, user: User, day: date) -> Draft:
    """One draft of the user. Raises NotFound for any other, and for one that was kept for too long."""
    found = listed(user, day=day).filter(pk=draft_id).first()
    if found is None:
        raise NotFound("draft-unknown", "没有这份草稿。", remedy="草稿可能已经提交、删除或者过期，请重新填写。")
    return found


@transaction.atomic
def save(place: Place, filled: Mapping[str, str], *, acting_user: User, at: datetime) -> Draft:
    """Keep what was filled in; a field that is not named stays as it was. filled: texts by name of the form's field.

    Raises NotPermitted for who may not take the step, NotFound for an unknown procedure or step.
    """
    _judge(place, acting_user, at)
    # One that was kept for too long is not taken up again.
    expired(at.astimezone(CIVIL_TIME).date()).filter(user=acting_user).delete()
    draft, _ = Draft.objects.select_for_update().get_or_create(
        user=acting_user, **place.columns(), defaults={"saved_at": at}
    )
    draft.filled |= {name: persons.masked_text(text.strip())[:MOST_TEXT] for name, text in filled.items()}
    draft.saved_at = at
    draft.save()
    return draft


def add_file(
    draft: Draft, stream: IO[Any], *, filename: str, paper: Paper, acting_user: User, at: datetime
) -> Evidence:
    """Put a file with the draft. Raises InvalidInput for a file that is not accepted, Conflict for too many."""
    judge_own(draft, acting_user)
    kept_file = evidence.keep(stream, filename=filename)
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        return evidence.attach(kept_file, to=draft, paper=paper, at=at)


def remove_file(evidence_id: UUID, *, acting_user: User) -> Draft:
    """Take a file out of the user's draft. Raises NotFound for any other file."""
    held = Evidence.objects.select_related("draft").filter(pk=evidence_id, draft__user=acting_user).first()
    if held is None or held.draft is None:
        raise NotFound("evidence-unknown", "草稿中没有这份材料。", remedy="请刷新页面查看。")
    draft = held.draft
    held.delete()
    return draft


def discard(draft: Draft, *, acting_user: User) -> None:
    """Give a draft up, with its files."""
    judge_own(draft, acting_user)
    draft.delete()


def expired(day: date) -> QuerySet[Draft]:
    """Drafts that are not there any more on `day`, whoever's they are."""
    return Draft.objects.filter(saved_at__lt=_kept_since(day))


def discard_expired(*, at: datetime) -> int:
    """Remove the drafts that were kept for as long as the pack says; how many. Their files go with
    `evidence.discard_abandoned`.
    """
    _, removed = expired(at.astimezone(CIVIL_TIME).date()).delete()
    return removed.get(Draft._meta.label, 0)


def _kept_since(day: date) -> datetime:
    """The first instant such that what was saved then is still there on `day`."""
    pack = packs.current()
    first = day - timedelta(days=pack.clock(CLOCK).limit)
    while clocks.due(pack, CLOCK, first - timedelta(days=1)).day >= day:
        first -= timedelta(days=1)
    return datetime(first.year, first.month, first.day, tzinfo=CIVIL_TIME)


def _judge(place: Place, user: User, at: datetime) -> None:
    """Who may take the step may fill in its form."""
    day = at.astimezone(CIVIL_TIME).date()
    if place.session is not None:
        training.judge_registering(user, day=day)
        return
    row = packs.current().procedure(place.procedure).transition(place.action)
    if row is None:
        raise NotFound("action-unknown", "没有这个步骤。", remedy="请从办件页面选择可以办理的步骤。")
    if not {standing.role for standing in _standings(place, user, day)} & set(row.roles):
        raise NotPermitted("draft-not-yours", "本账号不能办理这个步骤。", remedy="请由有权限的账号登录后办理。")


def _standings(place: Place, user: User, day: date) -> tuple[acting.Standing, ...]:
    """In which roles the user stands towards what the form is about. Raises NotPermitted."""
    if place.case is not None:
        return acting.standings(user, department=place.case.department_id, uscc=place.case.organisation.uscc, day=day)
    if place.record is not None:
        return acting.standings(user, department=place.record.provider_id, uscc=place.record.organisation.uscc, day=day)
    if place.organisation is None:
        return ()
    procedure = packs.current().procedure(place.procedure)
    deciding = acting.deciding(procedure, user, action=place.action, day=day)
    return acting.standings(user, department=deciding.pk, uscc=place.organisation.uscc, day=day)
