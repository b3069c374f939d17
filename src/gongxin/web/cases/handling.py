"""One case at the desk: looked at, and taken a step further."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.errors import GongxinError, NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.rights import cases, selectors
from gongxin.rights.models import Case, Evidence
from gongxin.walls import beyond
from gongxin.web import looking
from gongxin.web.cases import showing
from gongxin.web.cases.forms import StepForm, bound
from gongxin.web.desk.pages import acting_user, desk_page, require


@require_safe
@desk_page
def case(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Facts, record, evidence, timeline, diagram, and the steps this account may take now."""
    return _page(request, readable(request, case_id))


@require_POST
@desk_page
def step(request: HttpRequest, case_id: UUID, action: str) -> HttpResponseBase:
    """Take a step; what is missing is told on the case page, with what was filled in."""
    held = readable(request, case_id)
    row = packs.current().procedure(held.procedure).transition(action)
    if row is None:
        raise NotFound("action-unknown", _("没有这个步骤。"), remedy=_("请从办件页面选择可以办理的步骤。"))
    form = bound(request, row, held.record, procedure=packs.current().procedure(held.procedure))
    if form.is_valid():
        try:
            cases.advance(held.pk, action, given=form.given(), acting_user=acting_user(request), at=clock.now())
        except GongxinError as error:
            form.add_error(None, f"{error.title}{error.remedy}")
            return _page(request, readable(request, case_id), sent=form, status=error.status)
        messages.success(request, _("已办理：%(title)s") % {"title": row.title})
        return redirect("cases:case", held.pk)
    return _page(request, held, sent=form, status=422)


@require_safe
@desk_page
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """A piece of evidence of a case the account may see."""
    rows = Evidence.objects.filter(pk=evidence_id, case__isnull=False)
    held = rows.first() or beyond.whose(rows, "case")
    if held is None or held.case_id is None:
        raise NotFound("evidence-unknown", _("没有这份材料。"), remedy=_("请从办件页面重新打开。"))
    readable(request, held.case_id)
    return showing.file(request, held)


def readable(request: HttpRequest, case_id: UUID) -> Case:
    """The case, if the account may see it. Raises Refused or NotFound."""
    held = selectors.one(case_id)
    looking.saw(request, Seen(f"办件 {held.pk}", held.organisation_id))
    require(
        request,
        Action.CASE_READ,
        Resource(department=held.department_id, organisation=held.organisation.uscc or ""),
    )
    return held


def _page(request: HttpRequest, held: Case, *, sent: StepForm | None = None, status: int = 200) -> HttpResponseBase:
    user = acting_user(request)
    asked_for = _asked_for(held)
    rows = cases.possible(held, user=user, day=clock.today())
    forms = [_form(row, held, sent, asked_for) for row in rows]
    context = showing.context(held) | {"forms": forms, "sent": sent if sent is not None and sent.errors else None}
    return render(request, "cases/case.html", context, status=status)


def _form(row: Transition, held: Case, sent: StepForm | None, asked_for: dict[str, str]) -> StepForm:
    if sent is not None and sent.row.action == row.action:
        return sent
    procedure = packs.current().procedure(held.procedure)
    return StepForm(row=row, record=held.record, procedure=procedure, asked_for=asked_for)


def _asked_for(held: Case) -> dict[str, str]:
    """What the applicant wants put right, as the officer's form begins."""
    first = held.steps.order_by("number").first()
    return dict(first.correction) if first else {}
