"""What waits for a department: reads for the desk's first page, always the same few queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from gongxin.clock import CIVIL_TIME
from gongxin.identity.models import Department
from gongxin.intake.models import UNFINISHED, RejectedRow, Submission, SubmissionState
from gongxin.policy.model import Clock, Item
from gongxin.policy.pack import Pack

# Files without a single row: an alarm, never a success.
ZERO_ROWS: Final = ("E101", "E102")
REPORT_CLOCK: Final = "report"
_SHOWN: Final = 10
# A refused file is put away after this many days; the list of submissions still has it.
_RECENT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ItemClock:
    """One item of the department with its reporting clock.

    last_day: civil day of the last hand-in, None if there was none. since: working days from then to today. over: more
    working days than the clock allows have passed. decided_by: decisions made up to this day are due by today.
    """

    item: Item
    clock: Clock
    last_day: date | None
    since: int | None
    over: bool
    decided_by: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class ToDo:
    """Everything on the first page of the desk."""

    correct: list[Submission]
    running: list[Submission]
    refused: list[Submission]
    finished: list[Submission]
    clocks: list[ItemClock]
    open_rows: int

    @property
    def overdue(self) -> list[ItemClock]:
        """The items whose clock has run out since the last hand-in."""
        return [entry for entry in self.clocks if entry.over]


def of(department: Department, pack: Pack, *, at: datetime) -> ToDo:
    """What waits for the department at that instant."""
    own = Submission.objects.filter(provider=department).select_related("submitted_by")
    waiting = waiting_for_correction(own).order_by("-received_at")
    return ToDo(
        correct=list(waiting[:_SHOWN]),
        running=list(own.filter(state__in=UNFINISHED)[:_SHOWN]),
        refused=list(_refused(own, at)[:_SHOWN]),
        finished=list(own.filter(state=SubmissionState.COMPLETED)[:5]),
        clocks=item_clocks(department, pack, day=at.astimezone(CIVIL_TIME).date()),
        open_rows=_open().filter(submission__provider=department).count(),
    )


def open_rows(submission: Submission) -> int:
    """How many rejected rows of the submission can still be corrected."""
    return _open().filter(submission=submission).count()


def waiting_for_correction(submissions: QuerySet[Submission]) -> QuerySet[Any]:
    """The submissions that have `open_rows`."""
    return with_open_rows(submissions).filter(open_rows__gt=0)


def with_open_rows(submissions: QuerySet[Submission]) -> QuerySet[Any]:
    """The submissions, each with `open_rows`: how many rejected rows can still be corrected."""
    per_submission = _open().filter(submission=OuterRef("pk")).order_by().values("submission").annotate(n=Count("pk"))
    return submissions.annotate(open_rows=Coalesce(Subquery(per_submission.values("n")), 0))


def item_clocks(department: Department, pack: Pack, *, day: date) -> list[ItemClock]:
    """The reporting clock of each of the department's items that has one: longest waiting first, never used last."""
    counted = Submission.objects.filter(provider=department, state=SubmissionState.COMPLETED, rows_in__gt=0)
    last = dict(counted.order_by().values_list("item").annotate(last=Max("received_at")))
    items = [pack.items[item] for item in department.items if item in pack.items]
    clocked = [item for item in items if REPORT_CLOCK in item.clocks and REPORT_CLOCK in pack.clocks]
    entries = [_item_clock(item, last.get(item.id), pack, day) for item in clocked]
    return sorted(entries, key=lambda entry: (entry.last_day is None, -(entry.since or 0), entry.item.id))


def _item_clock(item: Item, last: datetime | None, pack: Pack, day: date) -> ItemClock:
    clock = pack.clocks[REPORT_CLOCK]
    last_day = last.astimezone(CIVIL_TIME).date() if last else None
    since, unsure = _passed(last_day, day, clock, pack) if last_day else (None, False)
    decided_by, unsure_start = _start_of(day, clock, pack)
    over = since is not None and since > clock.limit
    return ItemClock(item, clock, last_day, since, over, decided_by, unsure or unsure_start)


def _passed(start: date, end: date, clock: Clock, pack: Pack) -> tuple[int, bool]:
    return pack.calendar.between(start, end) if clock.unit == "working-day" else ((end - start).days, False)


def _start_of(day: date, clock: Clock, pack: Pack) -> tuple[date, bool]:
    """The last day whose clock has run out on `day`."""
    if clock.unit != "working-day":
        return day - timedelta(days=clock.limit), False
    start = day - timedelta(days=clock.limit)
    while pack.calendar.between(start, day)[0] < clock.limit:
        start -= timedelta(days=1)
    return start, pack.calendar.between(start, day)[1]


def _refused(own: QuerySet[Submission], at: datetime) -> QuerySet[Submission]:
    """Refused files, and files of zero rows, that no later hand-in of the same item has made good."""
    later = Submission.objects.filter(
        provider=OuterRef("provider"),
        item=OuterRef("item"),
        state=SubmissionState.COMPLETED,
        rows_in__gt=0,
        received_at__gt=OuterRef("received_at"),
    )
    empty = Q(state=SubmissionState.COMPLETED, rows_in=0)
    recent = own.filter(Q(state=SubmissionState.REFUSED) | empty, received_at__gte=at - _RECENT)
    return recent.filter(~Exists(later))


def _open() -> QuerySet[RejectedRow]:
    """Rejected rows that nothing has corrected yet and whose content was kept."""
    return RejectedRow.objects.filter(corrected_by=None, cells__isnull=False)
