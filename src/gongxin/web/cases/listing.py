"""The list of cases: whose turn, which clock; filters in the address, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.policy.casework import ROLE_WORDS
from gongxin.rights import deadlines, selectors
from gongxin.rights.models import Case
from gongxin.web import sheets
from gongxin.web.desk.pages import desk_page, number, query, scope

_PAGE: Final = 25
_STANDINGS: Final = (
    ("open", gettext_lazy("未办结")),
    ("turn", gettext_lazy("轮到承办单位")),
    ("party", gettext_lazy("轮到信用主体")),
    ("soon", gettext_lazy("即将到期")),
    ("late", gettext_lazy("已超期")),
    ("closed", gettext_lazy("已办结")),
)
_COLUMNS: Final = (
    "办件编号", "程序", "信用主体", "统一社会信用代码", "文书号", "承办单位", "提出方式", "提出日期", "状态", "轮到",
    "办理期限", "剩余工作日", "结果", "办结时间",
)  # fmt: skip


class Filters(forms.Form):
    """What narrows the list. An unreadable value narrows nothing and is told."""

    standing = forms.ChoiceField(
        label=gettext_lazy("状态"), required=False, choices=[("", gettext_lazy("全部")), *_STANDINGS]
    )
    procedure = forms.ChoiceField(label=gettext_lazy("程序"), required=False)
    department = forms.ChoiceField(label=gettext_lazy("承办单位"), required=False)
    q = forms.CharField(label=gettext_lazy("编号、主体名称或者文书号"), required=False, max_length=100)

    def __init__(self, *args: Any, all_departments: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("procedure", [(entry.id, entry.title) for entry in packs.current().procedures.values()])
        if all_departments:
            self._choose("department", [(entry.code, entry.name) for entry in departments.listing(inactive=True)])
        else:
            del self.fields["department"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("全部")), *choices]


@require_safe
@desk_page
def cases(request: HttpRequest) -> HttpResponseBase:
    """The cases the user may see, those due first at the top while they are open."""
    filters, found = _asked(request)
    page = Paginator(found, _PAGE).get_page(number(request.GET.get("page")))
    day = clock.today()
    everything = selectors.visible(scope(request, Action.CASE_READ))
    context = {
        "filters": filters,
        "page": page,
        "rows": [(case, selectors.where(case, day=day)) for case in page],
        "query": query(request, page=""),
        "late": everything.filter(pk__in=deadlines.late(day)).count(),
        "soon": everything.filter(pk__in=deadlines.soon(day)).count(),
        "open": everything.filter(outcome="").count(),
    }
    return render(request, "cases/list.html", context)


@require_safe
@desk_page
def cases_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    _filters, found = _asked(request)
    return sheets.listed(form, "办件", _COLUMNS, _rows(found, clock.today()))


def _asked(request: HttpRequest) -> tuple[Filters, QuerySet[Case]]:
    seen = scope(request, Action.CASE_READ)
    filters = Filters(request.GET, all_departments=seen is None)
    filters.full_clean()
    wanted = filters.cleaned_data
    found = selectors.visible(seen)
    if wanted.get("procedure"):
        found = found.filter(procedure=wanted["procedure"])
    if wanted.get("department"):
        found = found.filter(department__code=wanted["department"])
    if text := (wanted.get("q") or "").strip():
        found = found.filter(
            Q(number__contains=text) | Q(organisation__name__contains=text) | Q(record__document_no__contains=text)
        )
    if wanted.get("standing"):
        found = found.filter(_standing(wanted["standing"], clock.today()))
    return filters, found.order_by("closed_at", "due_on", "-opened_at", "pk")


def _standing(wanted: str, day: date) -> Q:
    return {
        "open": Q(outcome=""),
        "turn": selectors.turn_of("case_officer"),
        "party": selectors.turn_of("representative"),
        "soon": Q(pk__in=deadlines.soon(day)),
        "late": Q(pk__in=deadlines.late(day)),
        "closed": ~Q(outcome=""),
    }[wanted]


def _rows(found: QuerySet[Case], day: date) -> Iterator[list[str]]:
    for case in found.iterator(chunk_size=1000):
        where = selectors.where(case, day=day)
        yield [
            case.number,
            where.procedure.title,
            case.organisation.name,
            case.organisation.uscc or "",
            case.record.document_no if case.record else "",
            case.department.name,
            case.get_channel_display(),
            case.filed_on.isoformat(),
            where.state.title,
            "、".join(ROLE_WORDS[role] for role in where.turn),
            case.due_on.isoformat() if case.due_on else "",
            "" if where.left is None else str(where.left),
            case.outcome,
            f"{case.closed_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}" if case.closed_at else "",
        ]
