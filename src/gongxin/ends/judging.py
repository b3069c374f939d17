"""Whether a record may be public on a day, found out a second way.

What is shown follows from the stored interval and the stored state (`records.selectors`). Here neither is believed:
the interval is derived anew from the facts in the payload by today's pack, the disclosure class is the catalogue's, and
the state is checked against what the cases about the record decided. Set-based, in stretches of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import polars as pl
from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import NullIf

from gongxin.policy import packs, publicity
from gongxin.policy.model import Item
from gongxin.records import deriving, selectors
from gongxin.records.models import Disclosure, Record, State
from gongxin.rights.models import CaseRecord, CaseStep, Taken

# Records read at once.
STRETCH: Final = 50_000
# Why a record may not be seen, in the order in which it is found; a page has a sentence for each.
REASONS: Final = ("unknown", "item-gone", "archived", "case", "class", "never", "early", "ended")
# Those of them that mean it has ended, and is nobody's to see outside the archive.
ENDED: Final = frozenset({"archived", "case", "ended"})
# Effects of a case's step that take a record out of sight, and the one that brings it back; the same of steps about an
# organisation, by what they did to each of its records.
_TAKES_AWAY: Final = frozenset({"repair", "revoke", "remove"})
_BRINGS_BACK: Final = frozenset({"restore"})
_TAKEN_AWAY: Final = frozenset({Taken.SHIELDED.value, Taken.SETTLED.value})
_BROUGHT_BACK: Final = frozenset({Taken.RESTORED.value})


@dataclass(frozen=True, slots=True)
class Over:
    """A record that may not be seen: why (REASONS), and where its term is over since when."""

    record: UUID
    reason: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """A stretch of what the predicate shows: how many records, and which of them may not be seen."""

    rows: int
    over: list[Over]


def withdrawn_by_cases() -> frozenset[UUID]:
    """The records that the last decision about them took out of sight, whatever their row says."""
    last: dict[UUID, bool] = {}
    for _at, record, away in sorted([*_of_records(), *_of_organisations()], key=itemgetter(0)):
        last[record] = away
    return frozenset(record for record, away in last.items() if away)


def _of_records() -> Iterator[tuple[datetime, UUID, bool]]:
    """When which record was taken away (True) or brought back by a step of a case about it."""
    effects = {
        (procedure.id, row.action): row.effect
        for procedure in packs.current().procedures.values()
        for row in procedure.transitions
        if row.effect in _TAKES_AWAY | _BRINGS_BACK
    }
    wanted = Q(pk__in=[])
    for procedure, action in effects:
        wanted |= Q(case__procedure=procedure, action=action)
    taken = CaseStep.objects.filter(wanted, case__record__isnull=False).order_by("at", "id")
    for at, record, procedure, action in taken.values_list("at", "case__record", "case__procedure", "action"):
        yield at, record, effects[procedure, action] in _TAKES_AWAY


def _of_organisations() -> Iterator[tuple[datetime, UUID, bool]]:
    """The same of cases about an organisation, which take in several of its records."""
    taken = CaseRecord.objects.filter(change__in=_TAKEN_AWAY | _BROUGHT_BACK).order_by("at", "id")
    for at, record, change in taken.values_list("at", "record", "change"):
        yield at, record, change in _TAKEN_AWAY


def sweep(day: date, withdrawn: frozenset[UUID]) -> Iterator[Swept]:
    """Everything the predicate of publicity shows on `day`, stretch by stretch, judged."""
    known = packs.current().items
    for name in Record.objects.order_by().values_list("item", flat=True).distinct():
        found = selectors.published_on(day).filter(item=name).order_by("decided_on", "id")
        last: tuple[date, UUID] | None = None
        while True:
            rows = list(_read(_after(found, last), known.get(name))[:STRETCH])
            if not rows:
                break
            yield Swept(len(rows), _judged(rows, name, day, withdrawn))
            last = rows[-1][1], rows[-1][0]


def judge(ids: Sequence[UUID], day: date, withdrawn: frozenset[UUID]) -> list[Over]:
    """Those of the records that may not be seen on `day`."""
    known, left, over = packs.current().items, set(ids), []
    held = dict(Record.objects.filter(pk__in=ids).values_list("pk", "item"))
    for name in sorted(set(held.values())):
        members = [record for record, item in held.items() if item == name]
        rows = list(_read(Record.objects.filter(pk__in=members), known.get(name)))
        over += _judged(rows, name, day, withdrawn)
        left -= {row[0] for row in rows}
    return over + [Over(record, "unknown") for record in sorted(left)]


def _after(found: QuerySet[Record], last: tuple[date, UUID] | None) -> QuerySet[Record]:
    if last is None:
        return found
    day, record = last
    return found.filter(Q(decided_on__gt=day) | Q(decided_on=day, pk__gt=record), decided_on__gte=day)


class _Text(Func):
    """The text at a place of the payload, null where it is empty."""

    template = "(%(expressions)s)"
    arg_joiner = " ->> "
    output_field = CharField()


def _read(found: QuerySet[Record], item: Item | None) -> QuerySet[Record, tuple[Any, ...]]:
    """Id, day of the decision and state as stored, then the texts that the rules look at."""
    texts = {f"t{place}": NullIf(_Text(F("payload"), Value(place)), Value("")) for place in _places(item)}
    return found.annotate(**texts).values_list("pk", "decided_on", "state", *texts)


def _places(item: Item | None) -> list[int]:
    if item is None:
        return []
    return [item.fields.index(entry) for role in deriving.ROLES if (entry := item.by_role(role))]


def _judged(rows: list[tuple[Any, ...]], name: str, day: date, withdrawn: frozenset[UUID]) -> list[Over]:
    item = packs.current().items.get(name)
    if item is None:
        return [Over(row[0], "item-gone") for row in rows]
    places = _places(item)
    names = ["id", "decided_on", "state", *(item.fields[place].name for place in places)]
    frame = pl.DataFrame(
        [(str(row[0]), *row[1:]) for row in rows],
        schema={entry: pl.Date if entry == "decided_on" else pl.String for entry in names},
        orient="row",
    )
    facts = deriving.typed(frame.drop("decided_on"), item)
    term = publicity.term_columns(packs.current(), item, facts)
    judged = frame.select("id", "state").with_columns(term["publicity_from"], term["publicity_until"])
    taken = pl.Series([row[0] in withdrawn for row in rows], dtype=pl.Boolean)
    over = judged.with_columns(_reason(item, day, taken)).filter(pl.col("reason") != "")
    return [
        Over(UUID(record), reason, until if reason == "ended" else None)
        for record, reason, until in over.select("id", "reason", "publicity_until").iter_rows()
    ]


def _reason(item: Item, day: date, taken: pl.Series) -> pl.Expr:
    """The first of REASONS that holds, "" where the record may be seen."""
    begins, ends = pl.col("publicity_from"), pl.col("publicity_until")
    return (
        pl.when(pl.col("state") != State.ACTIVE.value)
        .then(pl.lit("archived"))
        .when(taken)
        .then(pl.lit("case"))
        .when(pl.lit(item.disclosure != Disclosure.PUBLIC.value))
        .then(pl.lit("class"))
        .when(begins.is_null())
        .then(pl.lit("never"))
        .when(begins > day)
        .then(pl.lit("early"))
        .when(ends.is_not_null() & (ends < day))
        .then(pl.lit("ended"))
        .otherwise(pl.lit(""))
        .alias("reason")
    )
