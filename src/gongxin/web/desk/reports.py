"""Full credit reports at the desk: for a purpose of the department, or at the window on an organisation's request."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.enquiries import reports
from gongxin.enquiries.asked import MAX_MATTER
from gongxin.enquiries.looks import Ground, Seen
from gongxin.enquiries.models import Channel, Kind, Outcome
from gongxin.enquiries.reports import Asked
from gongxin.identity import consents, decisions
from gongxin.identity.consents import Covering
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Decision, Resource
from gongxin.policy import packs
from gongxin.policy.model import DisclosureClass
from gongxin.subjects import selectors
from gongxin.subjects.models import Organisation
from gongxin.web import looking
from gongxin.web.desk.pages import acting, acting_user, desk_page, of_department, require
from gongxin.web.public.reports import handed_over, origin

# The purpose for which the credit office issues reports at the window.
SELF_QUERY: Final = "self-query"


class ReportForm(forms.Form):
    """About whom, for which purpose, for which business."""

    code = forms.CharField(label=gettext_lazy("统一社会信用代码"), max_length=40)
    purpose = forms.ChoiceField(label=gettext_lazy("查询用途"))
    matter = forms.CharField(
        label=gettext_lazy("办理事项"),
        max_length=MAX_MATTER,
        help_text=gettext_lazy("所办业务的编号，例如受理号；写入查询留痕，信用主体可以看到。"),
    )

    def __init__(self, *args: Any, purposes: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (code, entry.title) for code, entry in packs.current().purposes.items() if code in purposes
            ]

    def clean_code(self) -> Organisation:
        """The organisation with the code."""
        found = selectors.by_code(self.cleaned_data["code"])
        if found is None:
            raise forms.ValidationError(_("没有这个代码的信用主体，请核对。"))
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@looking.looked(Kind.REPORT)
@desk_page
def report(request: HttpRequest) -> HttpResponseBase:
    """The form (GET), and the report as a PDF (POST): one look, whatever comes of it."""
    require(request, Action.CHECK_READ, of_department(acting_user(request).department))
    purposes = acting(request).purposes
    if request.method != "POST":
        looking.settle(request)
        return render(request, "desk/report.html", {"form": ReportForm(purposes=purposes)})
    form = ReportForm(request.POST, purposes=purposes)
    if not form.is_valid():
        _unanswered(request, form)
        return render(request, "desk/report.html", {"form": form})
    about, purpose, matter = (form.cleaned_data[name] for name in ("code", "purpose", "matter"))
    looking.saw(request, Seen(about.name, about.pk), purpose=purpose, matter=matter)
    decision = _judged(request, about, purpose)
    lent = _lent(request, about, purpose)
    ground = Ground(purpose, matter, decision.rule, consent=lent.numbers)
    items = None if purpose == SELF_QUERY else lent.items
    asked = Asked(looking.looker(request, Channel.DESK), ground, _classes(request, purpose), lent=items)
    issued = reports.issue_full(about, asked, origin=origin(request), at=clock.now())
    looking.settle(request)
    return handed_over(issued)


def _judged(request: HttpRequest, about: Organisation, purpose: str) -> Decision:
    """By which rule the report may be issued. Raises Refused."""
    if purpose == SELF_QUERY:
        return require(request, Action.REPORT_FULL, Resource(organisation=about.uscc or ""), purpose=purpose)
    return require(request, Action.CHECK_ASK, purpose=purpose)


def _classes(request: HttpRequest, purpose: str) -> tuple[DisclosureClass, ...]:
    """What the report may hold, with the organisation's consent for what it has lent."""
    found = decisions.opened(acting(request), Action.CHECK_ASK, purpose=purpose, day=clock.today(), consent=True)
    return cast("tuple[DisclosureClass, ...]", found)


def _lent(request: HttpRequest, about: Organisation, purpose: str) -> Covering:
    """What the organisation has lent to the department; at the window it asks itself, which is its consent."""
    department = acting_user(request).department_id
    if purpose == SELF_QUERY or department is None:
        return Covering()
    return consents.covering(department, about.uscc or "", purpose, clock.today())


def _unanswered(request: HttpRequest, form: ReportForm) -> None:
    """A form that names nobody, or no purpose, was still a question."""
    said = form.data.get("code", "")[:40] or "—"
    purpose, matter = form.data.get("purpose", "")[:40], form.data.get("matter", "")[:MAX_MATTER]
    looking.saw(request, Seen(said, outcome=Outcome.NOT_FOUND), purpose=purpose, matter=matter)
