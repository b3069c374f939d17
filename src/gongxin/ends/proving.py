"""The daily proof (每日核验): nothing is seen anywhere outside its term, after repair or after revocation.

Everything that the predicate of publicity shows is judged anew (`judging`). Then every exit is asked for records that
should be seen nowhere: all whose time ended in the last days, and of all others a part that changes every night, so
that each has its turn. Files and feeds are read from end to end. Whatever is seen and may not be is an alarm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import IntegerField, Q, QuerySet
from django.db.models.expressions import Func
from django.db.models.functions import Mod

from gongxin import ledger
from gongxin.ends import asking, exits, judging
from gongxin.ends.exits import Exit, Store, Suspect
from gongxin.ends.judging import Over
from gongxin.ends.models import Overstay, ProofRun
from gongxin.policy import packs
from gongxin.records.models import Disclosure, Record, State
from gongxin.records.selectors import NOBODY
from gongxin.rights.models import Case, CaseRecord, CaseStep

_log = logging.getLogger(__name__)
# The exit that every other one rests on, judged record by record.
PREDICATE: Final = "predicate"
# Suspects asked for at once, and findings of an exit that are kept by name (all are counted).
BATCH: Final = 200
KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """Which records are asked for: all whose time ended in the last `days`, and `sample` of the others a night."""

    days: int
    sample: int


@dataclass
class _Exit:
    """What came of one exit."""

    name: str
    title: str
    checked: int = 0
    over: dict[UUID, Over] = field(default_factory=dict)
    fault: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "checked": self.checked,
            "overstaying": len(self.over),
            "fault": self.fault,
        }


def run(*, day: date, by: str, plan: Plan, at: datetime) -> ProofRun:
    """Prove `day` at every exit; the run as it is kept, with its leaf. by: who asked for it.

    A run that is broken off stays without an end, and counts as none. Exits that cannot be asked are named in it.
    """
    begun = time.monotonic()
    kept = ProofRun.objects.create(day=day, started_at=at, by=by, pack_version=packs.current().version)
    withdrawn = judging.withdrawn_by_cases()
    swept = _swept(day, withdrawn)
    found = {place.name: _Exit(place.name, place.title) for place in exits.registered()}
    suspects = 0
    with asking.on(day):
        for batch in _suspects(day, plan, list(swept.over)[:KEPT]):
            suspects += len(batch)
            for place in exits.registered():
                if isinstance(place, Exit):
                    _ask(place, batch, found[place.name], day, withdrawn)
        for place in exits.registered():
            if isinstance(place, Store):
                _read(place, found[place.name], day, withdrawn)
    every = [swept, *found.values()]
    _forgive(every, since=at)
    kept.swept, kept.suspects = swept.checked, suspects
    return _concluded(kept, every, at=at + timedelta(seconds=time.monotonic() - begun))


def _swept(day: date, withdrawn: frozenset[UUID]) -> _Exit:
    """Everything that is public by the predicate, judged a second way."""
    outcome = _Exit(PREDICATE, "公示条件（全部公示记录）")
    for stretch in judging.sweep(day, withdrawn):
        outcome.checked += stretch.rows
        outcome.over |= {entry.record: entry for entry in stretch.over}
    return outcome


def _suspects(day: date, plan: Plan, seen: Sequence[UUID]) -> Iterator[list[Suspect]]:
    """What should be seen nowhere, in batches: found by the sweep, ended lately, the night's part of the rest."""
    hidden = Q(disclosure=Disclosure.PUBLIC) & (Q(publicity_from__isnull=True) | Q(publicity_from__gt=day))
    unseen = Record.objects.filter(~Q(state=State.ACTIVE) | Q(publicity_until__lt=day) | hidden)
    # What is destroyed is a row without a party; nothing is left that could be seen.
    unseen = unseen.exclude(organisation=NOBODY)
    since = day - timedelta(days=plan.days)
    closed = Case.objects.filter(closed_at__date__gte=since, record__isnull=False)
    taken = CaseRecord.objects.filter(at__date__gte=since)
    lately = Q(publicity_until__gte=since) | Q(pk__in=closed.values("record")) | Q(pk__in=taken.values("record"))
    yield from _batches(Record.objects.filter(pk__in=seen))
    yield from _batches(unseen.filter(lately))
    yield from _batches(_turn(unseen.exclude(lately), day, plan.sample))


