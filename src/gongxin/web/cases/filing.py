"""Opening a case at the desk: on paper for an organisation, or by the provider about its own record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.policy.repair import asks_for
from gongxin.records import selectors as records
from gongxin.records.models import Record
from gongxin.rights import acting, cases, eligibility, selectors
from gongxin.rights.cases import Given
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Channel
from gongxin.web import looking
from gongxin.web.cases.filling import Filling, Kind, opened
from gongxin.web.desk import traces
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
    """The form that opens a case; may be kept as a draft and finished later."""
    held = _record(request, record_id)
    procedure, row = _opening(request, held, procedure_id, action)
    found = eligibility.of(held, day=clock.today()) if procedure.eligible else None
    asks = found is not None and asks_for(found, "training")
    kind = Kind(procedure, row, training=asks, on_paper="representative" in row.roles)
    filling = opened(request, Place(procedure.id, row.action, record=held), kind)
    if filling.saves:
        if filling.saved():
            return redirect("cases:file", held.pk, procedure.id, row.action)
    elif request.method == "POST" and (case := filling.filed(lambda given: _filed(request, held, kind, given))):
        return told(request, case)
    context = {
        "record": held,
        "organisation": held.organisation,
        "item": packs.current().item(held.item),
        "eligibility": found,
    }
    return page(request, filling, kind, context)


def page(request: HttpRequest, filling: Filling, kind: Kind, context: Mapping[str, Any]) -> HttpResponseBase:
    """The page of the form that opens a case. context: what the case is about."""
    shown = {"procedure": kind.procedure, "row": kind.row, "filling": filling, **context}
    return render(request, "cases/file.html", shown, status=filling.status)


def told(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Say that the case is registered, and show it."""
    messages.success(request, _("已登记办件 %(number)s。") % {"number": case.number})
    return redirect("cases:case", case.pk)


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
    looking.saw(request, traces.seen(held))
    require(request, Action.CASE_FILE, Resource(department=held.provider_id, organisation=held.organisation.uscc or ""))
    return held


def _opening(request: HttpRequest, held: Record, procedure_id: str, action: str) -> tuple[Procedure, Transition]:
    for procedure, row in openings(request, held):
        if (procedure.id, row.action) == (procedure_id, action):
            return procedure, row
    raise NotFound("opening-unknown", _("不能就这条记录提出这种办件。"), remedy=_("请从记录页面选择可以办理的事项。"))


def _filed(request: HttpRequest, held: Record, kind: Kind, given: Given) -> Case:
    return cases.open_case(
        kind.procedure.id,
        kind.row.action,
        held.pk,
        given=given,
        channel=Channel.PAPER if kind.on_paper else Channel.DESK,
        acting_user=acting_user(request),
        at=clock.now(),
    )
