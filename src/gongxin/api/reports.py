"""Full credit reports for a purpose of the department, as signed PDF files. A department's key is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from gongxin import clock
from gongxin.api import problems
from gongxin.api.forms import SAYING, Closed
from gongxin.api.service import DepartmentKey, asker, looker
from gongxin.enquiries import asked, checks, looks, reports
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Kind, Outcome
from gongxin.enquiries.reports import Asked
from gongxin.errors import NotFound
from gongxin.identity import consents, keys
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Decision, decide, opened
from gongxin.policy.model import DisclosureClass
from gongxin.subjects import selectors

router = Router(tags=["checks"], auth=DepartmentKey(keys.CHECK), by_alias=True)


class ReportIn(Closed):
    """About whom, for which purpose and business."""

    code: str = Field(
        min_length=1, max_length=40, pattern=SAYING, description="Credit code (USCC) or another code of the register."
    )
    purpose: str = Field(max_length=40, pattern=SAYING, description="Code of a purpose; see GET /purposes.")
    matter: str = Field(
        min_length=1, max_length=asked.MAX_MATTER, pattern=SAYING, description="Reference of the business it is for."
    )


@router.post(
    "",
    summary="A signed credit report",
    openapi_extra={
        "x-problems": [404],
        "responses": {
            200: {
                "description": "The report. `Location` is the address of its verification page.",
                "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    },
)
def report(request: HttpRequest, question: ReportIn) -> HttpResponse:
    """The full report: everything that may be shown for the purpose. Logged as a look, also when refused."""
    who, at = asker(request), clock.now()
    actor, day = checks.actor_of(who.department, who.name), clock.today()
    decision = decide(actor, Action.CHECK_ASK, purpose=question.purpose, day=day)
    ground = Ground(question.purpose, question.matter, decision.rule)
    about = selectors.by_code(question.code)
    if reason := _refusal(request, question, decision):
        seen = Seen(question.code, about.pk if about else None).refused(reason)
        look = looks.taken(Kind.REPORT, seen, looker=looker(request), ground=ground, at=at)
        return problems.response(request, problems.of_code(reason, members={"check": str(look)}))
    if about is None:
        _log_unknown(question.code, looker(request), ground)
        raise NotFound("not-found", "没有这个代码的信用主体。", remedy="请核对统一社会信用代码，或者用名称搜索。")
    lent = consents.covering(who.department.pk, about.uscc or "", question.purpose, day)
    classes = opened(actor, Action.CHECK_ASK, purpose=question.purpose, day=day, consent=bool(lent.items))
    ground = replace(ground, consent=lent.numbers)
    wanted = Asked(looker(request), ground, cast("tuple[DisclosureClass, ...]", classes), lent=lent.items)
    origin = f"{request.scheme}://{request.get_host()}"
    issued = reports.issue_full(about, wanted, origin=origin, at=at)
    response = HttpResponse(issued.file, content_type="application/pdf")
    response["Location"] = f"/verify/{issued.report.number}"
    response["Content-Disposition"] = f'attachment; filename="{issued.report.number}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _refusal(request: HttpRequest, question: ReportIn, decision: Decision) -> str:
    """Why no report is issued; empty if it is."""
    if found := checks.refusal_of(asker(request).department, question.purpose):
        return found
    return "" if decision.allowed else checks.PURPOSE_NOT_GRANTED


def _log_unknown(code: str, who: Looker, ground: Ground) -> None:
    looks.taken(Kind.REPORT, Seen(code, outcome=Outcome.NOT_FOUND), looker=who, ground=ground, at=clock.now())
