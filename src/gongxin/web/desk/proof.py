"""The daily proof at the desk: what every run found, and the same as files. Records are named by id and item only."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.ends import exits, reasons, selectors
from gongxin.ends.proving import PREDICATE
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.web import sheets
from gongxin.web.desk.pages import desk_page, number, require

_PAGE: Final = 30
# Found records shown on the page of a run; its file has all that were kept.
_SHOWN: Final = 100


@require_safe
@desk_page
def history(request: HttpRequest) -> HttpResponseBase:
    """All runs, the last one first."""
    require(request, Action.PROOF_READ)
    page = Paginator(selectors.runs(), _PAGE).get_page(number(request.GET.get("page")))
    context = {
        "page": page,
        "standing": selectors.standing(at=clock.now()),
        "downloads": [
            (_("下载 CSV"), reverse("desk:proof-file", args=["csv"])),
            (_("下载 XLSX"), reverse("desk:proof-file", args=["xlsx"])),
        ],
    }
    return render(request, "desk/proof.html", context)


@require_safe
@desk_page
def history_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The runs as CSV or XLSX."""
    require(request, Action.PROOF_READ)
    return sheets.listed(form, "每日核验", selectors.HISTORY, selectors.history_rows())


@require_safe
@desk_page
def run(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """One run: what was asked at every exit, and what was found."""
    require(request, Action.PROOF_READ)
    found = selectors.one(run_id)
    titles = _titles()
    entries = [
        (titles.get(entry.exit, entry.exit), entry, titles.get(entry.item, entry.item), reasons.SAID[entry.reason])
        for entry in selectors.found_in(found)[:_SHOWN]
    ]
    context = {
        "run": found,
        "entries": entries,
        "downloads": [
            (_("下载 CSV"), reverse("desk:proof-run-file", args=[found.pk, "csv"])),
            (_("下载 XLSX"), reverse("desk:proof-run-file", args=[found.pk, "xlsx"])),
        ],
    }
    return render(request, "desk/proof_run.html", context)


@require_safe
@desk_page
def run_file(request: HttpRequest, run_id: UUID, form: str) -> HttpResponseBase:
    """What a run found, as CSV or XLSX."""
    require(request, Action.PROOF_READ)
    found = selectors.one(run_id)
    rows = selectors.found_rows(found, _titles() | reasons.SAID)
    return sheets.listed(form, "核验结果", selectors.FOUND, rows, name=f"每日核验-{found.day}")


def _titles() -> dict[str, str]:
    """What exits and items are called."""
    items = {item.id: item.title for item in packs.current().items.values()}
    return items | exits.titles() | {PREDICATE: "公示条件（全部公示记录）"}
