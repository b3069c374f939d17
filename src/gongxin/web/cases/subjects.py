"""Procedures about an organisation at the desk: found by code or name, what may be opened, and the form for it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.ends import archive
from gongxin.enquiries.looks import Seen
from gongxin.errors import NotFound, NotPermitted
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.rights import acting, cases, selectors
from gongxin.rights.cases import Given
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Channel
from gongxin.subjects import search
from gongxin.subjects import selectors as organisations
from gongxin.subjects.models import Organisation
from gongxin.web import looking
from gongxin.web.cases import filing
from gongxin.web.cases.filling import Kind, opened
from gongxin.web.desk.pages import acting_user, desk_page, require, scope

_FOUND: Final = 20
_SHOWN: Final = 50


@require_safe
@desk_page
def find(request: HttpRequest) -> HttpResponseBase:
    """Organisations by code or part of the name: the way to a reminder, an interview, a finding."""
    _require_filing(request, None)
    text = request.GET.get("q", "").strip()
    page = search.search(text, limit=_FOUND) if text else None
    return render(request, "cases/subjects.html", {"text": text, "page": page})


@require_safe
@desk_page
def subject(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    """What may be opened about an organisation by this account, and the cases it may see."""
    about = _about(request, organisation_id)
    seen = selectors.visible(scope(request, Action.CASE_READ)).filter(organisation=about)
    seen = seen.filter(archive.cases_at_hand(clock.today()))
    context = {
        "organisation": about,
        "organisation_id": str(about.pk),
        "openings": openings(request),
        "cases": [(case, selectors.where(case, day=clock.today())) for case in seen[:_SHOWN]],
        "total": seen.count(),
    }
    return render(request, "cases/subject.html", context)


@require_http_methods(["GET", "POST"])
@desk_page
def file(request: HttpRequest, organisation_id: UUID, procedure_id: str, action: str) -> HttpResponseBase:
    """The form that opens a case about an organisation; may be kept as a draft and finished later."""
    about = _about(request, organisation_id)
    procedure, row = _opening(request, procedure_id, action)
    kind = Kind(procedure, row, on_paper="representative" in row.roles)
    filling = opened(request, Place(procedure.id, row.action, organisation=about), kind)
    if filling.saves:
        if filling.saved():
            return redirect("cases:file-about", about.pk, procedure.id, row.action)
    elif request.method == "POST" and (case := filling.filed(lambda given: _filed(request, about, kind, given))):
        return filing.told(request, case)
    return filing.page(request, filling, kind, {"organisation": about})


def openings(request: HttpRequest) -> list[tuple[Procedure, Transition]]:
    """The procedures about organisations that this account may open, each with its opening action."""
    return [
        (procedure, row)
        for procedure in packs.current().procedures.values()
        for row in procedure.openings()
        if procedure.about == "organisation" and _may(request, procedure, row)
    ]


def _may(request: HttpRequest, procedure: Procedure, row: Transition) -> bool:
    try:
        acting.deciding(procedure, acting_user(request), action=row.action, day=clock.today())
    except NotPermitted:
        return False
    return True


def _opening(request: HttpRequest, procedure_id: str, action: str) -> tuple[Procedure, Transition]:
    for procedure, row in openings(request):
        if (procedure.id, row.action) == (procedure_id, action):
            return procedure, row
    raise NotFound(
        "opening-unknown", _("不能就这个信用主体提出这种办件。"), remedy=_("请从信用主体页面选择可以办理的事项。")
    )


def _about(request: HttpRequest, organisation_id: UUID) -> Organisation:
    looking.saw(request, Seen(f"信用主体 {organisation_id}"))
    about = organisations.organisation(organisation_id)
    looking.saw(request, Seen(f"信用主体 {about.name}", about.pk))
    _require_filing(request, about)
    return about


def _require_filing(request: HttpRequest, about: Organisation | None) -> None:
    user = acting_user(request)
    at_what = Resource(department=user.department_id, organisation=(about.uscc or "") if about else "")
    require(request, Action.CASE_FILE, at_what)


def _filed(request: HttpRequest, about: Organisation, kind: Kind, given: Given) -> Case:
    return cases.open_about(
        kind.procedure.id,
        kind.row.action,
        about.pk,
        given=given,
        channel=Channel.PAPER if kind.on_paper else Channel.DESK,
        acting_user=acting_user(request),
        at=clock.now(),
    )
