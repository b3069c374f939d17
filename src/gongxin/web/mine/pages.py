"""What every page of the organisation's own place has in common: signed in as its representative, private."""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.errors import GongxinError, NotFound
from gongxin.identity import selectors as accounts
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.records import archiving
from gongxin.records import selectors as records
from gongxin.records.models import Record
from gongxin.rights import selectors
from gongxin.rights.models import Case
from gongxin.web import looking
from gongxin.web.desk.pages import View, acting_user, private, require


def mine_page(view: View) -> View:
    """A page for a signed-in representative. Others are sent to sign in, or told what the account is for."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            target = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("mine:home")
            return private(HttpResponseRedirect(f"{reverse('desk:sign-in')}?{urlencode({'next': target})}"))
        try:
            require(request, Action.MINE_ENTER)
            return private(view(request, *args, **kwargs))
        except GongxinError as error:
            return private(_refusal(request, error))

    return page


def codes(request: HttpRequest) -> frozenset[str]:
    """The credit codes the account acts for."""
    return accounts.codes(acting_user(request))


def own_record(request: HttpRequest, record_id: UUID) -> Record:
    """A record about one of the account's organisations; any other is answered like one that is not there."""
    held = records.record(record_id)
    looking.saw(request, looking.of_record(held))
    if not held.organisation.uscc or held.organisation.uscc not in codes(request):
        raise NotFound("record-unknown", _("没有这条信用记录。"), remedy=_("请从“我的信用信息”重新打开。"))
    require(
        request,
        Action.MINE_READ,
        Resource(organisation=held.organisation.uscc, state=archiving.access_state(held, clock.today())),
    )
    return held


def own_case(request: HttpRequest, case_id: UUID) -> Case:
    """A case about one of the account's organisations."""
    held = selectors.one(case_id)
    looking.saw(request, Seen(f"办件 {held.pk}", held.organisation_id))
    if not held.organisation.uscc or held.organisation.uscc not in codes(request):
        raise NotFound("case-unknown", _("没有这个办件。"), remedy=_("请从“我的信用信息”重新打开。"))
    require(request, Action.CASE_READ, Resource(department=held.department_id, organisation=held.organisation.uscc))
    return held


def _refusal(request: HttpRequest, error: GongxinError) -> HttpResponse:
    looking.refused(request, error)
    return render(request, "mine/refused.html", {"error": error}, status=error.status)
