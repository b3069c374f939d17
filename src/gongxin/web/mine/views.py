"""Everything held about the organisation in one view, each record with what may be done about it, cases, notices."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages as shown
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.correspondence import messages
from gongxin.correspondence.messages import Filters
from gongxin.enquiries import selectors as looks
from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.records import explaining
from gongxin.records.selectors import is_contested
from gongxin.rights import cases, eligibility, selectors
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Evidence
from gongxin.web import looking
from gongxin.web.cases import handling, showing
from gongxin.web.cases.filling import Filling, Kind, begun, in_case, opened
from gongxin.web.desk.pages import acting_user, number
from gongxin.web.mine import held as held_lines
from gongxin.web.mine import lists
from gongxin.web.mine.pages import codes, mine_page, own_case, own_record
from gongxin.web.templatetags.gongxin import titled

_PAGE: Final = 50
_SHOWN: Final = 10


@require_safe
@mine_page
def home(request: HttpRequest) -> HttpResponseBase:
    """The organisations, what waits, what was told last, and all records."""
    own, day, user = codes(request), clock.today(), acting_user(request)
    organisations = selectors.organisations(own)
    page = Paginator(lists.everything(organisations), _PAGE).get_page(number(request.GET.get("page")))
    looking.saw(request, looking.of_list(_("我的信用信息"), list(page)))
    everything = selectors.of_organisations(own)
    running = everything.filter(outcome="")
    context = {
        "organisations": organisations,
        "page": page,
        "rows": held_lines.lines(list(page), day),
        "running": [(case, selectors.where(case, day=day)) for case in running],
        "closed": list(everything.exclude(outcome="")[:_SHOWN]),
        "cases_total": everything.count(),
        "drafts": begun(user, "mine"),
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
    line = held_lines.line(held, day)
    running = list(selectors.running_on(held.pk))
    context = {
        "record": held,
        "item": item,
        "fields": explaining.public_fields(held),
        "public": line.public,
        "sentence": line.sentence,
        "line": line,
        "readers": [(look, looks.purpose_title(look.purpose)) for look in held_lines.readers(line)],
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
    """Take a step that is the organisation's (withdraw, hand in missing papers, be heard), or keep it as a draft."""
    held = own_case(request, case_id)
    row = handling.transition(held, action)
    sheet = opened(request, Place(held.procedure, action, case=held), _kind(row, held))
    if sheet.saves:
        if sheet.saved():
            return redirect(f"{reverse('mine:case', args=[held.pk])}#step-{action}")
    elif handling.taken(request, held, sheet):
        shown.success(request, _("已办理：%(title)s") % {"title": titled(row)})
        return redirect("mine:case", held.pk)
    return _case_page(request, own_case(request, case_id), sent=sheet)


@require_safe
@mine_page
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """A file of a case of the organisation, or of the own draft."""
    held = Evidence.objects.select_related("draft").filter(pk=evidence_id).first()
    if held is None or (held.case_id is None and not handling.is_own(request, held)):
        raise NotFound("evidence-unknown", _("没有这份材料。"), remedy=_("请从办件页面重新打开。"))
    if held.case_id is not None:
        own_case(request, held.case_id)
    return showing.file(request, held)


def _case_page(request: HttpRequest, held: Case, *, sent: Filling | None = None) -> HttpResponseBase:
    rows = cases.possible(held, user=acting_user(request), day=clock.today())
    context = showing.context(held) | {
        "fillings": in_case(request, held, [_kind(row, held) for row in rows], sent=sent),
        "sent": sent,
        "notices": held.notices.filter(addressee="organisation"),
    }
    return render(request, "mine/case.html", context, status=sent.status if sent else 200)


def _kind(row: Transition, held: Case) -> Kind:
    return Kind(packs.current().procedure(held.procedure), row)
