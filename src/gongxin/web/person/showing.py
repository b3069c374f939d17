"""How an objection to a personal file stands, as the pages of the person and of the desk say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from gongxin.clock import CIVIL_TIME
from gongxin.persons.seen import FieldSeen, ObjectionSeen, PaperContent, Pending, RecordSeen
from gongxin.policy import packs
from gongxin.policy.model import Clock, Field, Item, Purpose, Reference
from gongxin.records import explaining
from gongxin.web import sheets

STATES: Final[dict[str, str | Promise]] = {
    "open": gettext_lazy("核查中"),
    "corrected": gettext_lazy("异议成立，已更正"),
    "withdrawn": gettext_lazy("异议成立，记录已撤下"),
    "refused": gettext_lazy("异议不成立"),
    "erased": gettext_lazy("异议成立，记录已删除"),
}
_CLOCKS: Final = {False: "objection-own", True: "objection-assisted"}


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a decision is due. left: working days until then, negative when late; limit: the clock with its source."""

    due: date
    left: int
    provisional: bool
    limit: Clock

    @property
    def late_by(self) -> int:
        """Working days since the clock ran out; at least one where it is late."""
        return max(1, -self.left) if self.left < 0 else 0


def number(objection: ObjectionSeen | Pending) -> str:
    """What an objection is called between the person and the unit: its day, and the end of its random id."""
    return f"人异{objection.filed_at.astimezone(CIVIL_TIME):%Y%m%d}-{_tail(objection.id)}"


def deadline(objection: ObjectionSeen | Pending, *, day: date) -> Deadline:
    """Its clock on `day`."""
    pack = packs.current()
    left, provisional = pack.calendar.between(day, objection.due)
    if objection.due < day:
        left = min(left, -1)
    return Deadline(objection.due, left, provisional, pack.clock(_CLOCKS[objection.assisted]))


def objection(seen: ObjectionSeen, *, day: date) -> dict[str, Any]:
    """The context of `person/parts/objections.html` and of the objection's page."""
    return {
        "seen": seen,
        "number": number(seen),
        "state": STATES[seen.state],
        "open": seen.state == "open",
        "deadline": deadline(seen, day=day),
    }


def pending(seen: Pending, *, day: date) -> dict[str, Any]:
    """A row of the unit's work list: nothing of the person."""
    return {"seen": seen, "number": number(seen), "deadline": deadline(seen, day=day)}


def basis(record: RecordSeen) -> tuple[Reference, ...]:
    """The articles on which the record is kept in a person's file."""
    item = packs.current().items.get(record.item)
    return item.persons if item else ()


def said(field: FieldSeen, item_id: str) -> str:
    """The text of a field as a reader takes it: the meaning of a code instead of the code."""
    item = packs.current().items.get(item_id)
    known = next((entry for entry in item.fields if entry.name == field.name), None) if item else None
    return explaining.said(known, field.text) if known else field.text


def purpose(code: str, title: str) -> str:
    """A purpose in the page's language; `title` where the pack has it no more."""
    return _in_language(packs.current().purposes.get(code), title)


def item(code: str, title: str) -> str:
    """A catalogue item in the page's language; `title` where the pack has it no more."""
    return _in_language(packs.current().items.get(code), title)


def _in_language(thing: Purpose | Item | None, title: str) -> str:
    english = (get_language() or "").startswith("en")
    return thing.title_en if english and thing and thing.title_en else title


def wanted(texts: Mapping[str, str], record: RecordSeen) -> list[tuple[Field, str]]:
    """What shall be put right: field and text."""
    item = packs.current().items.get(record.item)
    return [(field, texts[field.name]) for field in (item.fields if item else ()) if field.name in texts]


def file(found: PaperContent) -> HttpResponse:
    """A file as a download: never shown within our own pages' origin."""
    response = HttpResponse(found.content, content_type=found.media_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return sheets.named(response, found.filename)


def _tail(found: UUID) -> str:
    return found.hex[-6:].upper()
