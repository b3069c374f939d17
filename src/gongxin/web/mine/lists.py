"""The organisation's lists, whole and as files: its cases, and everything held about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.records.models import Record
from gongxin.records.selectors import with_mark
from gongxin.rights import selectors
from gongxin.subjects.models import Organisation
from gongxin.web import looking, sheets
from gongxin.web.cases import listing
from gongxin.web.mine import held
from gongxin.web.mine.pages import codes, mine_page


@require_safe
@mine_page
def cases(request: HttpRequest) -> HttpResponseBase:
    """All cases of the organisation, those due first at the top while they are open."""
    found = listing.of_organisations(request, codes(request))
    return render(request, "mine/cases.html", found.context(request))


@require_safe
@mine_page
def cases_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    return listing.of_organisations(request, codes(request)).as_file(request, form)


@require_safe
@mine_page
def records_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """Everything held about the organisation as CSV or XLSX, as its first page lists it."""
    own = selectors.organisations(codes(request))
    looking.saw(request, Seen(_("全部记录"), others=tuple(one.pk for one in own)))
    found = everything(own)
    return sheets.listed(form, "全部记录", held.COLUMNS, held.rows(found, clock.today()))


def everything(organisations: list[Organisation]) -> Any:
    """The records about these organisations, whatever their state, latest decision first."""
    found = Record.objects.filter(organisation__in=organisations).select_related("organisation", "provider")
    return with_mark(found).order_by("-decided_on", "-pk")
