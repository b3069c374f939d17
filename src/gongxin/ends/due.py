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

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import TruncDate

from gongxin.clock import CIVIL_TIME
from gongxin.correspondence.models import Delivery, Message
from gongxin.correspondence.models import State as Waiting
from gongxin.ends import ending, judging
from gongxin.intake.models import UNFINISHED, RejectedRow, Submission
from gongxin.ledger import batches
from gongxin.persons import ending as ending_of_persons
from gongxin.persons.seen import SMALLEST
from gongxin.policy import packs
from gongxin.policy.retention import Retention
from gongxin.records.models import Contested, Record, State
from gongxin.records.selectors import NOBODY
from gongxin.rights.models import Case, CaseRecord
from gongxin.walls import acting

# What rules are about whose entries nobody sees; and what stands for an item where an e-mail is destroyed.
PERSONS: Final = "person-entry"
DELIVERY: Final = "delivery"
TOLD: Final = ("message", "delivery")
# Entries of one list at most: as many as somebody can look through and one transaction can take.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, the submission whose rejected rows it is about, a message or an e-mail, and when it ended."""

    subject: UUID
    item: str
    ended_on: date


def of(rule: Retention, day: date, among: Collection[UUID] | None = None) -> list[Entry]:
    """What may be destroyed under the rule on `day`, the oldest first, at most MOST; only of `among` if given."""
    by = rule.ended_by(day)
    if by is None or rule.then != "decided" or not rule.in_force(day):
        return []
    found = _found(rule, day, by)
    if among is not None:
        found = found.filter(pk__in=among)
    rows = found.order_by("ended_on", "pk").values_list("pk", "item", "ended_on")[:MOST]
    if rule.what in TOLD:
        # Of messages to everybody's accounts: ids and days, which say nothing of what they told.
        with acting.as_node():
            return [Entry(*row) for row in rows]
    entries = [Entry(*row) for row in rows]
    return list(_unseen(entries, day)) if rule.what == "record" else entries


def waiting(day: date) -> list[tuple[Retention, int]]:
    """Every rule under which officials decide, with how much may be destroyed on `day` (counted up to MOST)."""
    found = [rule for rule in packs.current().retention.values() if rule.then == "decided" and rule.in_force(day)]
    # Numbers over everybody's rows: the auditor, who sees them, sees none of the rows.
    with acting.as_node():
        return [(rule, count(rule, day)) for rule in found]


def count(rule: Retention, day: date) -> int:
    """How much may be destroyed under a rule on `day`, up to MOST. Of persons tell it by `told` alone."""
    return ending_of_persons.count(rule, day, most=MOST) if rule.what == PERSONS else len(of(rule, day))


def told(what: str, number: int) -> int | None:
    """A number as it may be told: of entries of personal files, None for some that are fewer than ten."""
    return None if what == PERSONS and 0 < number < SMALLEST else number


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
    # Out of sight for a while only: it may come back.
    archived = ~Q(state__in=[State.ACTIVE, State.SHIELDED]) | Q(state=State.ACTIVE, publicity_until__lt=day)
    under_way = (about.filter(outcome=""), taken_in.filter(case__outcome=""))
    contested = Contested.objects.filter(record=OuterRef("pk"))
    found = Record.objects.filter(archived, _of_rule(rule)).exclude(organisation=NOBODY)
    for reason in (*under_way, contested):
        found = found.exclude(Exists(reason))
    return found.annotate(ended_on=ending.ended_on()).filter(ended_on__lte=by)


def _found(rule: Retention, day: date, by: date) -> QuerySet[Any]:
    if rule.what == "record":
        return _records(rule, day, by)
    return _rejections(rule, by) if rule.what == "rejected-row" else _correspondence(rule, by)


def _correspondence(rule: Retention, by: date) -> QuerySet[Any]:
    """Messages to accounts, and e-mails to them that do not wait any more, each with what stands for its item."""
    if rule.what == "message":
        day = TruncDate("at", tzinfo=CIVIL_TIME)
        return Message.objects.annotate(item=F("kind"), ended_on=day).filter(ended_on__lte=by)
    done = Delivery.objects.exclude(state=Waiting.WAITING)
    day = TruncDate("made_at", tzinfo=CIVIL_TIME)
    return done.annotate(item=Value(DELIVERY), ended_on=day).filter(ended_on__lte=by)


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
