"""Everything held about the organisation in one view, each record with what may be done about it, cases, notices."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.contrib import messages as shown
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.correspondence import messages
from gongxin.correspondence.messages import Filters
from gongxin.errors import GongxinError, NotFound
from gongxin.policy import packs
from gongxin.records import explaining
from gongxin.records.models import Record
from gongxin.records.selectors import is_contested, with_mark
from gongxin.rights import cases, eligibility, selectors
from gongxin.rights.models import Case, Evidence
from gongxin.subjects.models import Organisation
from gongxin.web.cases import showing
from gongxin.web.cases.forms import StepForm, bound
from gongxin.web.desk.held import standing
from gongxin.web.desk.pages import acting_user, number
from gongxin.web.mine.pages import codes, mine_page, own_case, own_record

_PAGE: Final = 50
_SHOWN: Final = 10


@require_safe
@mine_page
def home(request: HttpRequest) -> HttpResponseBase:
    """The organisations, what waits, what was told last, and all records."""
    own, day, user = codes(request), clock.today(), acting_user(request)
    organisations = selectors.organisations(own)
    page = Paginator(_records(organisations), _PAGE).get_page(number(request.GET.get("page")))
    running = selectors.of_organisations(own).filter(outcome="")
    context = {
        "organisations": organisations,
        "page": page,
        "rows": [(record, _title(record), *standing(record, day)) for record in page],
        "running": [(case, selectors.where(case, day=day)) for case in running],
        "closed": list(selectors.of_organisations(own).exclude(outcome="")[:_SHOWN]),
        "drafts": list(selectors.drafts(user)),
        "notices": messages.entries(user, messages.listed(user, Filters())[:_SHOWN]),
        "procedures": packs.current().procedures,
    }
    return render(request, "mine/home.html", context)


@require_safe
@mine_page
def record(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """One record whole: what it says, until when it is public and why, and what may be done about it."""
    held, day = own_record(request, record_id), clock.today()
    item = packs.current().item(held.item)
    public, sentence = standing(held, day)
    running = list(selectors.running_on(held.pk))
    context = {
        "record": held,
        "item": item,
        "fields": explaining.public_fields(held),
        "public": public,
        "sentence": sentence,
        "term": explaining.term(held),
        "contested": is_contested(held),
        "eligibility": eligibility.of(held, day=day) if item.adverse and held.state == "active" else None,
        "running": running,
        "may_object": held.state == "active" and all(case.procedure != "objection" for case in running),
        "may_apply": all(case.procedure != "repair" for case in running),
    }
    return render(request, "mine/record.html", context)


@require_safe
@mine_page
def case(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Where a case stands, what happened, and what the organisation may do now."""
    return _case_page(request, own_case(request, case_id))


@require_POST
@mine_page
def step(request: HttpRequest, case_id: UUID, action: str) -> HttpResponseBase:
    """Take a step that is the organisation's: withdraw, hand in missing papers, be heard."""
    held = own_case(request, case_id)
    row = packs.current().procedure(held.procedure).transition(action)
    if row is None:
        raise NotFound("action-unknown", _("没有这个步骤。"), remedy=_("请从办件页面选择可以办理的步骤。"))
    form, status = bound(request, row, held.record), 422
    if form.is_valid():
        try:
            cases.advance(held.pk, action, given=form.given(), acting_user=acting_user(request), at=clock.now())
        except GongxinError as error:
            form.add_error(None, f"{error.title}{error.remedy}")
            status = error.status
        else:
            shown.success(request, _("已办理：%(title)s") % {"title": row.title})
            return redirect("mine:case", held.pk)
    return _case_page(request, own_case(request, case_id), sent=form, status=status)


@require_safe
@mine_page
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """A file of a case of the organisation, or of the own draft."""
    held = Evidence.objects.select_related("draft").filter(pk=evidence_id).first()
    if held is None or (held.draft is not None and held.draft.user_id != acting_user(request).pk):
        raise NotFound("evidence-unknown", _("没有这份材料。"), remedy=_("请从办件页面重新打开。"))
    if held.case_id is not None:
        own_case(request, held.case_id)
    return showing.file(request, held)


def _records(organisations: list[Organisation]) -> Any:
    held = Record.objects.filter(organisation__in=organisations).select_related("organisation", "provider")
    return with_mark(held).order_by("-decided_on", "-pk")


def _title(held: Record) -> str:
    item = packs.current().items.get(held.item)
    return item.title if item else held.item


def _case_page(
    request: HttpRequest, held: Case, *, sent: StepForm | None = None, status: int = 200
) -> HttpResponseBase:
    day: date = clock.today()
    rows = cases.possible(held, user=acting_user(request), day=day)
    forms = [
        sent if sent is not None and sent.row.action == row.action else StepForm(row=row, record=held.record)
        for row in rows
    ]
    told = held.notices.filter(addressee="organisation")
    context = showing.context(held) | {
        "forms": forms,
        "sent": sent if sent is not None and sent.errors else None,
        "notices": told,
    }
    return render(request, "mine/case.html", context, status=status)
