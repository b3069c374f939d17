"""How a record ended: on which day, by what, and until when the archive keeps it. Of many at once in three queries.

This is all that is told of archived content outside the archive (identity/decisions.yaml, `archive.trace`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import (
    DateField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest, TruncDate

from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs, retention
from gongxin.policy.casework import Effect, Procedure, Transition
from gongxin.policy.model import Reference
from gongxin.policy.retention import Retention
from gongxin.records import archiving
from gongxin.records.models import Record, State
from gongxin.rights.models import Case, CaseRecord, CaseStep

# Effects of steps by which a record ends, and those of cases about an organisation.
_ENDS: Final = ("repair", "revoke", "remove", "shield", "settle")

_TITLES_EN: Final = {
    "ended": "publicity term over",
    "closed": "archived",
    "repaired": "repaired",
    "revoked": "revoked",
    "removed": "removed from the list",
    "shielded": "shielded",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What may be told of a record that is archived or shielded without telling what it says.

    state: of the record, or "ended" where its term is over. case: number of the case that ended it, "" for none; basis:
    on what that step or term rests. kept_until: the last day of keeping by `rule`; None: for ever, or no rule.
    """

    record: UUID
    item: str
    item_en: str
    state: str
    ended_on: date
    case: str
    procedure: Procedure | None
    basis: Reference | None
    rule: Retention | None
    kept_until: date | None

    @property
    def title(self) -> str:
        """The ground of the end, as pages and files say it."""
        return "公示期届满" if self.state == "ended" else str(State(self.state).label)

    @property
    def title_en(self) -> str:
        """The ground in English."""
        return _TITLES_EN[self.state]

    @property
    def shielded(self) -> bool:
        """Out of sight for a while: not archive, and it may come back."""
        return self.state == State.SHIELDED


def ended_on() -> Greatest:
    """The day on which an archived record ended, of a queryset of records: its keeping counts from it.

    The last of: when its content was recorded, its last case was closed or took it in, its term was over.
    """
    about = Case.objects.filter(record=OuterRef("pk"))
    taken_in = CaseRecord.objects.filter(record=OuterRef("pk"))
    closed = about.order_by().values("record").annotate(last=Max("closed_at")).values("last")
    last_taken = taken_in.order_by().values("record").annotate(last=Max("at")).values("last")
    after = ExpressionWrapper(F("publicity_until") + Value(1), output_field=DateField())
    return Greatest(
        TruncDate("recorded_at", tzinfo=CIVIL_TIME),
        TruncDate(Subquery(closed, output_field=DateTimeField()), tzinfo=CIVIL_TIME),
        TruncDate(Subquery(last_taken, output_field=DateTimeField()), tzinfo=CIVIL_TIME),
        Choice(When(state=State.ACTIVE, then=after), default=None, output_field=DateField()),
    )


def of(ids: Collection[UUID], *, day: date) -> dict[UUID, Ending]:
    """How those of the records ended that staff may not work with on `day`; the others are left out."""
    rows = Record.objects.filter(pk__in=ids).exclude(archiving.at_hand(day)).annotate(ended=ended_on())
    held = list(rows.only("item", "state", "publicity_rule"))
    ended = {entry.pk: entry for entry in held}
    causes = _causes([pk for pk, entry in ended.items() if entry.state != State.ACTIVE])
    return {pk: _ending(entry, causes.get(pk), day) for pk, entry in ended.items()}


def of_record(held: Record, *, day: date) -> Ending | None:
    """How the record ended; None where staff may work with it on `day`."""
    return None if archiving.is_at_hand(held, day) else of([held.pk], day=day).get(held.pk)


@dataclass(frozen=True, slots=True)
class _Cause:
    at: datetime
    number: str
    procedure: Procedure
    row: Transition


def _ending(held: Any, cause: _Cause | None, day: date) -> Ending:
    pack = packs.current()
    item = pack.items.get(held.item)
    rule = None if held.state == State.SHIELDED else retention.rule_of(pack, "record", held.item, day)
    over = rule.over_from(held.ended) if rule else None
    return Ending(
        record=held.pk,
        item=item.title if item else held.item,
        item_en=item.title_en if item else held.item,
        state="ended" if held.state == State.ACTIVE else held.state,
        ended_on=held.ended,
        case=cause.number if cause else "",
        procedure=cause.procedure if cause else None,
        basis=cause.row.reference if cause else None,
        rule=rule,
        kept_until=date.fromordinal(over.toordinal() - 1) if over else None,
    )


def _causes(ids: Collection[UUID]) -> dict[UUID, _Cause]:
    """The step that ended each of the records last; none for what was never in a case."""
    if not ids:
        return {}
    found: dict[UUID, _Cause] = {}
    for record, cause in sorted([*_of_cases(ids), *_of_organisations(ids)], key=lambda pair: pair[1].at):
        found[record] = cause
    return found


def _of_cases(ids: Collection[UUID]) -> Iterator[tuple[UUID, _Cause]]:
    rows = _ending_rows()
    wanted = Q(pk__in=[])
    for procedure, action in rows:
        wanted |= Q(case__procedure=procedure, action=action)
    steps = CaseStep.objects.filter(wanted, case__record__in=ids)
    for record, at, number, procedure, action in steps.values_list(
        "case__record", "at", "case__number", "case__procedure", "action"
    ):
        about, row = rows[procedure, action]
        yield record, _Cause(at, number, about, row)


def _of_organisations(ids: Collection[UUID]) -> Iterator[tuple[UUID, _Cause]]:
    """Of cases about an organisation: what they did to the record names the effect, and so the step."""
    rows = {(procedure.id, row.effect): (procedure, row) for procedure, row in _ending_rows().values()}
    effects: dict[str, Effect] = {"shielded": "shield", "settled": "settle"}
    taken = CaseRecord.objects.filter(record__in=ids, change__in=effects)
    for record, at, number, procedure, change in taken.values_list(
        "record", "at", "case__number", "case__procedure", "change"
    ):
        known = rows.get((procedure, effects[change]))
        if known is not None:
            yield record, _Cause(at, number, known[0], known[1])


def _ending_rows() -> dict[tuple[str, str], tuple[Procedure, Transition]]:
    """The steps by which records end, by procedure and action."""
    return {
        (procedure.id, row.action): (procedure, row)
        for procedure in packs.current().procedures.values()
        for row in procedure.transitions
        if row.effect in _ENDS
    }
