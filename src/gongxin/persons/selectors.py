"""Reads of the personal file that open no record: openings, authorisations, objections, and a unit's work.

Reading records is never free: it is an opening, with its entry and its leaf (`opening`). No selector lists, counts or
searches persons; each begins with one account or one unit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from gongxin.identity.models import Department, User
from gongxin.persons import contents, holding, lending, papers
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Authorisation, Objection, Opening
from gongxin.persons.seen import AuthorisationSeen, Lendable, ObjectionSeen, OpeningSeen, Pending, Unit
from gongxin.policy import clocks, packs

T = TypeVar("T")
LONGEST_CLOCK: Final = "person-authorisation"
_CLASS: Final = "authorised"


def openings(user: User) -> tuple[OpeningSeen, ...]:
    """Every opening of the own file and every refused one, newest first. Raises NotPermitted as `holding.file_of`."""
    own = holding.file_of(user)
    if own is None:
        return ()
    held = Opening.objects.filter(file=own.file).order_by("-leaf")
    said = [(one, json.loads(own.key.open(one.body, table="persons_opening", row=str(one.pk)))) for one in held]
    names = contents.unit_names(UUID(body["unit"]) for _, body in said if body["unit"])
    return tuple(_opening(one, body, names) for one, body in said)


def authorisations(user: User, *, day: date) -> tuple[AuthorisationSeen, ...]:
    """What the person has lent, newest first, live or not on `day`."""
    return _own(user, lambda own: _authorisations(own, day))


def objections(user: User) -> tuple[ObjectionSeen, ...]:
    """The person's objections, newest first."""
    return _own(user, _objections)


def pending(department: UUID, *, day: date) -> tuple[Pending, ...]:
    """The objections that wait for a unit's decision, the most urgent first: nothing of persons or records."""
    held = Objection.objects.filter(department_id=department, state=Objection.State.OPEN).order_by("due", "id")
    return tuple(Pending(one.pk, one.filed_at, one.due, one.assisted, one.due < day) for one in held)


def lendable(*, day: date) -> Lendable:
    """What an authorisation may say: items kept for persons, purposes that open authorised records, units that have
    them, and the last day the pack allows.
    """
    pack = packs.current()
    units = list(Department.objects.filter(active=True).order_by("name"))
    purposes = [purpose for purpose in pack.purposes.values() if _CLASS in purpose.disclosures]
    having = {
        purpose.code: tuple(Unit(unit.pk, unit.name) for unit in units if purpose.code in unit.purposes)
        for purpose in purposes
    }
    return Lendable(
        items=tuple((item.id, item.title) for item in pack.items.values() if item.persons),
        purposes=tuple((purpose.code, purpose.title) for purpose in purposes if having[purpose.code]),
        units_of={code: found for code, found in having.items() if found},
        longest=clocks.due(pack, LONGEST_CLOCK, day).day,
    )


def objection_seen(own: OwnFile, held: Objection) -> ObjectionSeen:
    """An objection with what was said, opened by the person's key."""
    body = _text(own, held, "body")
    decision = _text(own, held, "decision") if held.decision else {}
    return ObjectionSeen(
        id=held.pk,
        record=held.entry_id,
        record_title=body["title"],
        unit_name=held.department.name,
        reasons=body["reasons"],
        wanted=body["wanted"],
        filed_at=held.filed_at,
        due=held.due,
        assisted=held.assisted,
        state=held.state,
        state_title=str(Objection.State(held.state).label),
        decision_reasons=decision.get("reasons", ""),
        decided_by=decision.get("by", ""),
        decided_at=datetime.fromisoformat(decision["at"]) if decision else None,
        papers=papers.of(own, held),
        erasure_wanted_by=held.proposed_by.username if held.proposed_by and not decision else "",
        erasure_reasons=_text(own, held, "proposal")["reasons"] if held.proposal and not decision else "",
    )


def sealed_text(own: OwnFile, held: Objection, column: str, said: dict[str, Any]) -> str:
    """What stands in a column of an objection (body, decision or proposal), as it is kept."""
    return own.key.seal(json.dumps(said, ensure_ascii=False), table="persons_objection", row=f"{held.pk}.{column}")


def _own(user: User, read: Callable[[OwnFile], tuple[T, ...]]) -> tuple[T, ...]:
    own = holding.file_of(user)
    return read(own) if own else ()


def _authorisations(own: OwnFile, day: date) -> tuple[AuthorisationSeen, ...]:
    held = Authorisation.objects.filter(file=own.file).order_by("-id")
    return tuple(lending.seen(own, given, day=day) for given in held)


def _objections(own: OwnFile) -> tuple[ObjectionSeen, ...]:
    held = (
        Objection.objects.filter(entry__file=own.file)
        .select_related("department", "proposed_by")
        .order_by("-filed_at", "-id")
    )
    return tuple(objection_seen(own, one) for one in held)


def _text(own: OwnFile, held: Objection, column: str) -> dict[str, Any]:
    text = own.key.open(getattr(held, column), table="persons_objection", row=f"{held.pk}.{column}")
    found: dict[str, Any] = json.loads(text)
    return found


def _opening(held: Opening, body: dict[str, Any], names: dict[UUID, str]) -> OpeningSeen:
    purpose = packs.current().purposes.get(body["purpose"])
    return OpeningSeen(
        id=held.pk,
        at=datetime.fromisoformat(body["at"]),
        kind=body["kind"],
        who=body["who"],
        unit_name=names.get(UUID(body["unit"]), "") if body["unit"] else "",
        purpose=body["purpose"],
        purpose_title=purpose.title if purpose else "",
        items=tuple(body["items"]),
        records=body["records"],
        allowed=body["allowed"],
        reason=body["reason"],
        leaf=held.leaf,
    )
