"""Filing an objection, and applying for repair step by step (a task list, saved as it goes)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.errors import GongxinError, InvalidInput
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.policy.repair import asks_for
from gongxin.records.models import Record
from gongxin.rights import cases, drafts, eligibility, evidence, selectors
from gongxin.rights.cases import Given
from gongxin.rights.models import Case, Draft, Paper
from gongxin.web.cases.forms import StepForm, bound
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.pages import mine_page, own_record

OBJECTION: Final = "objection"
REPAIR: Final = "repair"


class DutiesForm(forms.Form):
    """One piece of proof that the duties are fulfilled."""

    file = forms.FileField(
        label=gettext_lazy("证明材料"),
        help_text=gettext_lazy("例如缴款凭证、整改验收材料。PDF、PNG 或者 JPEG，每份不超过 10 MiB。"),
        widget=forms.ClearableFileInput({"accept": evidence.ACCEPTED}),
    )


class TrainingForm(forms.Form):
    """The proof of a training elsewhere."""

    file = forms.FileField(
        label=gettext_lazy("其他平台的培训证明"),
        help_text=gettext_lazy("在本平台参加培训并取得证明的，不需要上传。PDF、PNG 或者 JPEG，每份不超过 10 MiB。"),
        widget=forms.ClearableFileInput({"accept": evidence.ACCEPTED}),
    )


class CommitmentForm(forms.Form):
    """The commitment: made on this page, or as a signed paper."""

    committed = forms.BooleanField(
        label=gettext_lazy(
            "本单位承诺：所提交的材料真实、完整；已经纠正行为、履行义务；今后依法诚信经营，自愿接受监督。承诺不实的，愿意承担相应后果，并知晓在规定期间内不能再申请修复。"
        ),
        required=False,
    )
    file = forms.FileField(
        label=gettext_lazy("已签章的信用承诺书（选填）"),
        required=False,
        help_text=gettext_lazy("有签章的书面承诺书的可以上传；在本页作出承诺具有同样效果。"),
        widget=forms.ClearableFileInput({"accept": evidence.ACCEPTED}),
    )


@require_http_methods(["GET", "POST"])
@mine_page
def objection(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The form of an objection; may be kept as a draft and finished later."""
    held = own_record(request, record_id)
    row = _opening(OBJECTION)
    draft = drafts.of(acting_user(request), OBJECTION, held)
    status = 200
    if request.method == "POST":
        form = bound(request, row, held)
        if "save" in request.POST:
            return _saved(request, held, form)
        status = 422
        if form.is_valid():
            try:
                return _filed(request, held, OBJECTION, form.given(), draft)
            except GongxinError as error:
                form.add_error(None, f"{error.title}{error.remedy}")
                status = error.status
    else:
        initial = {"reasons": draft.reasons} if draft else None
        form = StepForm(row=row, record=held, initial=initial, asked_for=draft.correction if draft else None)
    context = {"record": held, "item": packs.current().item(held.item), "form": form, "draft": draft, "row": row}
    return render(request, "mine/objection.html", context, status=status)


