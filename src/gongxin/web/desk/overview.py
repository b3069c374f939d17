"""The credit office's overview: how much, how good and how timely each department hands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django import forms
from django.db.models import Count, IntegerField, Max, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department
from gongxin.intake.models import RejectedRow, Submission, SubmissionState
from gongxin.web import sheets
from gongxin.web.desk.pages import desk_page, query, require

# The warning that intake gives to a row that came after its reporting clock had run out.
LATE: Final = "W501"
_DAYS: Final = (("30", _("近 30 天")), ("90", _("近 90 天")), ("365", _("近一年")))
_COLUMNS: Final = (
    "信息提供单位", "单位代码", "批次", "整批退回", "报送行数", "入库", "退回", "退回率",
    "超时行数", "及时率", "待改正", "最近报送",
)  # fmt: skip


class Period(forms.Form):
    """The days back that are counted."""

    days = forms.ChoiceField(label=_("统计期间"), choices=_DAYS, required=False)


@dataclass(frozen=True, slots=True)
class Performance:
    """One department's hand-ins in the period. taken: rows accepted, revised or unchanged; late: of them, too late."""

    department: Department
    submissions: int
    refused: int
    rows_in: int
    taken: int
    rejected: int
    late: int
    open_rows: int
    last: datetime | None

    @property
    def rejected_share(self) -> float | None:
        """Percent of the rows handed in that were rejected; None without rows."""
        return 100 * self.rejected / self.rows_in if self.rows_in else None

    @property
    def timely_share(self) -> float | None:
        """Percent of the rows taken in that came in time; None without rows."""
        return 100 * (self.taken - self.late) / self.taken if self.taken else None


@require_safe
@desk_page
def departments_page(request: HttpRequest) -> HttpResponseBase:
    """All departments side by side."""
    require(request, Action.OVERVIEW_READ)
    days, form = _period(request)
    rows = of_all(at=clock.now(), days=days)
    silent = [row.department for row in rows if row.department.active and not row.submissions]
    context = {"rows": rows, "period": form, "days": days, "silent": silent, "query": query(request)}
    return render(request, "desk/departments.html", context)


@require_safe
@desk_page
def departments_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The same rows as CSV or XLSX."""
    require(request, Action.OVERVIEW_READ)
    days, _form = _period(request)
    return sheets.listed(form, "各单位报送情况", _COLUMNS, _lines(of_all(at=clock.now(), days=days)))


def of_all(*, at: datetime, days: int) -> list[Performance]:
    """Every department with its hand-ins of the last `days` days; three queries."""
    counts = {row["provider"]: row for row in _counted(at - timedelta(days=days))}
    waiting = RejectedRow.objects.filter(corrected_by=None, cells__isnull=False).order_by()
    grouped = waiting.values_list("submission__provider").annotate(n=Count("pk"))
    open_rows = dict(grouped)
    return [
        _performance(department, counts.get(department.pk, {}), open_rows.get(department.pk, 0))
        for department in departments.listing(inactive=True)
    ]


def _counted(since: datetime) -> Iterable[Mapping[str, object]]:
    late = Cast(KeyTextTransform(LATE, "warnings_by_code"), IntegerField())
    return (
        Submission.objects.filter(received_at__gte=since)
        .order_by()
        .values("provider")
        .annotate(
            submissions=Count("pk"),
            refused=Count("pk", filter=Q(state=SubmissionState.REFUSED)),
            rows=Coalesce(Sum("rows_in"), 0),
            taken=Coalesce(Sum("accepted") + Sum("revised") + Sum("unchanged"), 0),
            bad=Coalesce(Sum("rejected"), 0),
            late=Coalesce(Sum(late), 0),
            last=Max("received_at"),
        )
    )


def _performance(department: Department, counted: Mapping[str, object], open_rows: int) -> Performance:
    def count(name: str) -> int:
        value = counted.get(name, 0)
        return value if isinstance(value, int) else 0

    last = counted.get("last")
    return Performance(
        department=department,
        submissions=count("submissions"),
        refused=count("refused"),
        rows_in=count("rows"),
        taken=count("taken"),
        rejected=count("bad"),
        late=count("late"),
        open_rows=open_rows,
        last=last if isinstance(last, datetime) else None,
    )


def _period(request: HttpRequest) -> tuple[int, Period]:
    form = Period({"days": request.GET.get("days") or _DAYS[0][0]})
    return (int(form.cleaned_data["days"]) if form.is_valid() else int(_DAYS[0][0])), form


def _lines(rows: list[Performance]) -> Iterator[list[str]]:
    for row in rows:
        counts = (row.submissions, row.refused, row.rows_in, row.taken, row.rejected)
        yield [
            row.department.name,
            row.department.code,
            *(str(count) for count in counts),
            _percent(row.rejected_share),
            str(row.late),
            _percent(row.timely_share),
            str(row.open_rows),
            f"{row.last.astimezone(clock.CIVIL_TIME):%Y-%m-%d %H:%M}" if row.last else "",
        ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2f}%"
