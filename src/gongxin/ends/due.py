"""What may be destroyed on a day: archived, its term of keeping over, nothing under way about it. Reads only.

Never what is public or could be: whatever the row says, `judging` has to say so too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import (
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest, TruncDate

from gongxin.clock import CIVIL_TIME
from gongxin.ends import judging
from gongxin.intake.models import UNFINISHED, RejectedRow, Submission
from gongxin.ledger import batches
from gongxin.policy import packs
from gongxin.policy.retention import Retention
from gongxin.records.models import Contested, Record, State
from gongxin.records.selectors import NOBODY
from gongxin.rights.models import Case, CaseRecord
from gongxin.walls import acting

# Entries of one list at most: as many as somebody can look through and one transaction can take.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, or the submission whose rejected rows it is about, and when it ended."""

    subject: UUID
    item: str
    ended_on: date


def of(rule: Retention, day: date, among: Collection[UUID] | None = None) -> list[Entry]:
    """What may be destroyed under the rule on `day`, the oldest first, at most MOST; only of `among` if given."""
    by = rule.ended_by(day)
    if by is None or rule.then != "decided" or not rule.in_force(day):
        return []
    found = _records(rule, day, by) if rule.what == "record" else _rejections(rule, by)
    if among is not None:
        found = found.filter(pk__in=among)
    rows = found.order_by("ended_on", "pk").values_list("pk", "item", "ended_on")[:MOST]
    entries = [Entry(*row) for row in rows]
    return list(_unseen(entries, day)) if rule.what == "record" else entries


def waiting(day: date) -> list[tuple[Retention, int]]:
    """Every rule under which officials decide, with how much may be destroyed on `day` (counted up to MOST)."""
    found = [
        rule
        for rule in packs.current().retention.values()
        if rule.then == "decided" and rule.in_force(day) and rule.what in ("record", "rejected-row")
    ]
    # Numbers over everybody's rows: the auditor, who sees them, sees none of the rows.
    with acting.as_node():
        return [(rule, len(of(rule, day))) for rule in found]


def root(entries: Sequence[Entry]) -> str:
    """The Merkle root over a list: each entry by its id, with the hash of item and day."""
    keys = b"".join(entry.subject.bytes for entry in entries)
    contents = b"".join(
        hashlib.sha256(f"{entry.item}|{entry.ended_on.isoformat()}".encode()).digest()[:16] for entry in entries
    )
    return batches.root(batches.entries(keys, contents)).hex()


def _of_rule(rule: Retention) -> Q:
    """The items a rule is for."""
    if rule.items:
        return Q(item__in=rule.items)
    named = {item for other in packs.current().retention.values() if other.what == rule.what for item in other.items}
    return ~Q(item__in=named)


def _records(rule: Retention, day: date, by: date) -> QuerySet[Any]:
    about = Case.objects.filter(record=OuterRef("pk"))
    taken_in = CaseRecord.objects.filter(record=OuterRef("pk"))
    closed = about.order_by().values("record").annotate(last=Max("closed_at")).values("last")
    last_taken = taken_in.order_by().values("record").annotate(last=Max("at")).values("last")
    after = ExpressionWrapper(F("publicity_until") + Value(1), output_field=DateField())
    ended = Greatest(
        TruncDate("recorded_at", tzinfo=CIVIL_TIME),
        TruncDate(Subquery(closed, output_field=DateTimeField()), tzinfo=CIVIL_TIME),
        TruncDate(Subquery(last_taken, output_field=DateTimeField()), tzinfo=CIVIL_TIME),
        Choice(When(state=State.ACTIVE, then=after), default=None, output_field=DateField()),
    )
    # Out of sight for a while only: it may come back.
    archived = ~Q(state__in=[State.ACTIVE, State.SHIELDED]) | Q(state=State.ACTIVE, publicity_until__lt=day)
    under_way = (about.filter(outcome=""), taken_in.filter(case__outcome=""))
    contested = Contested.objects.filter(record=OuterRef("pk"))
    found = Record.objects.filter(archived, _of_rule(rule)).exclude(organisation=NOBODY)
    for reason in (*under_way, contested):
        found = found.exclude(Exists(reason))
    return found.annotate(ended_on=ended).filter(ended_on__lte=by)


def _rejections(rule: Retention, by: date) -> QuerySet[Any]:
    kept = Exists(RejectedRow.objects.filter(submission=OuterRef("pk"), cells__isnull=False))
    finished = Submission.objects.exclude(state__in=UNFINISHED).filter(_of_rule(rule), kept)
    return finished.annotate(ended_on=TruncDate("completed_at", tzinfo=CIVIL_TIME)).filter(ended_on__lte=by)


def _unseen(entries: list[Entry], day: date) -> Iterator[Entry]:
    """Those of them that nobody may see, found out the second way."""
    over = judging.judge([entry.subject for entry in entries], day, judging.withdrawn_by_cases()) if entries else []
    sure = {found.record for found in over if found.reason != "early"}
    return (entry for entry in entries if entry.subject in sure)


def rule(rule_id: str) -> Retention | None:
    """The rule of the pack with this id."""
    return packs.current().retention.get(rule_id)
