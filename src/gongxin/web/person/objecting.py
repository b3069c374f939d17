"""An objection of the person: written, checked, filed, followed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.persons import objecting, papers, selectors
from gongxin.persons.seen import ObjectionSeen, RecordSeen
from gongxin.web.attempts import attempt
from gongxin.web.desk.pages import acting_user
from gongxin.web.person import showing
from gongxin.web.person.forms import ObjectionForm, PapersForm
from gongxin.web.person.pages import own_file, own_record, person_page


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def objection(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The form, then the answers to check, then the filed objection.

    What was written travels in the pages' own forms and is stored when it is filed, not before.
    """
    held = own_record(own_file(request), record_id)
    if request.method != "POST":
        return _form_page(request, held, ObjectionForm(record=held))
    form = ObjectionForm(request.POST, record=held)
    if not form.is_valid():
        return _form_page(request, held, form, status=422)
    if "change" in request.POST:
        return _form_page(request, held, form)
    brought = PapersForm(request.POST, request.FILES) if "confirm" in request.POST else PapersForm()
    if not brought.is_bound:
        return _check_page(request, held, form, brought, status=200)
    filed, status = attempt(brought, lambda: _filed(request, held, form, brought))
    if filed is None:
        return _check_page(request, held, form, brought, status=status)
    messages.success(request, _("已提交，编号 %(number)s。") % {"number": showing.number(filed)})
    return redirect("person:case", filed.id)


@require_safe
@person_page
def objections(request: HttpRequest) -> HttpResponseBase:
    """All objections, running ones first."""
    day = clock.today()
    found = [showing.objection(seen, day=day) for seen in selectors.objections(acting_user(request))]
    context = {
        "running": [entry for entry in found if entry["open"]],
        "ended": [entry for entry in found if not entry["open"]],
    }
    return render(request, "person/objections.html", context)


@require_safe
@person_page
def case(request: HttpRequest, objection_id: UUID) -> HttpResponseBase:
    """Where an objection stands: by when it is decided and by which rule, the decision with its reasons."""
    seen = _own(request, objection_id)
    # A record that was erased is not there any more; what was said about it is.
    held = next((record for record in own_file(request).records if record.id == seen.record), None)
    context = showing.objection(seen, day=clock.today())
    context |= {"record": held, "wanted": showing.wanted(seen.wanted, held) if held else []}
    return render(request, "person/case.html", context)


@require_safe
@person_page
def paper(request: HttpRequest, objection_id: UUID, paper_id: UUID) -> HttpResponseBase:
    """A file that the person brought."""
    return showing.file(papers.of_person(acting_user(request), objection_id, paper_id))


def _filed(request: HttpRequest, held: RecordSeen, form: ObjectionForm, brought: PapersForm) -> ObjectionSeen:
    return objecting.object_to(
        held.id,
        reasons=form.cleaned_data["reasons"],
        wanted=form.correction(),
        files=brought.papers(),
        acting_user=acting_user(request),
        at=clock.now(),
    )


def _own(request: HttpRequest, objection_id: UUID) -> ObjectionSeen:
    for seen in selectors.objections(acting_user(request)):
        if seen.id == objection_id:
            return seen
    raise NotFound("person-objection-unknown", _("没有这件异议。"), remedy=_("请从“我的异议”重新打开。"))


def _check_page(
    request: HttpRequest, held: RecordSeen, form: ObjectionForm, brought: PapersForm, *, status: int
) -> HttpResponseBase:
    context = {"record": held, "form": form, "papers": brought, "wanted": showing.wanted(form.correction(), held)}
    return render(request, "person/objection_check.html", context, status=status)


def _form_page(request: HttpRequest, held: RecordSeen, form: ObjectionForm, *, status: int = 200) -> HttpResponseBase:
    return render(request, "person/objection.html", {"record": held, "form": form}, status=status)
