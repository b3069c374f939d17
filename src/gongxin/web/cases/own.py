"""What an organisation opens itself beside objection and repair (list exit, reorganisation), and its training."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.errors import GongxinError, NotFound
from gongxin.policy import packs
from gongxin.policy.casework import About, Procedure, Transition
from gongxin.records.models import Record
from gongxin.rights import cases, drafts, eligibility, selectors, training
from gongxin.rights.models import Draft, Position
from gongxin.rights.training import Coming
from gongxin.subjects.models import Organisation
from gongxin.web.cases import courses
from gongxin.web.cases.forms import StepForm, bound
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.pages import codes, mine_page, own_record


class ComingForm(forms.Form):
    """With how many people the organisation comes, and in which function."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=gettext_lazy("信用主体"), empty_label=None)
    people = forms.IntegerField(
        label=gettext_lazy("参加人数"), min_value=1, max_value=training.MOST_PEOPLE, initial=1,
        help_text=gettext_lazy("只填人数和岗位；平台不登记参加人员的姓名。"),
    )  # fmt: skip
    position = forms.ChoiceField(label=gettext_lazy("岗位"), choices=Position.choices)


@require_http_methods(["GET", "POST"])
@mine_page
def file(request: HttpRequest, record_id: UUID, procedure_id: str) -> HttpResponseBase:
    """The form that opens a case about a record; may be kept as a draft and finished later."""
    held = own_record(request, record_id)
    procedure, row = _opening(procedure_id, "record")
    draft = drafts.of(acting_user(request), procedure.id, held)
    status, form = 200, StepForm(row=row, record=held, procedure=procedure, initial=_initial(draft))
    if request.method == "POST":
        form = bound(request, row, held, procedure=procedure)
        if "save" in request.POST:
            return _saved(request, held, procedure, form)
        status = 422
        if form.is_valid():
            try:
                return _filed(request, held, procedure, form, draft)
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
        "draft": draft,
        "eligibility": eligibility.of(held, day=clock.today()),
    }
    return render(request, "mine/file.html", context, status=status)


@require_http_methods(["GET", "POST"])
@mine_page
def file_about(request: HttpRequest, organisation_id: UUID, procedure_id: str) -> HttpResponseBase:
    """The form that opens a case about the organisation."""
    about = _own(request, organisation_id)
    procedure, row = _opening(procedure_id, "organisation")
    status, form = 200, StepForm(row=row, record=None, procedure=procedure)
    if request.method == "POST":
        form, status = bound(request, row, None, procedure=procedure), 422
        if form.is_valid():
            try:
                case = cases.open_about(
                    procedure.id,
                    row.action,
                    about.pk,
                    given=form.given(),
                    acting_user=acting_user(request),
                    at=clock.now(),
                )
            except GongxinError as error:
                form.add_error(None, f"{error.title}{error.remedy}")
                status = error.status
            else:
                messages.success(request, _("已提交，编号 %(number)s。") % {"number": case.number})
                return redirect("mine:case", case.pk)
    context = {"organisation": about, "procedure": procedure, "row": row, "form": form}
    return render(request, "mine/file.html", context, status=status)


@require_safe
@mine_page
def trainings(request: HttpRequest) -> HttpResponseBase:
    """Sessions to come, what the organisation is registered for and has attended, its certificates."""
    return _trainings(request)


@require_POST
@mine_page
def register(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    """Register for a session."""
    form = _coming(request)
    if not form.is_valid():
        return _trainings(request, sent=form, session=session_id, status=422)
    given = form.cleaned_data
    try:
        training.register(
            session_id,
            given["organisation"].pk,
            Coming(given["people"], Position(given["position"])),
            acting_user=acting_user(request),
            at=clock.now(),
        )
    except GongxinError as error:
        form.add_error(None, f"{error.title}{error.remedy}")
        return _trainings(request, sent=form, session=session_id, status=error.status)
    messages.success(request, _("已报名。"))
    return redirect("mine:training")


@require_POST
@mine_page
def withdraw(request: HttpRequest, registration_id: UUID) -> HttpResponseBase:
    """Take a registration back."""
    training.withdraw(registration_id, acting_user=acting_user(request), at=clock.now())
    messages.info(request, _("已取消报名。"))
    return redirect("mine:training")


@require_safe
@mine_page
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponseBase:
    """A certificate of the organisation as PDF."""
    own = selectors.certificates().filter(organisation__uscc__in=codes(request))
    return courses.served(own.filter(pk=certificate_id).first())


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


def _initial(draft: Draft | None) -> dict[str, str] | None:
    return {"reasons": draft.reasons, "ground": draft.ground} if draft else None


def _saved(request: HttpRequest, held: Record, procedure: Procedure, form: StepForm) -> HttpResponseBase:
    """Keep what there is, complete or not."""
    form.is_valid()
    drafts.save(
        procedure.id,
        held,
        reasons=form.cleaned_data.get("reasons") or request.POST.get(f"{form.prefix}-reasons", ""),
        ground=form.cleaned_data.get("ground", ""),
        acting_user=acting_user(request),
        at=clock.now(),
    )
    messages.success(request, _("草稿已保存，可以稍后继续。"))
    return redirect("mine:file", held.pk, procedure.id)


def _filed(
    request: HttpRequest, held: Record, procedure: Procedure, form: StepForm, draft: Draft | None
) -> HttpResponseBase:
    user, given = acting_user(request), form.given()
    case = cases.open_case(procedure.id, form.row.action, held.pk, given=given, acting_user=user, at=clock.now())
    if draft is not None:
        drafts.discard(draft, acting_user=user)
    messages.success(request, _("已提交，编号 %(number)s。") % {"number": case.number})
    return redirect("mine:case", case.pk)


def _coming(request: HttpRequest) -> ComingForm:
    form = ComingForm(request.POST if request.method == "POST" else None)
    field = form.fields["organisation"]
    # mypy: the field was declared so.
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
    field.queryset = Organisation.objects.filter(uscc__in=codes(request)).order_by("name")
    return form


def _trainings(
    request: HttpRequest, *, sent: ComingForm | None = None, session: UUID | None = None, status: int = 200
) -> HttpResponseBase:
    own, now = codes(request), clock.now()
    context = {
        "sessions": selectors.sessions_after(now),
        "form": sent or _coming(request),
        "sent": sent,
        "sent_for": session,
        "registrations": selectors.registrations(own),
        "certificates": selectors.certificates().filter(organisation__uscc__in=own),
        "rule": training.asked(),
        "now": now,
    }
    return render(request, "mine/training.html", context, status=status)
