"""One case at the desk: looked at, and taken a step further."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.ends import archive
from gongxin.enquiries.looks import Seen
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Refused, Resource
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.rights import cases, selectors
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Evidence
from gongxin.walls import beyond
from gongxin.web import looking
from gongxin.web.cases import filling, showing
from gongxin.web.cases.filling import Filling, Kind, in_case, opened
from gongxin.web.desk import traces
from gongxin.web.desk.pages import acting_user, desk_page, require


@require_safe
@desk_page
def case(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Facts, record, evidence, timeline, diagram, and the steps this account may take now. Of one that is archived no
    more than that it is.
    """
    try:
        held = readable(request, case_id)
    except Refused as refusal:
        return traces.case_told(request, selectors.one(case_id), refusal)
    return _page(request, held)


@require_POST
@desk_page
def step(request: HttpRequest, case_id: UUID, action: str) -> HttpResponseBase:
    """Take a step, or keep it as a draft; what is missing is told on the case page, with what was filled in."""
    held = readable(request, case_id)
    row = transition(held, action)
    place, kind = Place(held.procedure, action, case=held), _kind(row, held, _asked_for(held))
    sheet = opened(request, place, kind)
    if sheet.saves:
        if sheet.saved():
            return redirect(f"{reverse('cases:case', args=[held.pk])}#step-{action}")
    elif taken(request, held, sheet):
        messages.success(request, _("已办理：%(title)s") % {"title": row.title})
        return redirect("cases:case", held.pk)
    return _page(request, readable(request, case_id), sent=sheet)


def transition(held: Case, action: str) -> Transition:
    """The step of that name. Raises NotFound."""
    row = packs.current().procedure(held.procedure).transition(action)
    if row is None:
        raise NotFound("action-unknown", _("没有这个步骤。"), remedy=_("请从办件页面选择可以办理的步骤。"))
    return row


def taken(request: HttpRequest, held: Case, sheet: Filling) -> bool:
    """Take the step that was filled in; False where it is refused, which is said on its form."""
    user, action = acting_user(request), sheet.place.action
    done = sheet.filed(lambda given: cases.advance(held.pk, action, given=given, acting_user=user, at=clock.now()))
    return done is not None


@require_safe
@desk_page
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """A piece of evidence of a case the account may see, or of the own draft."""
    rows = Evidence.objects.select_related("draft").filter(pk=evidence_id)
    held = rows.first() or beyond.whose(Evidence.objects.filter(pk=evidence_id, case__isnull=False), "case")
    if held is None or (held.case_id is None and not is_own(request, held)):
        raise NotFound("evidence-unknown", _("没有这份材料。"), remedy=_("请从办件页面重新打开。"))
    if held.case_id is not None:
        readable(request, held.case_id)
    return showing.file(request, held)


def is_own(request: HttpRequest, held: Evidence) -> bool:
    """Whether a file belongs to a draft of the account."""
    return held.draft is not None and held.draft.user_id == acting_user(request).pk


@require_POST
@desk_page
def draft_remove(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """Take a file out of the own draft."""
    return filling.removed(request, evidence_id, "cases")


@require_http_methods(["GET", "POST"])
@desk_page
def draft_delete(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    """Give the own draft up, after it was asked whether that is meant."""
    return filling.deleted(request, draft_id, "cases")


def readable(request: HttpRequest, case_id: UUID) -> Case:
    """The case, if the account may see it. Raises Refused or NotFound."""
    held = selectors.one(case_id)
    looking.saw(request, Seen(f"办件 {held.pk}", held.organisation_id))
    asked = Resource(department=held.department_id, organisation=held.organisation.uscc or "")
    require(request, Action.CASE_READ, asked)
    # Only of what is the account's there is more to be known, and so whether it is archived.
    require(request, Action.CASE_READ, replace(asked, state=archive.case_state(held, day=clock.today())))
    return held


def _page(request: HttpRequest, held: Case, *, sent: Filling | None = None) -> HttpResponseBase:
    rows, asked_for = cases.possible(held, user=acting_user(request), day=clock.today()), _asked_for(held)
    fillings = in_case(request, held, [_kind(row, held, asked_for) for row in rows], sent=sent)
    context = showing.context(held) | {"fillings": fillings, "sent": sent}
    return render(request, "cases/case.html", context, status=sent.status if sent else 200)


def _kind(row: Transition, held: Case, asked_for: dict[str, str]) -> Kind:
    return Kind(packs.current().procedure(held.procedure), row, asked_for=asked_for)


def _asked_for(held: Case) -> dict[str, str]:
    """What the applicant wants put right, as the officer's form begins."""
    first = held.steps.order_by("number").first()
    return dict(first.correction) if first else {}
