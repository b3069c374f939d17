"""Reading the log of looks: the auditor's search, and who looked at an organisation."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import RawSQL

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.models import Look
from gongxin.errors import NotFound
from gongxin.identity.roles import Role
from gongxin.policy import packs

_CHUNK: Final = 2000
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; empty values do not narrow. Days are civil days in China, both included."""

    organisation: UUID | None = None
    department: UUID | None = None
    account: str = ""
    purpose: str = ""
    outcome: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A point between two looks in the order of time."""

    asked_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{(self.asked_at - _EPOCH) // _MICROSECOND}.{self.id.hex}"

    @classmethod
    def of(cls, look: Look) -> Place:
        """The place of a look."""
        return cls(look.asked_at, look.pk)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place written as text by `str`, or None."""
        micros, _dot, key = text.partition(".")
        try:
            return cls(_EPOCH + int(micros) * _MICROSECOND, UUID(hex=key))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive looks, newest first, with the places before and after them (None at the ends)."""

    looks: list[Look]
    previous: Place | None
    following: Place | None


def one(look_id: UUID) -> Look:
    """The look. Raises NotFound."""
    found = Look.objects.select_related("department").filter(pk=look_id).first()
    if found is None:
        raise NotFound("look-unknown", "没有这条查询留痕。", remedy="请从查询留痕列表重新打开。")
    return found


def search(filters: Filters) -> list[QuerySet[Look]]:
    """The looks that pass the filters, newest first, in disjoint parts: each is read by an index of its own.

    About an organisation there are two: looks at it alone, and at lists that show it.
    """
    narrowed = {
        "department_id": filters.department,
        "asked_by": filters.account,
        "purpose": filters.purpose,
        "outcome": filters.outcome,
        "kind": filters.kind,
        "asked_at__gte": _begins(filters.since) if filters.since else None,
        "asked_at__lt": _begins(filters.until + timedelta(days=1)) if filters.until else None,
    }
    found = Look.objects.select_related("department")
    found = found.filter(**{name: value for name, value in narrowed.items() if value})
    if not filters.organisation:
        return [found.order_by("-asked_at", "-id")]
    about = filters.organisation
    # A function of the database: behind a policy the index on `others` could not be used (gongxin.walls.policies).
    listed = found.filter(pk__in=RawSQL("SELECT gongxin_looks_listing(%s)", [about]))
    listed = listed.filter(Q(organisation_id__isnull=True) | ~Q(organisation_id=about))
    # Lists that show one organisation are few: sorted, they cost less than walking through time until enough are met.
    unhurried = F("asked_at") + Value(timedelta(0))
    return [
        found.filter(organisation_id=about).order_by("-asked_at", "-id"),
        listed.order_by(unhurried.desc(), "-id"),
    ]


def stretch(
    parts: Sequence[QuerySet[Look]], *, size: int, after: Place | None = None, before: Place | None = None
) -> Stretch:
    """`size` looks of a search after (or before) a place. One query a part, however deep the place is."""
    backwards = before is not None
    found = [_beyond(part, before or after, newer=backwards)[: size + 1] for part in parts]
    looks = sorted((look for part in found for look in part), key=_order, reverse=not backwards)
    more, looks = len(looks) > size, looks[:size]
    if backwards:
        looks.reverse()
    if not looks:
        return Stretch([], None, None)
    return Stretch(
        looks,
        previous=Place.of(looks[0]) if (more if backwards else after is not None) else None,
        following=Place.of(looks[-1]) if (backwards or more) else None,
    )


def who_looked(organisation_id: UUID, *, size: int = 50, after: Place | None = None) -> Stretch:
    """Who looked at an organisation, newest first, refused looks too (谁查询过该主体). Two queries."""
    return stretch(search(Filters(organisation=organisation_id)), size=size, after=after)


def who_read(organisation_id: UUID, record_id: UUID, *, since: date, size: int = 50) -> list[Look]:
    """Who was shown a record of an organisation from a day on, newest first; its own representatives left out."""
    parts = search(Filters(organisation=organisation_id, since=since))
    shown = [part.filter(disclosed__contains=[[str(record_id)]]).exclude(role=Role.REPRESENTATIVE) for part in parts]
    return stretch(shown, size=size).looks


def under_consent(organisation_id: UUID, number: str, *, since: datetime) -> QuerySet[Look]:
    """Every use of an authorisation, given at `since`, newest first; refused ones too."""
    found = Look.objects.filter(organisation_id=organisation_id, asked_at__gte=since, consent__contains=number)
    return found.select_related("department").order_by("-asked_at", "-id")


HEADER: Final = (
    "时间", "方式", "查询内容", "查询对象", "单位", "账号或密钥", "角色", "查询用途", "依据", "办理事项", "规则",
    "结果", "不予查询的原因", "提供记录数", "信用主体编号", "批次号", "授权编号", "留痕编号",
)  # fmt: skip


def rows(parts: Sequence[QuerySet[Look]], *, limit: int) -> Iterator[list[str]]:
    """The looks of a search as texts under `HEADER`, at most `limit`, read in chunks over one cursor a part."""
    read = (part[:limit].iterator(chunk_size=_CHUNK) for part in parts)
    for look in islice(heapq.merge(*read, key=_order, reverse=True), limit):
        yield [
            f"{look.asked_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M:%S}",
            look.get_channel_display(),
            look.get_kind_display(),
            look.asked_for,
            look.department.name if look.department else "",
            look.asked_by,
            look.role,
            purpose_title(look.purpose),
            look.basis,
            look.matter,
            look.rule,
            look.get_outcome_display(),
            look.reason,
            str(look.record_count),
            str(look.organisation_id or ""),
            str(look.batch_id or ""),
            look.consent,
            str(look.pk),
        ]


def purpose_title(code: str) -> str:
    """A purpose or duty as people read it; the code where today's pack does not know it."""
    pack = packs.current()
    found = pack.purposes.get(code) or pack.duties.get(code)
    return found.title if found else code


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, CIVIL_TIME)


def _order(look: Look) -> tuple[datetime, UUID]:
    return look.asked_at, look.pk


def _beyond(part: QuerySet[Look], place: Place | None, *, newer: bool) -> QuerySet[Look]:
    """The looks of a part on one side of a place, nearest first."""
    if place is None:
        return part
    if newer:
        strictly = Q(asked_at__gt=place.asked_at) | Q(asked_at=place.asked_at, pk__gt=place.id)
        return part.filter(strictly, asked_at__gte=place.asked_at).reverse()
    strictly = Q(asked_at__lt=place.asked_at) | Q(asked_at=place.asked_at, pk__lt=place.id)
    return part.filter(strictly, asked_at__lte=place.asked_at)
