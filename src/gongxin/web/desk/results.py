"""The result of one submission: counts, faults, progress, downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.intake import jobs, receipt, returns, selectors, storage, submissions
from gongxin.intake.models import UNFINISHED, Submission
from gongxin.policy import packs
from gongxin.web import looking, sheets
from gongxin.web.desk import todo
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, of_department, require, scope

Parts = Callable[[Submission], Iterator[bytes]]
_RETURNS: Final[dict[tuple[str, str], Parts]] = {
    ("rejected", "xlsx"): returns.rejected_workbook,
    ("rejected", "csv"): returns.rejected_csv,
    ("whole", "xlsx"): lambda found: returns.whole_workbook(found, day=clock.today()),
    ("whole", "csv"): lambda found: returns.whole_csv(found, day=clock.today()),
}
# What belongs to a department that is nobody's: the rule about it is the rule about everything that is not one's own.
_ANOTHERS: Final = Resource(department=UUID(int=0))
_RETURN_NAMES: Final = {"rejected": "问题数据", "whole": "原文件附错误"}


def seen_by(request: HttpRequest, submission_id: UUID, *, rows: bool = False) -> Submission:
    """The submission, if the user may see it; NotFound otherwise, as if it were not there.

    rows: what is shown is out of its rows. Counts and states of the own hand-ins are the department's own work;
    everything else is logged (`looking.looked`).
    """
    looking.by(request, ask(request, Action.SUBMISSION_READ, _ANOTHERS).rule)
    found = selectors.one(submission_id, provider=scope(request, Action.SUBMISSION_READ))
    rule = ask(request, Action.SUBMISSION_READ, of_department(found.provider)).rule
    looking.saw(request, Seen(f"{found.provider.name} {found.filename}"), rule=rule)
    if found.provider_id == acting_user(request).department_id:
        if not rows:
            looking.settle(request)
        looking.saw(request, Seen(f"{found.provider.name} {found.filename}"), rule=rule, purpose=looking.OWN)
    return found


@require_safe
@looking.looked(Kind.SUBMISSION)
@desk_page
def submission(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """What came of a submission, or where it stands."""
    found = seen_by(request, submission_id)
    finished = found.state not in UNFINISHED
    context = {
        "submission": found,
        "item": packs.current().items.get(found.item),
        "snapshot": selectors.snapshot(found),
        "fault": selectors.fault_of(found),
        "groups": selectors.finding_groups(found) if finished else [],
        "open_rows": todo.open_rows(found),
        "may_hand_in": ask(request, Action.SUBMISSION_CORRECT, of_department(found.provider)).allowed,
        "has_original": finished and storage.has_original(found),
        "interrupted": found.fault_code == jobs.INTERRUPTED,
        "corrections": list(found.corrections.order_by("received_at")[:20]),
    }
    return render(request, "desk/submission.html", context)


@require_safe
@looking.looked(Kind.SUBMISSION)
@desk_page
def progress(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """Where processing stands: the part of the result page that asks for itself every two seconds."""
    found = seen_by(request, submission_id)
    if not request.headers.get("HX-Request"):
        return redirect("desk:submission", found.pk)
    response = render(request, "desk/parts/progress.html", {"snapshot": selectors.snapshot(found), "submission": found})
    if found.state not in UNFINISHED:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@looking.looked(Kind.SUBMISSION)
@desk_page
def findings(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """Every finding of one code (or of all), in row order, a page at a time."""
    found, code = seen_by(request, submission_id, rows=True), request.GET.get("code", "")
    page = selectors.findings_page(found, code=code, page=number(request.GET.get("page")))
    groups = selectors.finding_groups(found)
    context = {"submission": found, "page": page, "code": code, "groups": groups}
    return render(request, "desk/findings.html", context)


@require_safe
@looking.looked(Kind.FILE)
@desk_page
def returned_file(request: HttpRequest, submission_id: UUID, what: str, form: str) -> HttpResponseBase:
    """The rejected rows, or the whole original, with the reasons beside them."""
    found = seen_by(request, submission_id, rows=True)
    parts = _RETURNS[what, form](found)
    stem = found.filename.rsplit(".", 1)[0]
    return sheets.handed_over(parts, form, f"{stem}-{_RETURN_NAMES[what]}")


@require_safe
@looking.looked(Kind.SUBMISSION)
@desk_page
def receipt_page(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """The receipt, made for printing."""
    found = seen_by(request, submission_id)
    return render(request, "desk/receipt.html", {"submission": found, "receipt": receipt.facts(found)})


@require_safe
@looking.looked(Kind.FILE)
@desk_page
def receipt_pdf(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """The receipt as PDF."""
    found = seen_by(request, submission_id)
    response = HttpResponse(receipt.pdf(found), content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, f"报送回执-{receipt.number(found)}.pdf")


@require_POST
@looking.looked(Kind.SUBMISSION, alone=True)
@desk_page
def retry(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """Have an interrupted submission processed again."""
    found = seen_by(request, submission_id)
    require(request, Action.SUBMISSION_CORRECT, of_department(found.provider))
    submissions.retry(found, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已重新开始处理。"))
    return redirect("desk:submission", found.pk)
