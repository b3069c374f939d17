"""What a representative sees of the organisation: who looked at it and why, and its full report."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.enquiries import reports, selectors
from gongxin.enquiries.looks import Ground, Seen
from gongxin.enquiries.models import Channel, Kind
from gongxin.enquiries.reports import Asked
from gongxin.enquiries.selectors import Place
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.subjects import selectors as subjects
from gongxin.subjects.models import Organisation
from gongxin.web import looking
from gongxin.web.desk.pages import acting, require
from gongxin.web.mine.pages import mine_page
from gongxin.web.public.reports import handed_over, origin

OWN: Final = "own-organisation"
SELF_QUERY: Final = "self-query"
_PAGE: Final = 25


@require_safe
@looking.looked(Kind.LOG, duty=OWN, channel=Channel.MINE)
@mine_page
def looks(request: HttpRequest) -> HttpResponseBase:
    """Who looked at the organisation, when and why."""
    about = represented(request)
    looking.saw(request, Seen(_("查询留痕"), about.pk))
    looking.by(request, require(request, Action.LOOKS_OWN, Resource(organisation=about.uscc or "")).rule)
    context = block(about, after=Place.read(request.GET.get("after", ""))) | {
        "organisation": about,
        "codes": sorted(acting(request).organisations),
    }
    return render(request, "mine/looks.html", context)


@require_POST
@looking.looked(Kind.REPORT, duty=OWN, channel=Channel.MINE)
@mine_page
def report(request: HttpRequest) -> HttpResponseBase:
    """The organisation's full report, free of charge."""
    about = represented(request)
    looking.saw(request, Seen(about.name, about.pk), purpose=SELF_QUERY)
    rule = require(request, Action.REPORT_FULL, Resource(organisation=about.uscc or "")).rule
    asked = Asked(
        looking.looker(request, Channel.MINE),
        Ground(SELF_QUERY, rule=rule),
        packs.current().purpose(SELF_QUERY).disclosures,
        lent=None,
    )
    issued = reports.issue_full(about, asked, origin=origin(request), at=clock.now())
    looking.settle(request)
    return handed_over(issued)


def represented(request: HttpRequest) -> Organisation:
    """The organisation that is asked for (`code`), else the first the account acts for. Raises NotFound.

    Whether the account may act for it is the caller's to judge.
    """
    asked = request.GET.get("code") or request.POST.get("code") or min(acting(request).organisations, default="")
    found = subjects.by_code(asked) if asked else None
    if found is None:
        raise NotFound(
            "representation-none", _("没有可以查看的信用主体。"), remedy=_("请由信用办把账号绑定到所代表的单位。")
        )
    return found


def block(about: Organisation, *, after: Place | None = None, size: int = _PAGE) -> dict[str, Any]:
    """The context of `mine/parts/looks.html`: looks at the organisation, newest first."""
    found = selectors.who_looked(about.pk, size=size, after=after)
    following = urlencode({"code": about.uscc or "", "after": str(found.following)}) if found.following else ""
    return {
        "looks": [(entry, selectors.purpose_title(entry.purpose)) for entry in found.looks],
        "following": f"?{following}" if following else "",
    }
