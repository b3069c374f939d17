"""A form of the case work at work, at the desk and for the organisation: shown with its draft, kept as a draft, or
sent. The pages say which form, what sending it does, and where it leads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import IO, Any, Final, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.records import archiving
from gongxin.rights import drafts
from gongxin.rights.cases import Given
from gongxin.rights.drafts import Place
from gongxin.rights.models import Case, Draft, Paper
from gongxin.web.attempts import attempt, refuse
from gongxin.web.cases.forms import PaperForm, StepForm
from gongxin.web.desk.pages import acting_user
from gongxin.web.templatetags.gongxin import titled

SAVE: Final = "save"
Done = TypeVar("Done")
# Of what a step's files are: those of an application prove that its duties are fulfilled.
_PAPERS: Final = {"training": Paper.TRAINING}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the form of a step depends on beside the step. training: proof of a training may be uploaded; on_paper: it
    is a written application that the credit office enters; asked_for: the correction that the applicant wants.
    """

    procedure: Procedure
    row: Transition
    training: bool = False
    on_paper: bool = False
    asked_for: Mapping[str, str] | None = None


class Filling:
    """The form of a step as it stands: as it was sent, or with what its draft holds. status: of the answer."""

    def __init__(self, request: HttpRequest, place: Place, kind: Kind, draft: Draft | None, *, sent: bool) -> None:
        self.request, self.place, self.draft, self.status = request, place, draft, 200
        record = place.case.record if place.case is not None else place.record
        given: dict[str, Any] = {"procedure": kind.procedure, "training": kind.training, "draft": draft}
        data = (request.POST, request.FILES) if sent else ()
        self.form = StepForm(*data, row=kind.row, record=record, asked_for=kind.asked_for, **given)
        filled = draft.filled if draft else {}
        self.paper = PaperForm(request.POST if sent else None, initial=filled) if kind.on_paper else None

    @property
    def saves(self) -> bool:
        """Whether the form was sent to be kept as a draft."""
        return SAVE in self.request.POST

    def saved(self) -> bool:
        """Keep what there is, complete or not. False where a file is not accepted, which is said on the form."""
        parts = [self.form] if self.paper is None else [self.form, self.paper]
        self.draft, self.status = keep(self.request, self.place, *parts)
        return self.status == 200

    def filed(self, verb: Callable[[Given], Done]) -> Done | None:
        """Take the step with what was filled in and what the draft holds. None where that is refused."""
        if self.paper is not None and not self.paper.is_valid():
            self.form.is_valid()
            self.status = 422
            return None
        done, self.status = attempt(self.form, lambda: verb(self._given()))
        return done

    def _given(self) -> Given:
        number = self.paper.cleaned_data["paper"] if self.paper is not None else ""
        return replace(self.form.given(), draft=self.draft, paper=number)


def opened(request: HttpRequest, place: Place, kind: Kind) -> Filling:
    """The one form of a page, with its draft; POST sends it."""
    draft = drafts.of(acting_user(request), place, day=clock.today())
    return Filling(request, place, kind, draft, sent=request.method == "POST")


def in_case(request: HttpRequest, case: Case, rows: Sequence[Kind], *, sent: Filling | None = None) -> list[Filling]:
    """The forms of the steps that may be taken in a case, each with its draft; one of them as it was sent."""
    held = drafts.of_case(acting_user(request), case, day=clock.today())
    found = []
    for kind in rows:
        action = kind.row.action
        place = Place(case.procedure, action, case=case)
        unsent = Filling(request, place, kind, held.get(action), sent=False)
        found.append(sent if sent is not None and sent.place.action == action else unsent)
    return found


def keep(request: HttpRequest, place: Place, *parts: forms.BaseForm) -> tuple[Draft, int]:
    """Keep the forms as a draft, with their files. Returns it and the status of the answer: another than 200 where a
    file is not accepted, which is said on its form.
    """
    user, at = acting_user(request), clock.now()
    typed = {name: text for form in parts for name, text in _typed(form).items()}
    draft, status = drafts.save(place, typed, acting_user=user, at=at), 200
    for form in parts:
        for name, filename, content in _files(form):
            paper = _PAPERS.get(name, form.proof if isinstance(form, StepForm) else Paper.OTHER)
            try:
                drafts.add_file(draft, content, filename=filename, paper=paper, acting_user=user, at=at)
            except GongxinError as error:
                form.full_clean()
                refuse(form, error, field=name)
                status = error.status
    if status == 200:
        messages.success(request, _("草稿已保存，可以稍后继续。"))
    return draft, status