def _turn(others: QuerySet[Record], day: date, sample: int) -> QuerySet[Record]:
    """The part of these records whose turn it is on `day`: about `sample` of them, all within so many nights."""
    nights = max(1, -(-others.count() // sample)) if sample else 0
    if not nights:
        return others.none()
    place = Func("id", template="(hashtext(%(expressions)s::text) & 2147483647)", output_field=IntegerField())
    return others.alias(turn=Mod(place, nights)).filter(turn=day.toordinal() % nights)


def _batches(found: QuerySet[Record]) -> Iterator[list[Suspect]]:
    """Keyset pages over the ids: what is read while exits are asked holds no transaction open."""
    last: UUID | None = None
    while True:
        page = found.filter(pk__gt=last) if last else found
        rows = page.order_by("pk").values_list("pk", "item", "organisation_id", "document_no", "decided_on")[:BATCH]
        batch = [Suspect(*row) for row in rows]
        if not batch:
            return
        yield batch
        last = batch[-1].id


def _ask(place: Exit, batch: list[Suspect], outcome: _Exit, day: date, withdrawn: frozenset[UUID]) -> None:
    """Ask an exit; what it shows is judged. One that breaks is named, and the others are asked all the same."""
    if outcome.fault:
        return
    try:
        shown = list(place.shown(batch, day))
    # Whatever broke is a fault of the exit, told in the run and as an alarm.
    except Exception as error:
        _log.exception("exit %s cannot be asked", place.name)
        outcome.fault = _named(error)
        return
    outcome.checked += len(batch)
    over = judging.judge(shown, day, withdrawn)
    # Staff see what is not public, or not yet; what has ended they see no more than anybody.
    outcome.over |= {entry.record: entry for entry in over if not place.inside or entry.reason in judging.ENDED}


def _read(place: Store, outcome: _Exit, day: date, withdrawn: frozenset[UUID]) -> None:
    """Read a file or feed from end to end and judge everything in it."""
    try:
        for stretch in place.held(day):
            outcome.checked += len(stretch)
            outcome.over |= {entry.record: entry for entry in judging.judge(stretch, day, withdrawn)}
    # As in `_ask`.
    except Exception as error:
        _log.exception("exit %s cannot be read", place.name)
        outcome.fault = _named(error)


def _named(error: Exception) -> str:
    """What broke, without what it broke over: texts of errors can hold names."""
    return f"{type(error).__name__} {error}"[:80] if isinstance(error, asking.Unanswered) else type(error).__name__


def _forgive(every: list[_Exit], *, since: datetime) -> None:
    """Leave out what changed while the run was under way: it was judged and seen at different moments.

    The next run looks at it again.
    """
    over = {record for outcome in every for record in outcome.over}
    moved = set(Record.objects.filter(pk__in=over, recorded_at__gte=since).values_list("pk", flat=True))
    steps = CaseStep.objects.filter(case__record__in=over, at__gte=since)
    moved |= set(steps.values_list("case__record_id", flat=True))
    moved |= set(CaseRecord.objects.filter(record__in=over, at__gte=since).values_list("record_id", flat=True))
    for outcome in every:
        outcome.over = {record: entry for record, entry in outcome.over.items() if record not in moved}


@transaction.atomic
def _concluded(kept: ProofRun, every: list[_Exit], *, at: datetime) -> ProofRun:
    kept.exits = [outcome.as_json() for outcome in every]
    kept.overstaying = len({record for outcome in every for record in outcome.over})
    kept.ended_at = at
    named = [(outcome.name, entry) for outcome in every for entry in list(outcome.over.values())[:KEPT]]
    items = dict(Record.objects.filter(pk__in={entry.record for _, entry in named}).values_list("pk", "item"))
    Overstay.objects.bulk_create(
        Overstay(
            run=kept,
            exit=name,
            record_id=entry.record,
            item=items.get(entry.record, ""),
            reason=entry.reason,
            until=entry.until,
        )
        for name, entry in named
    )
    kept.save()
    fields = {
        "run": str(kept.pk),
        "day": kept.day.isoformat(),
        "swept": kept.swept,
        "suspects": kept.suspects,
        "exits": [outcome.name for outcome in every],
        "faults": [outcome.name for outcome in every if outcome.fault],
        "overstaying": kept.overstaying,
        "pack": kept.pack_version,
    }
    kept.leaf = ledger.append("proof.run", fields=fields, actor=kept.by, at=at)
    ProofRun.objects.filter(pk=kept.pk).update(leaf=kept.leaf)
    return kept
