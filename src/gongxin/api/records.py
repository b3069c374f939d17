"""Records that are public today. No key needed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from gongxin import clock
from gongxin.api import lookups
from gongxin.api.forms import OrganisationBrief, RecordOut
from gongxin.errors import NotFound

router = Router(tags=["public"], by_alias=True)


class RecordAnswer(Schema):
    """A record and whom it is about."""

    as_of: str
    rule_version: str
    record: RecordOut
    organisation: OrganisationBrief


@router.get("/{uuid:record_id}", response=RecordAnswer, openapi_extra={"x-problems": [404]})
def record(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One record, if it is public today. A record that is no longer public is answered like one that never was."""
    answer = lookups.read("record", {"ref": record_id}, day=clock.today())
    if answer is None:
        raise NotFound(
            "not-found", "没有这条公开的信用记录。", remedy="记录可能已过公示期或已修复；请从主体页面重新查询。"
        )
    return HttpResponse(answer, content_type="application/json")
