"""The permanent address of a record: what is public of it, why and until when; afterwards a page that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Field
from gongxin.records import explaining, payload, selectors
from gongxin.records.models import Record, Revision
from gongxin.rights import eligibility
from gongxin.walls import acting
from gongxin.web.public.serving import public_page


@dataclass(frozen=True, slots=True)
class Version:
    """A state of the record. changed: the fields that were different in the state before; none for the first."""

    number: int
    since: datetime
    changed: tuple[Field, ...]
    current: bool


@public_page
def page(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The record while it is public; 410 once it is over, 404 while it is not (yet) public."""
    held = selectors.record(record_id)
    day = clock.today()
    if not selectors.published_on(day).filter(pk=held.pk).exists():
        return _not_shown(request, held, day)
    item = packs.current().item(held.item)
    context = {
        "record": held,
        "organisation": held.organisation,
        "item": item,
        "fields": explaining.public_fields(held),
        "term": explaining.term(held),
        "rule_ids": _linked(held),
        "versions": _versions(held),
        "contested": selectors.is_contested(held),
        "eligibility": eligibility.of(held, day=day) if item.adverse else None,
        "permanent": request.build_absolute_uri(request.path),
    }
    return render(request, "public/record.html", context)


def _linked(held: Record) -> list[str]:
    """The ids of the rules that have a page."""
    known = {rule.id for rule in packs.current().rules()}
    return [held.publicity_rule] if held.publicity_rule in known else []


def _not_shown(request: HttpRequest, held: Record, day: date) -> HttpResponse:
    """A page with the rule and without any content of the record: over (410), or not public (404)."""
    standing = explaining.standing(held, day)
    over = standing in {"ended", "closed"}
    # The rule is told, nothing of what it was applied to.
    with acting.as_node():
        term = explaining.term(held)
    told = {
        "standing": standing,
        "over": over,
        "term": term if standing == "never" and not term.published else None,
        "references": term.references if standing in {"never", "ended"} else (),
        "rule_ids": _linked(held),
    }
    return render(request, "public/record_not_shown.html", told, status=410 if over else 404)


def _versions(held: Record) -> list[Version]:
    """All states, newest first. What a field said before its correction is no longer public: only its name is told."""
    # What is read for this is not told: which fields changed, and nothing of what they said.
    with acting.as_node():
        past: list[Revision] = list(selectors.revisions(held))
    payloads = [entry.payload for entry in past] + [held.payload]
    since = [entry.recorded_at for entry in past] + [held.recorded_at]
    found = [
        Version(number, began, _changed(held, payloads, number - 1), number == len(payloads))
        for number, began in enumerate(since, start=1)
    ]
    return found[::-1]


def _changed(held: Record, payloads: list[list[payload.Value]], index: int) -> tuple[Field, ...]:
    if index == 0:
        return ()
    item = packs.current().item(held.item)
    before = dict(explaining.visible_pairs(item, payloads[index - 1], held.organisation.kind))
    after = explaining.visible_pairs(item, payloads[index], held.organisation.kind)
    return tuple(field for field, value in after if before.get(field) != value)
