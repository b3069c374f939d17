"""What a page or a file may say about one record: its public fields, and why it is public or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from gongxin.policy import packs, publicity
from gongxin.policy.model import Field, FieldRole, Item
from gongxin.policy.regimes import PublicityFacts, PublicityTerm
from gongxin.records import payload
from gongxin.records.models import Disclosure, Record, State
from gongxin.subjects.models import Kind

Standing = Literal["public", "closed", "restricted", "never", "early", "ended"]


def visible(field: Field, kind: str) -> bool:
    """True if the field of a record about an organisation of this kind may be shown to anybody.

    A sole trader is shown by business name only (Boundary 1): its operator is a person, so that field is left out.
    """
    return payload.is_public(field) and not (kind == Kind.SOLE_TRADER and field.role == "party_representative")


def visible_pairs(item: Item, values: Sequence[payload.Value], kind: str) -> Iterator[tuple[Field, payload.Value]]:
    """The fields that may be shown, with their values, empty ones included."""
    return ((field, value) for field, value in payload.pairs(item, values) if visible(field, kind))


def public_fields(held: Record) -> list[tuple[Field, str]]:
    """The fields of the record that anybody may see and have content, in catalogue order. Reads `held.organisation`."""
    item = packs.current().item(held.item)
    shown = payload.public_fields(item, held.payload)
    return [(field, said(field, text)) for field, text in shown if text and visible(field, held.organisation.kind)]


def said(field: Field, text: str) -> str:
    """The text of a field as a reader takes it: the label of a code, «没有截止日» for the day that means it."""
    pack = packs.current()
    if field.type == "date" and text == pack.principles["open-end"].value:
        return "没有截止日"
    code_list = pack.code_lists.get(field.code_list)
    found = code_list.get(text) if code_list and field.type == "code" else None
    return found.label if found else text


def facts(held: Record) -> PublicityFacts:
    """What the rules of publicity look at, from the record and its payload."""
    item = packs.current().item(held.item)
    values = payload.named(item, held.payload)

    def told(role: FieldRole) -> str:
        field = item.by_role(role)
        return str(values[field.name] or "") if field else ""

    return PublicityFacts(
        decided_on=held.decided_on,
        severity=told("severity"),
        procedure=told("procedure"),
        kinds=tuple(filter(None, told("category").split(";"))),
        field_of_law=told("field_of_law"),
        acted_until=held.acted_until,
        effective_until=held.effective_until,
        status=told("status"),
    )


def term(held: Record) -> PublicityTerm:
    """The publicity term by today's rules, with reason and references."""
    pack = packs.current()
    return publicity.term(pack, pack.item(held.item), facts(held))


def standing(held: Record, day: date) -> Standing:
    """Whether the record is public on `day`, and if not, in which of the five ways it is not."""
    if held.state != State.ACTIVE:
        return "closed"
    if held.disclosure != Disclosure.PUBLIC:
        return "restricted"
    if held.publicity_from is None:
        return "never"
    if day < held.publicity_from:
        return "early"
    return "ended" if held.publicity_until and held.publicity_until < day else "public"
