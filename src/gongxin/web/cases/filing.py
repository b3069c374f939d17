"""Opening a case at the desk: on paper for an organisation, or by the provider about its own record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import GongxinError, NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.policy.repair import asks_for
from gongxin.records import selectors as records
from gongxin.records.models import Record
from gongxin.rights import acting, cases, eligibility, selectors
from gongxin.rights.models import Channel
from gongxin.web import looking
from gongxin.web.cases.forms import PaperForm, StepForm, bound
from gongxin.web.desk.pages import acting_user, desk_page, require


@require_safe
@desk_page
def choose(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """What may be opened about a record by this account, with its eligibility for repair."""
    held = _record(request, record_id)
    context = {
        "record": held,
        "item": packs.current().item(held.item),
        "openings": openings(request, held),
        "running": list(selectors.running_on(held.pk)),
        "eligibility": eligibility.of(held, day=clock.today()),
    }
    return render(request, "cases/choose.html", context)


@require_http_methods(["GET", "POST"])
@desk_page
def file(request: HttpRequest, record_id: UUID, procedure_id: str, action: str) -> HttpResponseBase:
    """The form that opens a case."""
    held = _record(request, record_id)
    procedure, row = _opening(request, held, procedure_id, action)
    on_paper = "representative" in row.roles
    found = eligibility.of(held, day=clock.today()) if procedure.eligible else None
    kinds: dict[str, Any] = {"procedure": procedure, "training": found is not None and asks_for(found, "training")}
    form = bound(request, row, held, **kinds) if request.method == "POST" else StepForm(row=row, record=held, **kinds)
    paper = PaperForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (not on_paper or paper.is_valid()):
            try:
                return _filed(request, held, procedure, form, paper=paper if on_paper else None)
            except GongxinError as error:
                form.add_error(None, f"{error.title}{error.remedy}")
                status = error.status
    context = {
        "record": held,
        "organisation": held.organisation,
        "item": packs.current().item(held.item),
        "procedure": procedure,
        "row": row,
        "form": form,
        "paper": paper if on_paper else None,
        "eligibility": found,
    }
    return render(request, "cases/file.html", context, status=status)


def openings(request: HttpRequest, held: Record) -> list[tuple[Procedure, Transition]]:
    """The procedures this account may open about a record in its present state, each with the opening action."""
    user, item = acting_user(request), packs.current().item(held.item)
    held_roles = {
        standing.role
        for standing in acting.standings(
            user, department=held.provider_id, uscc=held.organisation.uscc, day=clock.today()
        )
    }
    return [
        (procedure, row)
        for procedure in packs.current().procedures.values()
        for row in procedure.openings()
        if procedure.about == "record"
        and held.state in procedure.record_states
        and procedure.takes(item.id)
        and (item.adverse or not procedure.adverse)
        and held_roles & set(row.roles)
    ]


def _record(request: HttpRequest, record_id: UUID) -> Record:
    held = records.record(record_id)
    looking.saw(request, looking.of_record(held))
    require(request, Action.CASE_FILE, Resource(department=held.provider_id, organisation=held.organisation.uscc or ""))
    return held


def _opening(request: HttpRequest, held: Record, procedure_id: str, action: str) -> tuple[Procedure, Transition]:
    for procedure, row in openings(request, held):
        if (procedure.id, row.action) == (procedure_id, action):
            return procedure, row
    raise NotFound("opening-unknown", _("不能就这条记录提出这种办件。"), remedy=_("请从记录页面选择可以办理的事项。"))


def _filed(
    request: HttpRequest, held: Record, procedure: Procedure, form: StepForm, *, paper: PaperForm | None
) -> HttpResponseBase:
    given, row = form.given(), form.row
    if paper is not None:
        given = replace(given, paper=paper.cleaned_data["paper"])
    case = cases.open_case(
        procedure.id,
        row.action,
        held.pk,
        given=given,
        channel=Channel.PAPER if paper is not None else Channel.DESK,
        acting_user=acting_user(request),
        at=clock.now(),
    )
    messages.success(request, _("已登记办件 %(number)s。") % {"number": case.number})
    return redirect("cases:case", case.pk)
