"""The list of submissions: filters in the address, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gongxin.clock import CIVIL_TIME
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department
from gongxin.intake.models import Submission, SubmissionState
from gongxin.policy import packs
from gongxin.web import sheets
from gongxin.web.desk import todo
from gongxin.web.desk.pages import desk_page, number, query, scope

_PAGE = 25
# The browser's own calendar; ISO days, whatever the page's language.
_DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
_COLUMNS = (
    "报送时间", "信息提供单位", "目录项", "文件", "方式", "报送人", "状态",
    "报送行数", "新增", "更新", "未变化", "退回", "已接收", "待改正", "批次号",
)  # fmt: skip


class Filters(forms.Form):
    """What narrows the list. An unreadable value narrows nothing and is told."""

    item = forms.ChoiceField(label=_("目录项"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), *SubmissionState.choices, ("open", _("有待改正的数据"))],
    )
    since = forms.DateField(label=_("报送日期自"), required=False, widget=_DAY)
    until = forms.DateField(label=_("报送日期至"), required=False, widget=_DAY)
    provider = forms.ChoiceField(label=_("信息提供单位"), required=False)

    def __init__(self, *args: Any, scope: Department | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = packs.current().items.values()
        self._choose("item", [(item.id, item.title) for item in items])
        if scope is None:
            self._choose("provider", [(entry.code, entry.name) for entry in departments.listing(inactive=True)])
        else:
            del self.fields["provider"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("全部")), *choices]


@require_safe
@desk_page
def submissions(request: HttpRequest) -> HttpResponseBase:
    """The submissions the user may see, newest first, a page at a time."""
    seen = scope(request, Action.SUBMISSION_READ)
    filters = Filters(request.GET, scope=seen)
    page = Paginator(_filtered(filters, seen), _PAGE).get_page(number(request.GET.get("page")))
    context = {
        "filters": filters,
        "page": page,
        "query": query(request, page=""),
        "sees_all": seen is None,
        "titles": {item.id: item.title for item in packs.current().items.values()},
    }
    return render(request, "desk/submissions.html", context)


@require_safe
@desk_page
def submissions_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    seen = scope(request, Action.SUBMISSION_READ)
    found = _filtered(Filters(request.GET, scope=seen), seen)
    return sheets.listed(form, "报送批次", _COLUMNS, _rows(found))


def _filtered(filters: Filters, seen: Department | None) -> QuerySet[Submission]:
    found = Submission.objects.select_related("provider", "submitted_by").order_by("-received_at", "pk")
    if seen is not None:
        found = found.filter(provider=seen)
    filters.full_clean()
    wanted = filters.cleaned_data
    if wanted.get("provider"):
        found = found.filter(provider__code=wanted["provider"])
    if wanted.get("item"):
        found = found.filter(item=wanted["item"])
    found = _between(found, wanted.get("since"), wanted.get("until"))
    state = wanted.get("state")
    if state == "open":
        return todo.waiting_for_correction(found)
    return todo.with_open_rows(found.filter(state=state) if state else found)


def _between(found: QuerySet[Submission], since: date | None, until: date | None) -> QuerySet[Submission]:
    """Civil days in China, both included (the database session counts days in settings.TIME_ZONE)."""
    if since:
        found = found.filter(received_at__date__gte=since)
    return found.filter(received_at__date__lte=until) if until else found


def _rows(found: QuerySet[Submission]) -> Iterator[list[str]]:
    titles: dict[str | UUID, str] = {item.id: item.title for item in packs.current().items.values()}
    for entry in found.iterator(chunk_size=1000):
        counts = (entry.rows_in, entry.accepted, entry.revised, entry.unchanged, entry.rejected, entry.received)
        yield [
            f"{entry.received_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M:%S}",
            entry.provider.name,
            titles.get(entry.item, entry.item),
            entry.filename,
            entry.get_channel_display(),
            entry.submitted_by.display_name() if entry.submitted_by else "",
            entry.get_state_display(),
            *(str(count) for count in counts),
            str(getattr(entry, "open_rows", 0)),
            str(entry.pk),
        ]
