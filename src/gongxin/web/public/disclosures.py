"""The ten disclosures (十公示) and the other public items as lists: filters in the address, the same rows as a file."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.errors import InvalidInput, NotFound
from gongxin.identity import departments
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.records import listing
from gongxin.records.listing import Filters, Place
from gongxin.subjects.models import Organisation
from gongxin.web import sheets
from gongxin.web.public import home
from gongxin.web.public.catalogue import KINDS
from gongxin.web.public.serving import public_page

_PAGE: Final = 20
# Counting goes no further: beyond it a number helps nobody and costs a second.
_COUNTED: Final = 10_000
CSV_ROWS: Final = 100_000
XLSX_ROWS: Final = 20_000
_DISTRICTS_KEPT_SECONDS: Final = 600


class FilterForm(forms.Form):
    """The filters of a list, as they stand in the address."""

    q = forms.CharField(label=gettext_lazy("名称、代码、文书号或标题"), required=False, max_length=100)
    district = forms.ChoiceField(label=gettext_lazy("地区"), required=False)
    provider = forms.ChoiceField(label=gettext_lazy("提供单位"), required=False)
    since = forms.DateField(label=gettext_lazy("决定日期自"), required=False)
    until = forms.DateField(label=gettext_lazy("决定日期至"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("主体类型"), required=False)
    sort = forms.ChoiceField(
        label=gettext_lazy("排序"),
        required=False,
        choices=[("", gettext_lazy("决定日期由近到远")), ("oldest", gettext_lazy("决定日期由远到近"))],
    )

    def __init__(self, item: Item, data: Any) -> None:
        super().__init__(data)
        everything = [("", _("全部"))]
        given = [entry for entry in departments.listing() if item.id in entry.items]
        choices: dict[str, list[tuple[str, Any]]] = {
            "district": [(name, name) for name in _districts()],
            "provider": [(entry.code, entry.name) for entry in given],
            "kind": [(kind, KINDS[kind]) for kind in item.subject_kinds],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  (declared so a few lines above)
            field.choices = everything + options
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        self._providers = {entry.code: entry.pk for entry in given}

    def clean(self) -> dict[str, Any]:
        """The first day must not be after the last."""
        values = super().clean() or {}
        if values.get("since") and values.get("until") and values["since"] > values["until"]:
            self.add_error("until", _("截止日期早于起始日期，请对调。"))
        return values

    def filters(self) -> Filters:
        """What the valid form asks for."""
        values = self.cleaned_data
        return Filters(
            text=values["q"].strip(),
            district=values["district"],
            provider=self._providers.get(values["provider"]),
            since=values["since"],
            until=values["until"],
            kind=values["kind"],
            oldest_first=values["sort"] == "oldest",
        )


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """The ten disclosures and the other public items, with how many records of each are public today."""
    counts = home.published_counts(clock.today())
    others = [
        item for item in packs.current().items.values() if item.disclosure == "public" and not item.ten_disclosures
    ]
    context = {
        "ten": [(item, counts.get(item.id, 0)) for item in home.ten_disclosures()],
        "others": [(item, counts.get(item.id, 0)) for item in others],
    }
    return render(request, "public/disclosures.html", context)


@public_page
def page(request: HttpRequest, item_id: str) -> HttpResponse:
    """The list of one item. A filter that makes no sense is said beside its field; the list is then empty."""
    item = _public_item(item_id)
    form = FilterForm(item, request.GET)
    context: dict[str, Any] = {"item": item, "form": form, "filtered": any(request.GET.values())}
    if form.is_valid():
        context |= _listed(request, item, form.filters())
    return render(request, "public/disclosure.html", context)


def _listed(request: HttpRequest, item: Item, filters: Filters) -> dict[str, Any]:
    found = listing.listed(item, filters, day=clock.today())
    stretch = listing.stretch(
        found,
        oldest_first=filters.oldest_first,
        size=_PAGE,
        after=Place.read(request.GET.get("after", "")),
        before=Place.read(request.GET.get("before", "")),
    )
    counted = listing.count_up_to(found, _COUNTED + 1)
    return {
        "records": stretch.records,
        "next_steps": [
            (_("清除筛选条件"), request.path),
            (_("按名称、代码查询单位"), reverse("public:home")),
            (_("这类信息公示多久"), reverse("public:item", args=[item.id])),
        ],
        "counted": min(counted, _COUNTED),
        "uncounted": counted > _COUNTED,
        "first": _address(request),
        "previous": _address(request, before=stretch.previous) if stretch.previous else "",
        "following": _address(request, after=stretch.following) if stretch.following else "",
        "downloads": [
            (_("下载 CSV"), reverse("public:disclosure-csv", args=[item.id]) + _address(request)),
            (_("下载 XLSX"), reverse("public:disclosure-xlsx", args=[item.id]) + _address(request)),
        ],
        "download_note": _("与本页筛选条件相同；CSV 最多 %(csv)s 行，XLSX 最多 %(xlsx)s 行。")
        % {"csv": f"{CSV_ROWS:,}", "xlsx": f"{XLSX_ROWS:,}"},
    }


def _address(request: HttpRequest, **place: Place) -> str:
    """The query string with the filters that are set, at another place of the list."""
    kept = {name: value for name, value in request.GET.items() if value and name in FilterForm.base_fields}
    return f"?{urlencode(kept | {name: str(value) for name, value in place.items()})}"


@require_safe
@cache_control(no_store=True)
def csv(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """The rows of the list as CSV (UTF-8 with BOM), at most CSV_ROWS."""
    item, found = _asked(request, item_id)
    rows = listing.rows(item, found, limit=CSV_ROWS)
    return _file(sheets.csv_parts(item.title, listing.header(item), rows), item, "csv")


@require_safe
@cache_control(no_store=True)
def xlsx(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """The rows of the list as a workbook, at most XLSX_ROWS."""
    item, found = _asked(request, item_id)
    rows = listing.rows(item, found, limit=XLSX_ROWS)
    return _file(sheets.xlsx_parts(item.title, listing.header(item), rows), item, "xlsx")


def _asked(request: HttpRequest, item_id: str) -> tuple[Item, Any]:
    """The item and the filtered list. Raises InvalidInput where a filter makes no sense."""
    item = _public_item(item_id)
    form = FilterForm(item, request.GET)
    if not form.is_valid():
        raise InvalidInput("filters-invalid", _("筛选条件有误。"), remedy=_("请回到列表页改正筛选条件后再下载。"))
    return item, listing.listed(item, form.filters(), day=clock.today())


def _file(parts: Any, item: Item, form: str) -> HttpResponseBase:
    return sheets.handed_over(parts, form, f"{item.title}-{clock.today()}")


def _public_item(item_id: str) -> Item:
    """The item, if its records are for everybody."""
    item = packs.current().item(item_id)
    if item.disclosure != "public":
        raise NotFound("item-not-public", _("这一类信息不向社会公开。"), remedy=_("公开的目录项见十公示页面。"))
    return item


def _districts() -> list[str]:
    """The districts of the register; at most some minutes old."""

    def read() -> list[str]:
        return sorted(filter(None, Organisation.objects.order_by().values_list("district", flat=True).distinct()))

    return cache.get_or_set("districts", read, _DISTRICTS_KEPT_SECONDS) or []
