"""The archive at the desk: opened for audit only, with reason and matter; every opening is a look, refused ones too."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.ends import archive, ending
from gongxin.enquiries.asked import MAX_MATTER
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Refused, Resource
from gongxin.policy import packs
from gongxin.records import archiving, explaining, listing, selectors
from gongxin.records.listing import Place
from gongxin.records.models import Record
from gongxin.rights import selectors as rights
from gongxin.rights.models import Case
from gongxin.subjects import selectors as subjects
from gongxin.subjects.models import Organisation
from gongxin.web import looking
from gongxin.web.cases import showing
from gongxin.web.desk.pages import ask, desk_page, require
from gongxin.web.desk.traces import AUDIT

_PAGE: Final = 25
_REASONS: Final = (
    ("审计检查", gettext_lazy("审计检查")),
    ("上级督查", gettext_lazy("上级督查")),
    ("行政复议、诉讼", gettext_lazy("行政复议、诉讼")),
    ("核查办件", gettext_lazy("核查办件")),
)
# The reason and the matter stand together in the log of looks.
_MATTER: Final = MAX_MATTER - max(len(code) for code, _title in _REASONS) - 1


class GroundForm(forms.Form):
    """Why the archive is opened."""

    reason = forms.ChoiceField(label=gettext_lazy("查阅事由"), choices=[("", gettext_lazy("请选择")), *_REASONS])
    matter = forms.CharField(
        label=gettext_lazy("事项"),
        max_length=_MATTER,
        help_text=gettext_lazy("审计通知书、督办单、案件等的名称和编号；写入查询留痕，信用主体可以看到。"),
    )

    def ground(self) -> str:
        """Reason and matter as the log keeps them."""
        return f"{self.cleaned_data['reason']}：{self.cleaned_data['matter'].strip()}"


class SearchForm(GroundForm):
    """What is looked for, and why. The item is always one, so that the list stays quick however much is archived."""

    item = forms.ChoiceField(label=gettext_lazy("目录项"))
    state = forms.ChoiceField(label=gettext_lazy("归档原因"), required=False)
    organisation = forms.CharField(label=gettext_lazy("信用主体代码"), required=False, max_length=40)
    number = forms.CharField(label=gettext_lazy("文书号"), required=False, max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        items = [(item.id, item.title) for item in packs.current().items.values()]
        for name, options in (("item", items), ("state", [("", _("全部")), *archive.states()])):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = options

    def clean_organisation(self) -> Organisation | None:
        """The organisation with the code, or an error that says there is none."""
        code = self.cleaned_data["organisation"].strip()
        found = subjects.by_code(code) if code else None
        if code and found is None:
            raise forms.ValidationError(_("没有这个代码的信用主体，请核对。"))
        return found

    def filters(self) -> archive.Filters:
        """What the valid form asks for."""
        about = self.cleaned_data["organisation"]
        return archive.Filters(
            item=self.cleaned_data["item"],
            state=self.cleaned_data["state"],
            organisation=about.pk if about else None,
            number=self.cleaned_data["number"].strip(),
        )


@require_safe
@looking.looked(Kind.ARCHIVE, duty=AUDIT)
@desk_page
def search(request: HttpRequest) -> HttpResponseBase:
    """Archived records of one item, once reason and matter are given; every filter is in the address."""
    rule = require(request, Action.ARCHIVE_READ, purpose=AUDIT).rule
    form = SearchForm(request.GET or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _listed(request, form, rule)
    else:
        looking.saw(request, Seen("归档信息"), rule=rule)
    return render(request, "desk/archive.html", context)


@require_safe
@looking.looked(Kind.ARCHIVE, duty=AUDIT)
@desk_page
def record(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """One archived record whole: fields, why it ended, versions, its cases. Without a reason it is refused."""
    form = GroundForm(request.GET or None)
    if not form.is_valid():
        return _ground_asked(request, form)
    require(request, Action.ARCHIVE_READ, purpose=AUDIT)
    day = clock.today()
    found = archive.one(record_id, day=day)
    resource = Resource(department=found.provider_id, disclosure=found.disclosure, state=_archived(found, day))
    rule = require(request, Action.ARCHIVE_READ, resource, purpose=AUDIT).rule
    looking.saw(request, looking.of_record(found), rule=rule, purpose=AUDIT, matter=form.ground())
    item = packs.current().item(found.item)
    context = {
        "record": found,
        "item": item,
        "fields": explaining.public_fields(found),
        "revisions": selectors.revisions(found),
        "ending": ending.of([found.pk], day=day).get(found.pk),
        "cases": archive.cases(found),
        "ground": form.ground(),
        "back": urlencode({name: value for name, value in request.GET.items() if name in SearchForm.base_fields}),
    }
    return render(request, "desk/archived.html", context)


@require_safe
@looking.looked(Kind.ARCHIVE, duty=AUDIT)
@desk_page
def case(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """A closed case with its steps, reasons, notices and evidence. Without a reason it is refused."""
    form = GroundForm(request.GET or None)
    if not form.is_valid():
        return _ground_asked(request, form)
    found = _case(request, case_id, form)
    context = showing.context(found) | {
        "ground": form.ground(),
        "back": urlencode({name: value for name, value in request.GET.items() if name in SearchForm.base_fields}),
    }
    return render(request, "desk/archived_case.html", context)


@require_safe
@looking.looked(Kind.ARCHIVE, duty=AUDIT)
@desk_page
def evidence_file(request: HttpRequest, case_id: UUID, evidence_id: UUID) -> HttpResponseBase:
    """A piece of evidence of a closed case. Without a reason it is refused."""
    form = GroundForm(request.GET or None)
    if not form.is_valid():
        return _ground_asked(request, form)
    found = _case(request, case_id, form)
    held = found.evidence.filter(pk=evidence_id).first()
    if held is None:
        raise NotFound("evidence-unknown", _("没有这份材料。"), remedy=_("请从办件页面重新打开。"))
    return showing.file(request, held)


def _ground_asked(request: HttpRequest, form: GroundForm) -> HttpResponseBase:
    """Refused, with the form that asks for the reason; for who may not open the archive at all, the refusal alone."""
    require(request, Action.ARCHIVE_READ, purpose=AUDIT)
    refusal = Refused(ask(request, Action.ARCHIVE_READ))
    looking.refused(request, refusal)
    return render(request, "desk/archive_ground.html", {"form": form, "error": refusal}, status=refusal.status)


def _case(request: HttpRequest, case_id: UUID, form: GroundForm) -> Case:
    """A closed case, opened for audit with the reason given. Raises Refused or NotFound."""
    rule = require(request, Action.ARCHIVE_READ, purpose=AUDIT).rule
    found = rights.one(case_id)
    if not found.outcome:
        raise NotFound("archive-unknown", _("归档信息中没有这个办件。"), remedy=_("未办结的请从办件列表打开。"))
    seen = Seen(f"归档办件 {found.number}", found.organisation_id)
    looking.saw(request, seen, rule=rule, purpose=AUDIT, matter=form.ground())
    return found


def _archived(held: Record, day: date) -> str:
    """As the table of access knows it: a lapsed licence is archive here, though its provider still sees it."""
    state = archiving.access_state(held, day)
    return state if state in archiving.ARCHIVED else "closed"


def _listed(request: HttpRequest, form: SearchForm, rule: str) -> dict[str, Any]:
    filters = form.filters()
    found = listing.stretch(
        archive.archived(filters, day=clock.today()),
        oldest_first=False,
        size=_PAGE,
        after=Place.read(request.GET.get("after", "")),
        before=Place.read(request.GET.get("before", "")),
    )
    item = packs.current().item(filters.item)
    seen = looking.of_list(f"归档信息 {item.title} {filters.number}".strip(), found.records)
    looking.saw(request, seen, rule=rule, purpose=AUDIT, matter=form.ground())
    address = _address(request)
    return {
        "rows": found.records,
        "searched": True,
        "query": address,
        "first": address,
        "previous": _address(request, before=found.previous) if found.previous else "",
        "following": _address(request, after=found.following) if found.following else "",
    }


def _address(request: HttpRequest, **place: Place) -> str:
    """The query string with the fields that are set, at another place of the list."""
    kept = {name: value for name, value in request.GET.items() if value and name in SearchForm.base_fields}
    return f"?{urlencode(kept | {name: str(value) for name, value in place.items()})}"
