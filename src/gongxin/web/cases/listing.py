"""The list of cases: whose turn, which clock; filters in the address, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

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
from gongxin.ends import archive
from gongxin.enquiries.looks import Seen
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.policy.casework import ROLE_WORDS
from gongxin.records import archiving
from gongxin.rights import deadlines, selectors
from gongxin.rights.models import Case
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import desk_page, number, query, scope

_PAGE: Final = 25
# Closed, and the time for remedies is over: of these the list tells number, procedure, unit and days, no more.
ARCHIVED: Final = "archived"
_STANDINGS: Final = (
    ("open", gettext_lazy("未办结")),
    ("turn", gettext_lazy("轮到承办单位")),
    ("party", gettext_lazy("轮到信用主体")),
    ("soon", gettext_lazy("即将到期")),
    ("late", gettext_lazy("已超期")),
    ("closed", gettext_lazy("已办结")),
    (ARCHIVED, gettext_lazy("已归档")),
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
    # In addresses from the page of an organisation.
    organisation = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, all_departments: bool, archive: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not archive:
            self._choose("standing", _STANDINGS[:-1])
        self._choose("procedure", [(entry.id, entry.title) for entry in packs.current().procedures.values()])
        if all_departments:
            self._choose("department", [(entry.code, entry.name) for entry in departments.listing(inactive=True)])
        else:
            del self.fields["department"]

    def _choose(self, name: str, choices: Iterable[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("全部")), *choices]


@dataclass(frozen=True, slots=True)
class Found:
    """What an address asks for. everything: the cases that its counts are of; cases: what the filters leave, those due
    first at the top while they are open; archived: these are told no more of than the archive tells; own: they are the
    asker's own, to whom nothing of them is archived.
    """

    filters: Filters
    everything: QuerySet[Case]
    cases: QuerySet[Case]
    archived: bool = False
    own: bool = False

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """What a page of the list shows."""
        page, day = Paginator(self.cases, _PAGE).get_page(number(request.GET.get("page"))), clock.today()
        self._saw(request, [case.organisation_id for case in page])
        return {
            "filters": self.filters,
            "archived": self.archived,
            "page": page,
            "rows": [(case, selectors.where(case, day=day)) for case in page],
            "query": query(request, page=""),
            "late": self.everything.filter(pk__in=deadlines.late(day)).count(),
            "soon": self.everything.filter(pk__in=deadlines.soon(day)).count(),
            "open": self.everything.filter(outcome="").count(),
        }

    def as_file(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """All rows as CSV or XLSX."""
        self._saw(request, self.cases.order_by().values_list("organisation_id", flat=True).distinct())
        return sheets.listed(form, "办件", _COLUMNS, _rows(self, clock.today()))

    def _saw(self, request: HttpRequest, organisations: Iterable[UUID]) -> None:
        """Whom the cases are about learns that they were looked at; of archived ones nothing about them is told."""
        others = () if self.archived else tuple(dict.fromkeys(organisations))
        looking.saw(request, Seen(_("办件列表"), others=others))


@require_safe
@desk_page
def cases(request: HttpRequest) -> HttpResponseBase:
    """The cases the user may see, those due first at the top while they are open."""
    return render(request, "cases/list.html", _of_desk(request).context(request))


@require_safe
@desk_page
def cases_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    return _of_desk(request).as_file(request, form)


def of_organisations(request: HttpRequest, codes: frozenset[str]) -> Found:
    """For the organisation's own list: nothing of its cases is archived for itself."""
    filters = Filters(request.GET, all_departments=False, archive=False)
    everything = selectors.of_organisations(codes)
    return Found(filters, everything, _filtered(everything, filters, own=True), own=True)


def _of_desk(request: HttpRequest) -> Found:
    """At the desk: what the department decides, or everything; what is archived by itself."""
    seen = scope(request, Action.CASE_READ)
    filters, at_hand = Filters(request.GET, all_departments=seen is None), archive.cases_at_hand(clock.today())
    everything = selectors.visible(seen)
    if request.GET.get("standing") == ARCHIVED:
        gone = everything.exclude(at_hand)
        return Found(filters, everything, _filtered(gone, filters, told=False), archived=True)
    return Found(filters, everything, _filtered(everything.filter(at_hand), filters))


def _filtered(found: QuerySet[Case], filters: Filters, *, told: bool = True, own: bool = False) -> QuerySet[Case]:
    """What the filters leave. told: whom the cases are about may be looked for, not their number alone. own: the number
    of an archived record too.
    """
    filters.full_clean()
    wanted = filters.cleaned_data
    if wanted.get("procedure"):
        found = found.filter(procedure=wanted["procedure"])
    if wanted.get("department"):
        found = found.filter(department__code=wanted["department"])
    if wanted.get("organisation") and told:
        found = found.filter(organisation=wanted["organisation"])
    if text := (wanted.get("q") or "").strip():
        documents = Q(record__document_no__contains=text)
        if not own:
            documents &= archiving.at_hand(clock.today(), through="record__")
        about = Q(organisation__name__contains=text) | documents
        found = found.filter(Q(number__contains=text) | about if told else Q(number__contains=text))
    if wanted.get("standing"):
        found = found.filter(_standing(wanted["standing"], clock.today()))
    return found.order_by("closed_at", "due_on", "-opened_at", "pk")


def _standing(wanted: str, day: date) -> Q:
    return {
        "open": Q(outcome=""),
        "turn": selectors.turn_of("case_officer"),
        "party": selectors.turn_of("representative"),
        "soon": Q(pk__in=deadlines.soon(day)),
        "late": Q(pk__in=deadlines.late(day)),
        "closed": ~Q(outcome=""),
        ARCHIVED: ~Q(outcome=""),
    }[wanted]


def _rows(found: Found, day: date) -> Iterator[list[str]]:
    """Whom they are about, and of a record that is not archived its number; of archived cases neither."""
    told = not found.archived
    for case in found.cases.iterator(chunk_size=1000):
        where = selectors.where(case, day=day)
        yield [
            case.number,
            where.procedure.title,
            case.organisation.name if told else "",
            (case.organisation.uscc or "") if told else "",
            _document(case, day, own=found.own) if told else "",
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


def _document(case: Case, day: date, *, own: bool) -> str:
    held = case.record
    return held.document_no if held is not None and (own or archiving.is_at_hand(held, day)) else ""
