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
from gongxin.errors import GongxinError
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.policy.repair import asks_for
from gongxin.records.models import Record
from gongxin.rights import cases, drafts, eligibility, evidence, selectors
from gongxin.rights.cases import Given
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Draft, Paper
from gongxin.web.attempts import attempt
from gongxin.web.cases.filling import Kind, deleted, opened, removed
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
    procedure, row = packs.current().procedure(OBJECTION), _opening(OBJECTION)
    filling = opened(request, Place(OBJECTION, row.action, record=held), Kind(procedure, row))
    if filling.saves:
        if filling.saved():
            return redirect("mine:objection", held.pk)
    elif request.method == "POST" and (case := filling.filed(lambda given: _filed(request, held, OBJECTION, given))):
        return told(request, case)
    context = {"record": held, "item": packs.current().item(held.item), "filling": filling, "row": row}
    return render(request, "mine/objection.html", context, status=filling.status)


@require_safe
@mine_page
def repair(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The task list: what is done, what is still to do."""
    held = own_record(request, record_id)
    return render(request, "mine/repair.html", _tasks(held, _draft(request, held)))


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
    draft = _draft(request, held)
    context = _tasks(held, draft)
    status = 200
    if request.method == "POST":
        try:
            given = Given(committed=_committed(draft), draft=draft)
            return told(request, _filed(request, held, REPAIR, given))
        except GongxinError as error:
            context["refused"] = error
            status = error.status
    return render(request, "mine/check.html", context, status=status)


@require_POST
@mine_page
def draft_remove(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """Take a file out of the own draft."""
    return removed(request, evidence_id, "mine")


@require_http_methods(["GET", "POST"])
@mine_page
def draft_delete(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    """Give the own draft up, after it was asked whether that is meant."""
    return deleted(request, draft_id, "mine")


def told(request: HttpRequest, case: Case) -> HttpResponseBase:
    """Say that it is filed, and show the case."""
    messages.success(request, _("已提交，编号 %(number)s。") % {"number": case.number})
    return redirect("mine:case", case.pk)


def _opening(procedure: str) -> Transition:
    """The action by which a representative opens such a case."""
    rows = packs.current().procedure(procedure).openings()
    return next(row for row in rows if "representative" in row.roles)


def _filed(request: HttpRequest, held: Record, procedure: str, given: Given) -> Case:
    action = _opening(procedure).action
    return cases.open_case(procedure, action, held.pk, given=given, acting_user=acting_user(request), at=clock.now())


def _place(held: Record) -> Place:
    return Place(REPAIR, _opening(REPAIR).action, record=held)


def _draft(request: HttpRequest, held: Record) -> Draft | None:
    return drafts.of(acting_user(request), _place(held), day=clock.today())


def _committed(draft: Draft | None) -> bool:
    return bool(draft and draft.filled.get("committed"))


def _tasks(held: Record, draft: Draft | None) -> dict[str, object]:
    """What the task list and the last page show."""
    files = list(draft.evidence.all()) if draft else []
    proofs = [entry for entry in files if entry.paper == Paper.DUTIES]
    signed = [entry for entry in files if entry.paper == Paper.COMMITMENT]
    done = {"duties": bool(proofs), "commitment": bool(signed) or _committed(draft)}
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
        "kept_until": drafts.kept_until(draft) if draft else None,
        "keeping": drafts.kept(),
        "committed": _committed(draft),
        "proofs": proofs,
        "signed": signed,
        "done": done,
        "complete": all(done.values()),
    }


def _paper_page(
    request: HttpRequest, held: Record, form_class: type[forms.Form], paper: Paper, title: str
) -> HttpResponseBase:
    """A page of the task list: what there is, and a form for more. Saved with every submission."""
    draft = _draft(request, held)
    form = (
        form_class(request.POST, request.FILES)
        if request.method == "POST"
        else form_class(initial={"committed": _committed(draft)})
    )
    status = 200
    if request.method == "POST":
        kept, status = attempt(form, lambda: _keep(request, held, form, paper), field="file")
        if kept is not None:
            return redirect("mine:repair", held.pk)
    files = [entry for entry in draft.evidence.all() if entry.paper == paper] if draft else []
    context = {"record": held, "title": title, "files": files, "form": form, "training": paper == Paper.TRAINING}
    return render(request, "mine/paper.html", context, status=status)


def _keep(request: HttpRequest, held: Record, form: forms.Form, paper: Paper) -> Draft:
    user, at = acting_user(request), clock.now()
    typed = {"committed": str(form.cleaned_data["committed"] or "")} if paper == Paper.COMMITMENT else {}
    draft = drafts.save(_place(held), typed, acting_user=user, at=at)
    file = form.cleaned_data.get("file")
    if isinstance(file, UploadedFile) and file.file is not None:
        drafts.add_file(draft, file.file, filename=file.name or "", paper=paper, acting_user=user, at=at)
    return draft
