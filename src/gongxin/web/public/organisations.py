"""The page of an organisation: who it is, and everything that is public about it today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Category, Item
from gongxin.records.models import Record
from gongxin.records.selectors import published_on
from gongxin.subjects import selectors
from gongxin.subjects.models import Kind
from gongxin.web.public.serving import public_page

# Records of one organisation shown on its page at most; the lists hold the others.
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The public records of one category."""

    category: Category
    entries: list[tuple[Record, Item]]


@public_page
def page(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Basics, identifiers, former names and the public records by category; an empty category says so."""
    held = selectors.organisation(organisation_id)
    day = clock.today()
    records = published_on(day).filter(organisation=held).select_related("provider").order_by("-decided_on", "-id")
    shown = list(records[: _SHOWN + 1])
    context = {
        "organisation": held,
        "sole_trader": held.kind == Kind.SOLE_TRADER,
        "identifiers": held.identifiers.order_by("scheme", "value"),
        "former_names": selectors.former_names(held),
        "groups": _groups(shown[:_SHOWN]),
        "total": len(shown[:_SHOWN]),
        "more": len(shown) > _SHOWN,
        "day": day,
    }
    return render(request, "public/organisation.html", context)


def _groups(records: list[Record]) -> list[Group]:
    """Every category that an item of the catalogue belongs to, in the pack's order."""
    pack = packs.current()
    used = {item.category for item in pack.items.values()}
    known = [(record, pack.items[record.item]) for record in records if record.item in pack.items]
    return [
        Group(category, [pair for pair in known if pair[1].category == category.id])
        for category in pack.categories.values()
        if category.id in used
    ]