def _typed(form: forms.BaseForm) -> dict[str, str]:
    """What was typed in, valid or not, by name of the field."""
    fields = [name for name, field in form.fields.items() if not isinstance(field, forms.FileField)]
    return {name: str(form[name].data or "") for name in fields}


def _files(form: forms.BaseForm) -> list[tuple[str, str, IO[Any]]]:
    """The uploaded files: field, name of the file, content."""
    found = [(name, form[name].data) for name, field in form.fields.items() if isinstance(field, forms.FileField)]
    return [(name, file.name or "", file.file) for name, file in found if isinstance(file, UploadedFile) and file.file]


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft as lists show it. about: what it is about; where: the address of its form."""

    draft: Draft
    title: str
    about: str
    where: str
    kept_until: date


def begun(user: User, site: str) -> list[Begun]:
    """What the user has begun, for the first page of a site (`mine` or `cases`)."""
    return [_begun(draft, site) for draft in drafts.listed(user, day=clock.today())]


def removed(request: HttpRequest, evidence_id: UUID, site: str) -> HttpResponseBase:
    """Take a file out of a draft; back to its form."""
    draft = drafts.remove_file(evidence_id, acting_user=acting_user(request))
    messages.info(request, _("已从草稿中删除。"))
    return redirect(_address(draft, site))


def deleted(request: HttpRequest, draft_id: UUID, site: str) -> HttpResponseBase:
    """Ask whether the draft is to be deleted, then delete it. site: `mine` or `cases`."""
    user = acting_user(request)
    held, home = drafts.own(draft_id, user=user, day=clock.today()), _HOMES[site]
    if request.method != "POST":
        layout = {"mine": "mine/layout.html", "cases": "desk/layout.html"}[site]
        context = {"entry": _begun(held, site), "layout": layout, "home": home}
        return render(request, "cases/draft_delete.html", context)
    drafts.discard(held, acting_user=user)
    messages.info(request, _("草稿已经删除。"))
    return redirect(home)


_HOMES: Final = {"mine": "mine:home", "cases": "desk:home"}


def _begun(draft: Draft, site: str) -> Begun:
    return Begun(draft, _title(draft), _about(draft), _address(draft, site), drafts.kept_until(draft))


def _title(draft: Draft) -> str:
    procedure = packs.current().procedures.get(draft.procedure)
    if procedure is None:
        return _("信用修复培训报名")
    row = procedure.transition(draft.action)
    return titled(row or procedure)


def _about(draft: Draft) -> str:
    if draft.session is not None:
        return draft.session.course.title
    if draft.case is not None:
        return f"{draft.case.number} {draft.case.organisation.name}"
    if draft.record is None:
        return draft.organisation.name if draft.organisation else ""
    # Of what is in the archive a list says no more than whom it is about.
    held = draft.record
    said = held.document_no or held.title if archiving.is_at_hand(held, clock.today()) else ""
    return f"{said} {held.organisation.name}".strip()


def _address(draft: Draft, site: str) -> str:
    """Where the form of a draft is, on the site its writer works on."""
    if draft.case_id is not None:
        return f"{reverse(f'{site}:case', args=[draft.case_id])}#step-{draft.action}"
    if draft.session is not None:
        course = [draft.session.course_id] if site == "cases" else []
        return reverse(f"{site}:register", args=[*course, draft.session_id])
    about = "file" if draft.record_id is not None else "file-about"
    if site == "cases":
        return reverse(f"cases:{about}", args=[draft.record_id or draft.organisation_id, draft.procedure, draft.action])
    if draft.procedure in ("objection", "repair"):
        return reverse(f"mine:{draft.procedure}", args=[draft.record_id])
    return reverse(f"mine:{about}", args=[draft.record_id or draft.organisation_id, draft.procedure])
