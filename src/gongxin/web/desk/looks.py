"""The log of looks for the auditor: search, one entry with its proof, the same rows as a file."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from gongxin.enquiries import evidence, selectors
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind, Look, Outcome
from gongxin.enquiries.selectors import Filters, Place
from gongxin.errors import InvalidInput
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.subjects import selectors as subjects
from gongxin.subjects.models import Organisation
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import desk_page, require

_PAGE: Final = 50
CSV_ROWS: Final = 100_000
XLSX_ROWS: Final = 20_000
_DAY: Final = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """What narrows the log, as it stands in the address."""

    organisation = forms.CharField(label=gettext_lazy("信用主体代码"), required=False, max_length=40)
    department = forms.ChoiceField(label=gettext_lazy("查询单位"), required=False)
    account = forms.CharField(label=gettext_lazy("账号或密钥"), required=False, max_length=150)
    purpose = forms.ChoiceField(label=gettext_lazy("查询用途"), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("查询内容"), required=False, choices=[("", gettext_lazy("全部")), *Kind.choices]
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("结果"), required=False, choices=[("", gettext_lazy("全部")), *Outcome.choices]
    )
    since = forms.DateField(label=gettext_lazy("查询日期自"), required=False, widget=_DAY)
    until = forms.DateField(label=gettext_lazy("查询日期至"), required=False, widget=_DAY)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        pack, everything = packs.current(), [("", _("全部"))]
        self._departments = {entry.code: entry.pk for entry in departments.listing(inactive=True)}
        named = [(entry.code, entry.name) for entry in departments.listing(inactive=True)]
        reasons = [(code, selectors.purpose_title(code)) for code in (*pack.purposes, *pack.duties)]
        for name, options in (("department", named), ("purpose", reasons)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = everything + options

    def clean_organisation(self) -> Organisation | None:
        """The organisation with the code, or an error that says there is none."""
        code = self.cleaned_data["organisation"].strip()
        if not code:
            return None
        found = subjects.by_code(code)
        if found is None:
            raise forms.ValidationError(_("没有这个代码的信用主体，请核对。"))
        return found

    def filters(self) -> Filters:
        """What the valid form asks for."""
        values = self.cleaned_data
        about = values["organisation"]
        return Filters(
            organisation=about.pk if about else None,
            department=self._departments.get(values["department"]),
            account=values["account"].strip(),
            **{name: values[name] for name in ("purpose", "outcome", "kind", "since", "until")},
        )


@require_safe
@looking.looked(Kind.LOG, duty="audit")
@desk_page
def search(request: HttpRequest) -> HttpResponseBase:
    """The log, newest first; every filter is in the address."""
    rule = require(request, Action.LOOKS_SEARCH).rule
    form = FilterForm(request.GET)
    context: dict[str, Any] = {"form": form}
    asked_for = f"查询留痕 {_address(request)}"
    if form.is_valid():
        filters = form.filters()
        looking.saw(request, Seen(asked_for, filters.organisation), rule=rule)
        context |= _listed(request, filters)
    else:
        looking.saw(request, Seen(asked_for), rule=rule)
    return render(request, "desk/looks.html", context)


@require_safe
@looking.looked(Kind.LOG, duty="audit")
@desk_page
def file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The filtered log as CSV or XLSX."""
    rule = require(request, Action.LOOKS_SEARCH).rule
    filled = FilterForm(request.GET)
    if not filled.is_valid():
        raise InvalidInput("filters-invalid", _("筛选条件有误。"), remedy=_("请回到列表页改正筛选条件后再下载。"))
    filters = filled.filters()
    looking.saw(request, Seen(f"查询留痕 {form} {_address(request)}", filters.organisation), rule=rule)
    rows = selectors.rows(selectors.search(filters), limit=CSV_ROWS if form == "csv" else XLSX_ROWS)
    return sheets.listed(form, "查询留痕", selectors.HEADER, rows)


@require_safe
@looking.looked(Kind.LOG, duty="audit")
@desk_page
def look(request: HttpRequest, look_id: UUID) -> HttpResponseBase:
    """One entry whole, and whether it is what the ledger committed to."""
    rule = require(request, Action.LOOKS_SEARCH).rule
    found = selectors.one(look_id)
    looking.saw(request, Seen(f"查询留痕 {look_id}", found.organisation_id), rule=rule)
    about = Organisation.objects.filter(pk=found.organisation_id).first() if found.organisation_id else None
    context = {"look": found, "about": about, "facts": facts(found), "evidence": evidence.of(found)}
    return render(request, "desk/look.html", context)


@require_safe
@looking.looked(Kind.LOG, duty="audit")
@desk_page
def proof(request: HttpRequest, look_id: UUID) -> HttpResponseBase:
    """The proof that one entry is in the ledger, as a file for whoever has nothing but the public key."""
    rule = require(request, Action.LOOKS_SEARCH).rule
    found = selectors.one(look_id)
    looking.saw(request, Seen(f"查询留痕 {look_id}", found.organisation_id), rule=rule)
    answer = HttpResponse(evidence.proof(found), content_type="text/plain; charset=utf-8")
    return sheets.named(answer, f"查询留痕-{look_id}.txt")


def facts(found: Look) -> list[tuple[str, object]]:
    """Label and value of what an entry says."""
    return [
        (_("查询内容"), found.get_kind_display()),
        (_("查询对象"), found.asked_for),
        (_("方式"), found.get_channel_display()),
        (_("单位"), found.department.name if found.department else ""),
        (_("账号或密钥"), found.asked_by),
        (_("查询用途"), selectors.purpose_title(found.purpose)),
        (_("依据"), found.basis),
        (_("办理事项"), found.matter),
        (_("规则"), found.rule),
        (_("结果"), found.get_outcome_display()),
        (_("不予查询的原因"), found.reason),
        (_("提供记录数"), found.record_count),
        (_("批次号"), found.batch_id or ""),
        (_("规则版本"), found.pack_version),
        (_("数据版本"), found.data_version),
    ]


def _listed(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    found = selectors.stretch(
        selectors.search(filters),
        size=_PAGE,
        after=Place.read(request.GET.get("after", "")),
        before=Place.read(request.GET.get("before", "")),
    )
    address = _address(request)
    return {
        "looks": [(entry, selectors.purpose_title(entry.purpose)) for entry in found.looks],
        "first": address,
        "previous": _address(request, before=found.previous) if found.previous else "",
        "following": _address(request, after=found.following) if found.following else "",
        "downloads": [
            (_("下载 CSV"), reverse("desk:looks-file", args=["csv"]) + address),
            (_("下载 XLSX"), reverse("desk:looks-file", args=["xlsx"]) + address),
        ],
        "download_note": _("与本页筛选条件相同；CSV 最多 %(csv)s 行，XLSX 最多 %(xlsx)s 行。")
        % {"csv": f"{CSV_ROWS:,}", "xlsx": f"{XLSX_ROWS:,}"},
    }


def _address(request: HttpRequest, **place: Place) -> str:
    """The query string with the filters that are set, at another place of the list."""
    kept = {name: value for name, value in request.GET.items() if value and name in FilterForm.base_fields}
    return f"?{urlencode(kept | {name: str(value) for name, value in place.items()})}"
