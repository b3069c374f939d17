"""What an organisation opens itself beside objection and repair: list exit, reorganisation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.policy.casework import About, Procedure, Transition
from gongxin.records.models import Record
from gongxin.rights import cases, eligibility, selectors
from gongxin.rights.cases import Given
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case
from gongxin.subjects.models import Organisation
from gongxin.web.cases.filling import Filling, Kind, opened
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.filing import told
from gongxin.web.mine.pages import codes, mine_page, own_record


@require_http_methods(["GET", "POST"])
@mine_page
def file(request: HttpRequest, record_id: UUID, procedure_id: str) -> HttpResponseBase:
    """The form that opens a case about a record; may be kept as a draft and finished later."""
    held = own_record(request, record_id)
    procedure, row = _opening(procedure_id, "record")
    filling = opened(request, Place(procedure.id, row.action, record=held), Kind(procedure, row))
    if filling.saves:
        if filling.saved():
            return redirect("mine:file", held.pk, procedure.id)
    elif request.method == "POST" and (case := filling.filed(lambda given: _filed(request, held, filling, given))):
        return told(request, case)
    context = {
        "record": held,
        "organisation": held.organisation,
        "item": packs.current().item(held.item),
        "eligibility": eligibility.of(held, day=clock.today()),
    }
    return _page(request, procedure, filling, context)


@require_http_methods(["GET", "POST"])
@mine_page
def file_about(request: HttpRequest, organisation_id: UUID, procedure_id: str) -> HttpResponseBase:
    """The form that opens a case about the organisation; may be kept as a draft and finished later."""
    about = _own(request, organisation_id)
    procedure, row = _opening(procedure_id, "organisation")
    filling = opened(request, Place(procedure.id, row.action, organisation=about), Kind(procedure, row))
    if filling.saves:
        if filling.saved():
            return redirect("mine:file-about", about.pk, procedure.id)
    elif request.method == "POST" and (case := filling.filed(lambda given: _filed(request, about, filling, given))):
        return told(request, case)
    return _page(request, procedure, filling, {"organisation": about})


def _page(request: HttpRequest, procedure: Procedure, filling: Filling, context: dict[str, object]) -> HttpResponseBase:
    shown = {"procedure": procedure, "row": filling.form.row, "filling": filling, **context}
    return render(request, "mine/file.html", shown, status=filling.status)


def _filed(request: HttpRequest, about: Record | Organisation, filling: Filling, given: Given) -> Case:
    verb = cases.open_case if isinstance(about, Record) else cases.open_about
    place, user = filling.place, acting_user(request)
    return verb(place.procedure, place.action, about.pk, given=given, acting_user=user, at=clock.now())


def _opening(procedure_id: str, about: About) -> tuple[Procedure, Transition]:
    """The action by which a representative opens such a case."""
    procedure = packs.current().procedures.get(procedure_id)
    if procedure is not None and procedure.about == about:
        for row in procedure.openings():
            if "representative" in row.roles:
                return procedure, row
    raise NotFound("opening-unknown", _("没有这种办件。"), remedy=_("请从“我的信用信息”选择可以办理的事项。"))


def _own(request: HttpRequest, organisation_id: UUID) -> Organisation:
    found = next((one for one in selectors.organisations(codes(request)) if one.pk == organisation_id), None)
    if found is None:
        raise NotFound("organisation-unknown", _("没有这个信用主体。"), remedy=_("请从“我的信用信息”重新打开。"))
    return found