@require_safe
@mine_page
def repair(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The task list: what is done, what is still to do."""
    held = own_record(request, record_id)
    draft = drafts.of(acting_user(request), REPAIR, held)
    return render(request, "mine/repair.html", _tasks(held, draft))


@require_http_methods(["GET", "POST"])
@mine_page
def duties(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """Proof that the duties are fulfilled; one file after the other."""
    held = own_record(request, record_id)
    return _paper_page(request, held, DutiesForm, Paper.DUTIES, _("履行义务的证明"))


@require_http_methods(["GET", "POST"])
@mine_page
def commitment(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The commitment."""
    held = own_record(request, record_id)
    return _paper_page(request, held, CommitmentForm, Paper.COMMITMENT, _("信用承诺书"))


@require_http_methods(["GET", "POST"])
@mine_page
def training_proof(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """Proof of a training elsewhere, where the rules of that time ask for training."""
    held = own_record(request, record_id)
    return _paper_page(request, held, TrainingForm, Paper.TRAINING, _("信用修复培训"))


@require_http_methods(["GET", "POST"])
@mine_page
def check(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """Check the answers, then file."""
    held = own_record(request, record_id)
    draft = drafts.of(acting_user(request), REPAIR, held)
    context = _tasks(held, draft)
    status = 200
    if request.method == "POST":
        try:
            given = Given(committed=bool(draft and draft.committed), draft=draft)
            return _filed(request, held, REPAIR, given, draft)
        except GongxinError as error:
            context["refused"] = error
            status = error.status
    return render(request, "mine/check.html", context, status=status)


@require_POST
@mine_page
def remove(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """Take a file out of a draft."""
    draft = drafts.remove_file(evidence_id, acting_user=acting_user(request))
    messages.info(request, _("已从草稿中删除。"))
    return redirect(f"mine:{draft.procedure}", draft.record_id)


@require_POST
@mine_page
def discard(request: HttpRequest, record_id: UUID, procedure: str) -> HttpResponseBase:
    """Give a draft up."""
    held = own_record(request, record_id)
    draft = drafts.of(acting_user(request), procedure, held)
    if draft is not None:
        drafts.discard(draft, acting_user=acting_user(request))
        messages.info(request, _("草稿已经删除。"))
    return redirect("mine:record", held.pk)


def _opening(procedure: str) -> Transition:
    """The action by which a representative opens such a case."""
    rows = packs.current().procedure(procedure).openings()
    return next(row for row in rows if "representative" in row.roles)


def _saved(request: HttpRequest, held: Record, form: StepForm) -> HttpResponseBase:
    """Keep what there is, complete or not."""
    form.is_valid()
    given = form.cleaned_data
    texts = {given.get(f"field_{number}", ""): given.get(f"text_{number}", "") for number in (1, 2, 3)}
    drafts.save(
        OBJECTION,
        held,
        reasons=given.get("reasons") or request.POST.get(f"{form.prefix}-reasons", ""),
        correction={name: text for name, text in texts.items() if name},
        acting_user=acting_user(request),
        at=clock.now(),
    )
    messages.success(request, _("草稿已保存，可以稍后继续。"))
    return redirect("mine:objection", held.pk)


def _filed(request: HttpRequest, held: Record, procedure: str, given: Given, draft: Draft | None) -> HttpResponseBase:
    case: Case = cases.open_case(
        procedure, _opening(procedure).action, held.pk, given=given, acting_user=acting_user(request), at=clock.now()
    )
    if draft is not None and given.draft is None:
        drafts.discard(draft, acting_user=acting_user(request))
    messages.success(request, _("已提交，编号 %(number)s。") % {"number": case.number})
    return redirect("mine:case", case.pk)


def _tasks(held: Record, draft: Draft | None) -> dict[str, object]:
    """What the task list and the last page show."""
    files = list(draft.evidence.all()) if draft else []
    proofs = [entry for entry in files if entry.paper == Paper.DUTIES]
    signed = [entry for entry in files if entry.paper == Paper.COMMITMENT]
    done = {"duties": bool(proofs), "commitment": bool(signed) or bool(draft and draft.committed)}
    found = eligibility.of(held, day=clock.today())
    trained = list(selectors.certificates().filter(organisation=held.organisation))
    elsewhere = [entry for entry in files if entry.paper == Paper.TRAINING]
    asked = asks_for(found, "training")
    if asked:
        done["training"] = bool(trained or elsewhere)
    return {
        "training_asked": asked,
        "trained": trained,
        "elsewhere": elsewhere,
        "record": held,
        "item": packs.current().item(held.item),
        "eligibility": found,
        "draft": draft,
        "proofs": proofs,
        "signed": signed,
        "done": done,
        "complete": all(done.values()),
    }


def _paper_page(
    request: HttpRequest, held: Record, form_class: type[forms.Form], paper: Paper, title: str
) -> HttpResponseBase:
    """A page of the task list: what there is, and a form for more. Saved with every submission."""
    draft = drafts.of(acting_user(request), REPAIR, held)
    form = (
        form_class(request.POST, request.FILES)
        if request.method == "POST"
        else form_class(initial={"committed": draft.committed if draft else False})
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _keep(request, held, form, paper)
                return redirect("mine:repair", held.pk)
            except InvalidInput as error:
                form.add_error("file", f"{error.title}{error.remedy}")
    files = [entry for entry in draft.evidence.all() if entry.paper == paper] if draft else []
    context = {"record": held, "title": title, "files": files, "form": form, "training": paper == Paper.TRAINING}
    return render(request, "mine/paper.html", context, status=status)


def _keep(request: HttpRequest, held: Record, form: forms.Form, paper: Paper) -> None:
    user, at = acting_user(request), clock.now()
    committed = form.cleaned_data.get("committed") if paper == Paper.COMMITMENT else None
    draft = drafts.save(REPAIR, held, committed=committed, acting_user=user, at=at)
    file = form.cleaned_data.get("file")
    if isinstance(file, UploadedFile) and file.file is not None:
        drafts.add_file(draft, file.file, filename=file.name or "", paper=paper, acting_user=user, at=at)
