"""The catalogue: items, their fields and basis. No key needed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from gongxin.policy import packs
from gongxin.policy.model import Item, Reference

router = Router(tags=["catalogue"])


class ReferenceOut(Schema):
    """Where a rule comes from. confidence: H certain, M one good source, L uncertain."""

    title: str
    article: str
    confidence: str
    note: str


class FieldOut(Schema):
    """A field of an item. published false: it never leaves the desk of its provider."""

    name: str
    label: str
    label_en: str
    type: str
    max_length: int | None
    scale: int | None
    required: bool
    code_list: str
    published: bool


class ItemBrief(Schema):
    """One kind of record the catalogue allows."""

    id: str = Field(examples=["penalty"])
    title: str
    title_en: str
    category: str
    version: int
    disclosure: str
    ten_disclosures: bool


class ItemOut(ItemBrief):
    """An item with its fields in payload order."""

    natural_key: list[str]
    subject_kinds: list[str]
    adverse: bool
    basis: list[ReferenceOut]
    fields: list[FieldOut]
    rule_version: str


class ItemsOut(Schema):
    """All items of the node's pack."""

    rule_version: str
    items: list[ItemBrief]


class PurposeOut(Schema):
    """A reason for which a credit check may be run."""

    code: str
    title: str
    title_en: str
    disclosures: list[str]
    categories: list[str]
    basis: list[ReferenceOut]


class PurposesOut(Schema):
    """All purposes of the node's pack."""

    rule_version: str
    purposes: list[PurposeOut]


@router.get("/items", response=ItemsOut)
def items(request: HttpRequest) -> Any:
    """All items of the node's policy pack."""
    pack = packs.current()
    return {"rule_version": pack.version, "items": [_brief(item) for item in pack.items.values()]}


@router.get("/items/{item_id}", response=ItemOut, openapi_extra={"x-problems": [404]})
def item(request: HttpRequest, item_id: str) -> Any:
    """One item with its fields, natural key and legal basis."""
    pack = packs.current()
    found = pack.item(item_id)
    return _brief(found) | {
        "natural_key": list(found.natural_key),
        "subject_kinds": list(found.subject_kinds),
        "adverse": found.adverse,
        "basis": [_reference(entry) for entry in found.basis],
        "fields": [{name: getattr(field, name) for name in FieldOut.model_fields} for field in found.fields],
        "rule_version": pack.version,
    }


@router.get("/purposes", response=PurposesOut)
def purposes(request: HttpRequest) -> Any:
    """The purposes for which credit checks may be run, each with its legal basis and what it may see."""
    pack = packs.current()
    return {
        "rule_version": pack.version,
        "purposes": [
            {name: getattr(purpose, name) for name in ("code", "title", "title_en")}
            | {"disclosures": list(purpose.disclosures), "categories": list(purpose.categories)}
            | {"basis": [_reference(entry) for entry in purpose.basis]}
            for purpose in pack.purposes.values()
        ],
    }


def _brief(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ItemBrief.model_fields}


def _reference(entry: Reference) -> dict[str, str]:
    return {name: getattr(entry, name) for name in ReferenceOut.model_fields}
