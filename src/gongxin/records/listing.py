"""Lists of public records of one item: filtered, in order of the decision, page by page without counting pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from gongxin.policy.model import Item
from gongxin.records import payload
from gongxin.records.explaining import visible
from gongxin.records.models import Record
from gongxin.records.numbering import with_number
from gongxin.records.selectors import published_on, with_mark
from gongxin.subjects.grams import grams
from gongxin.subjects.models import NameGrams, Organisation
from gongxin.subjects.names import fold, name_key

_CHUNK: Final = 2000
_BRACKET_PAIRS: Final = ("〔〕", "[]", "［］", "（）", "()", "【】")
_ROUND: Final = str.maketrans({sign: "()"[place] for pair in _BRACKET_PAIRS for place, sign in enumerate(pair)})
_MOST_OF_A_NUMBER: Final = 50
_META: Final = (
    "信用主体名称", "统一社会信用代码", "信息提供单位", "公示起始日期", "公示截止日期", "异议标注", "记录编号",
)  # fmt: skip
# What a list says of a record to which an objection is being verified.
CONTESTED: Final = "异议核查中，不得据此采取措施"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty values do not narrow. text: in the name, the document number or the title."""

    text: str = ""
    district: str = ""
    provider: UUID | None = None
    since: date | None = None
    until: date | None = None
    kind: str = ""
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A point between two records in the order of the list: after the record with this day and id."""

    decided_on: date
    id: UUID

    def __str__(self) -> str:
        return f"{self.decided_on}.{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place written as text by `str`, or None."""
        day, _dot, key = text.partition(".")
        try:
            return cls(date.fromisoformat(day), UUID(hex=key))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive records of a list, with the places before and after them (None at the ends)."""

    records: list[Record]
    previous: Place | None
    following: Place | None


def listed(item: Item, filters: Filters, *, day: date) -> QuerySet[Record]:
    """The records of `item` that are public on `day` and pass the filters, in the list's order."""
    found = published_on(day).filter(item=item.id)
    if filters.text:
        found = found.filter(_about(filters.text))
    narrowed = {
        "organisation__district": filters.district,
        "organisation__kind": filters.kind,
        "provider_id": filters.provider,
        "decided_on__gte": filters.since,
        "decided_on__lte": filters.until,
    }
    found = found.filter(**{name: value for name, value in narrowed.items() if value})
    return found.order_by(*(("decided_on", "id") if filters.oldest_first else ("-decided_on", "-id")))


def _about(text: str) -> Q:
    """Records whose party, document number or title has the text in it."""
    parties = Organisation.objects.filter(uscc=fold(text))
    return (
        Q(organisation__in=parties)
        | Q(organisation__in=_named(name_key(text)))
        | Q(document_no__contains=text)
        | Q(title__contains=text)
    )


def _named(key: str) -> QuerySet[Organisation]:
    """Organisations whose name key contains the text: by the index of character pairs, then exactly."""
    found = Organisation.objects.filter(name_key__contains=key)
    if len(key) < 2:
        return found
    pairs = NameGrams("name_key", output_field=ArrayField(IntegerField()))
    # By keywords: the plug-in of mypy does not know the type of an expression with an output field of its own.
    return found.alias(pairs=pairs).filter(**{"pairs__contains": grams(key)})


def stretch(
    found: QuerySet[Record], *, oldest_first: bool, size: int, after: Place | None = None, before: Place | None = None
) -> Stretch:
    """`size` records of an ordered list after (or before) a place. One query, however deep the place is."""
    backwards = before is not None
    place = before or after
    if place:
        found = found.filter(_beyond(place, rising=oldest_first != backwards))
    if backwards:
        found = found.reverse()
    records = list(with_mark(found).select_related("organisation", "provider")[: size + 1])
    more, records = len(records) > size, records[:size]
    if backwards:
        records.reverse()
    if not records:
        return Stretch([], None, None)
    first, last = records[0], records[-1]
    return Stretch(
        records,
        previous=Place(first.decided_on, first.pk) if (more if backwards else place is not None) else None,
        following=Place(last.decided_on, last.pk) if (backwards or more) else None,
    )


def _beyond(place: Place, *, rising: bool) -> Q:
    if rising:
        strictly = Q(decided_on__gt=place.decided_on) | Q(decided_on=place.decided_on, pk__gt=place.id)
        return Q(decided_on__gte=place.decided_on) & strictly
    strictly = Q(decided_on__lt=place.decided_on) | Q(decided_on=place.decided_on, pk__lt=place.id)
    return Q(decided_on__lte=place.decided_on) & strictly


def header(item: Item) -> list[str]:
    """Titles of the columns of `rows`."""
    return [*_META, *(field.label for field in item.fields if payload.is_public(field))]


def rows(item: Item, found: QuerySet[Record], *, limit: int) -> Iterator[list[str]]:
    """The list as texts, at most `limit` rows, read in chunks over one cursor."""
    columns = (
        "organisation__name", "organisation__uscc", "provider__name", "publicity_from", "publicity_until", "mark",
        "pk", "organisation__kind", "payload",
    )  # fmt: skip
    shown = [(place, field) for place, field in enumerate(item.fields) if payload.is_public(field)]
    mark = Case(When(contested=True, then=Value(CONTESTED)), default=Value(""))
    read = with_mark(found).annotate(mark=mark).values_list(*columns)[:limit].iterator(chunk_size=_CHUNK)
    for *meta, kind, values in read:
        held = len(values)
        cells = (
            payload.text(field, values[place]) if place < held and visible(field, kind) else ""
            for place, field in shown
        )
        yield [*("" if value is None else str(value) for value in meta), *cells]


def count_up_to(found: QuerySet[Record], limit: int) -> int:
    """How many records the list has, counted no further than `limit`."""
    return found.order_by()[:limit].count()


def by_document_no(text: str, *, day: date) -> list[Record]:
    """Public records of any item whose document number is the text, whatever its brackets; newest first, 50 at most."""
    folded = text.strip().translate(_ROUND)
    spellings = {folded.replace("(", opening).replace(")", closing) for opening, closing in _BRACKET_PAIRS}
    found = published_on(day).filter(with_number(*spellings, text.strip()))
    marked = with_mark(found).select_related("organisation", "provider")
    return list(marked.order_by("-decided_on", "-id")[:_MOST_OF_A_NUMBER])
