"""The notice how to repair (两书同达): page and PDF of a record, all of a submission as ZIP."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.identity.decision_table import Action
from gongxin.intake import selectors as submissions
from gongxin.records import selectors as records
from gongxin.rights import repair_notice
from gongxin.rights.repair_notice import RepairNotice
from gongxin.web import looking, sheets
from gongxin.web.desk import traces
from gongxin.web.desk.pages import desk_page, number, require, scope


@require_safe
@desk_page
def page(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The notice as a page, for reading and printing."""
    return render(request, "cases/repair_notice.html", {"notice": _notice(request, record_id)})


@require_safe
@desk_page
def pdf(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """The notice as PDF."""
    notice = _notice(request, record_id)
    response = HttpResponse(repair_notice.pdf(notice, at=clock.now()), content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, notice.filename)


@require_safe
@desk_page
def bulk(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """The notices of a submission's new records as ZIP; ?part=2 … where there are more than one part holds."""
    found = submissions.one(submission_id, provider=scope(request, Action.SUBMISSION_READ))
    part = number(request.GET.get("part"))
    content = repair_notice.batch(found.pk, at=clock.now(), part=part)
    response = StreamingHttpResponse(content, content_type="application/zip")
    return sheets.named(response, f"{repair_notice.TITLE}-{found.pk.hex[-12:]}-{part}.zip")


def _notice(request: HttpRequest, record_id: UUID) -> RepairNotice:
    held = records.record(record_id)
    looking.saw(request, looking.of_record(held))
    require(request, Action.RECORD_READ, traces.resource(held))
    return repair_notice.facts(held, day=clock.today())
