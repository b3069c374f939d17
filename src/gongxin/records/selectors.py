"""Reads of records. What is public is a predicate over dates, evaluated when asked: nothing overstays because a
job failed.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.policy.model import Purpose
from gongxin.records.models import Contested, Disclosure, Record, Revision, State
from gongxin.walls import beyond

# What the table of access asks of a record, and what tells whether and by which rule it is public.
_JUDGED: Final = (
    "item", "revision", "provider", "organisation", "disclosure", "state",
    "publicity_from", "publicity_until", "publicity_rule",
)  # fmt: skip


# Whose a record is when its contents are destroyed (gongxin.ends): its row stays, so that it does not come back.
NOBODY: Final = UUID(int=0)


def _not_ended(day: date) -> Q:
    return Q(publicity_until__isnull=True) | Q(publicity_until__gte=day)


def _public(day: date) -> Q:
    """The one predicate of publicity. Both days null means «never public»; only the end null means «no end»."""
    return Q(state=State.ACTIVE, disclosure=Disclosure.PUBLIC, publicity_from__lte=day) & _not_ended(day)


def published_on(day: date) -> QuerySet[Record]:
    """The records anybody may see on `day`: in force, of a public item, and `day` within the publicity interval."""
    return Record.objects.filter(_public(day))


def disclosable(purpose: Purpose, day: date) -> QuerySet[Record]:
    """The records a credit check for `purpose` may see on `day`.

    Records of public items only while they are public: what may no longer be published may no longer be used either
    (the 5-year cap and the effect of the publicity terms, DOMAIN 4.1 and 4.2). Records of authorised or shared items
    if the purpose opens that class, until the end of their term. The purpose's categories narrow both; none named
    means all.
    """
    classes = set(purpose.disclosures)
    allowed = Q(pk__in=[])
    if Disclosure.PUBLIC in classes:
        allowed |= _public(day)
    restricted = sorted(classes - {Disclosure.PUBLIC})
    if restricted:
        allowed |= Q(state=State.ACTIVE, disclosure__in=restricted) & _not_ended(day)
    found = Record.objects.filter(allowed)
    if not purpose.categories:
        return found
    items = [item.id for item in packs.current().items.values() if item.category in purpose.categories]
    return found.filter(item__in=items)


def usable(found: QuerySet[Record], *, day: date) -> QuerySet[Record]:
    """Those of the records that something may rest on, on `day`: in force, within their term, not contested.

    What is repaired, revoked, off its list or shielded is archive, and while an objection is verified nothing may rest
    on the record either. Every measure asks this, and nothing else.
    """
    shared = Q(state=State.ACTIVE) & ~Q(disclosure=Disclosure.PUBLIC) & _not_ended(day)
    contested = Exists(Contested.objects.filter(record=OuterRef("pk")))
    return found.filter(_public(day) | shared).exclude(contested)


def record(record_id: UUID) -> Record:
    """The record with its organisation and provider, whatever its state. Raises NotFound, also where its contents are
    destroyed.

    Of one that is not the asker's there is only what has to be judged; reading more of it raises Record.DoesNotExist.
    """
    rows = Record.objects.filter(pk=record_id)
    found = rows.select_related("organisation", "provider").first() or beyond.whose(rows, *_JUDGED)
    if found is None or found.organisation_id == NOBODY:
        raise NotFound("record-unknown", "没有这条信用记录。", remedy="请核对地址，或者从主体页面重新进入。")
    return found


def revisions(held: Record) -> QuerySet[Revision]:
    """The states the record had before the present one, oldest first. The present state is the record itself."""
    return held.revisions.order_by("number")


def with_mark(found: QuerySet[Record]) -> QuerySet[Any]:
    """The records, each with `contested`: True while an objection to it is being verified."""
    return found.annotate(contested=Exists(Contested.objects.filter(record=OuterRef("pk"))))


def is_contested(held: Record) -> bool:
    """Whether an objection to the record is being verified, so that nothing may rest on it."""
    return Contested.objects.filter(record=held).exists()
