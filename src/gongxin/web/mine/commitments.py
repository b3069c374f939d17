"""Commitments: those made here, those departments hand in, those of cases; making one; its copy."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.policy import packs
from gongxin.records import payload
from gongxin.records.models import Record
from gongxin.rights import selectors
from gongxin.subjects.models import Organisation
from gongxin.supervision import commitments
from gongxin.supervision.models import Commitment
from gongxin.web import looking, sheets
from gongxin.web.attempts import attempt
from gongxin.web.desk.pages import acting_user, require
from gongxin.web.mine.pages import codes, mine_page

_SHOWN: Final = 200
_STATE: Final = "LY_ZT"
# How cases in which a commitment was made speak of it.
_OF_CASES: Final = {
    "granted": gettext_lazy("已作出，申请获准"),
    "refused": gettext_lazy("已作出，申请未获准"),
    "withdrawn": gettext_lazy("已作出，申请撤回"),
    "": gettext_lazy("已作出，正在办理"),
}


class MakeForm(forms.Form):
    """By which organisation, about what, confirmed."""

    uscc = forms.ChoiceField(label=gettext_lazy("承诺单位"))
    matter = forms.CharField(
        label=gettext_lazy("承诺事由（选填）"),
        required=False,
        max_length=commitments.MOST_MATTER,
        help_text=gettext_lazy("例如所属行业、所涉及的事项；不要写自然人的信息。"),
    )
    confirmed = forms.BooleanField(
        label=gettext_lazy("已阅读承诺内容，代表本单位作出承诺；承诺作出后不能修改。"),
        error_messages={"required": gettext_lazy("请确认后再作出承诺。")},
    )

    def __init__(self, *args: Any, own: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["uscc"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(entry.uscc or "", f"{entry.name}（{entry.uscc}）") for entry in own]


@require_safe
@mine_page
def listing(request: HttpRequest) -> HttpResponseBase:
    """Everything known of the organisation's commitments, and the kinds there are."""
    own = codes(request)
    looking.saw(request, Seen(_("信用承诺"), others=tuple(one.pk for one in selectors.organisations(own))))
    kinds = packs.current().commitments
    context = {
        "kinds": kinds.values(),
        "made": [(entry, kinds.get(entry.kind)) for entry in commitments.of_organisations(own)[:_SHOWN]],
        "handed": [(entry, _named(entry)) for entry in commitments.handed_in(own)[:_SHOWN]],
        "cases": [(case, _OF_CASES.get(case.outcome, case.outcome)) for case in _committed(own)[:_SHOWN]],
    }
    return render(request, "mine/commitments.html", context)


@require_http_methods(["GET", "POST"])
@mine_page
def make(request: HttpRequest, kind_id: str) -> HttpResponseBase:
    """The words of a kind, and the form that commits the organisation to them."""
    kind, own = commitments.offered(kind_id), selectors.organisations(codes(request))
    sent, status = request.method == "POST", 200
    form = MakeForm(request.POST, own=own) if sent else MakeForm(own=own)
    if sent:
        made_one, status = attempt(form, lambda: _made(request, form, own, kind.id))
        if made_one is not None:
            messages.success(request, _("承诺已经作出，编号 %(number)s。") % {"number": made_one.number})
            return redirect("mine:made", made_one.pk)
    return render(request, "mine/commit.html", {"kind": kind, "form": form}, status=status)


def _made(request: HttpRequest, form: MakeForm, own: list[Organisation], kind: str) -> Commitment:
    given = form.cleaned_data
    about = next(entry for entry in own if entry.uscc == given["uscc"])
    return commitments.make(about, kind, matter=given["matter"], acting_user=acting_user(request), at=clock.now())


@require_safe
@mine_page
def made(request: HttpRequest, commitment_id: UUID) -> HttpResponseBase:
    """One commitment."""
    held = _own(request, commitment_id)
    return render(request, "mine/made.html", {"made": held, "kind": packs.current().commitments.get(held.kind)})


@require_safe
@mine_page
def pdf(request: HttpRequest, commitment_id: UUID) -> HttpResponseBase:
    """Its copy."""
    held = _own(request, commitment_id)
    response = HttpResponse(commitments.pdf(held), content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, f"信用承诺书-{held.number}.pdf")


def _own(request: HttpRequest, commitment_id: UUID) -> Any:
    held = commitments.one(commitment_id, codes(request))
    require(request, Action.MINE_READ, Resource(organisation=held.organisation.uscc or ""))
    return held


def _named(entry: Record) -> str:
    """Whether it was kept, as the department says."""
    item = packs.current().items.get(entry.item)
    return str(payload.named(item, entry.payload).get(_STATE) or "") if item else ""


def _committed(own: frozenset[str]) -> Any:
    """Cases that ask for a commitment when they are opened, and those in which one was found untrue."""
    procedures = packs.current().procedures.values()
    asking = [entry.id for entry in procedures if any("commitment" in row.asks for row in entry.openings())]
    return selectors.of_organisations(own).filter(procedure__in=asking)
