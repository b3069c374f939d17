"""Organisations: search, and one organisation with what is public about it. No key needed."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from gongxin import clock
from gongxin.api import lookups
from gongxin.api.forms import PLAIN, OrganisationBrief, OrganisationOut, RecordsPage
from gongxin.api.keyset import After, position
from gongxin.errors import NotFound
from gongxin.subjects import search as searching
from gongxin.subjects.identifiers import folded_code
from gongxin.subjects.models import Organisation

router = Router(tags=["public"], by_alias=True)


class HitOut(OrganisationBrief):
    """A search hit with why it matched and the text that did."""

    why: str = Field(description="code, code-prefix, identifier, name, former-name, pinyin or similar")
    matched: str


class HintOut(Schema):
    """What is wrong with a code that was searched for, and the check digit its other characters ask for."""

    fault: str
    expected: str | None


class SearchOut(Schema):
    """A page of search hits, best first."""

    query: str
    total: int
    more: bool = Field(description="There are more than `total`: narrow the query.")
    hint: HintOut | None
    hits: list[HitOut]


@router.get("", response=SearchOut, summary="Search organisations by name, former name, code, pinyin initials")
def search(
    request: HttpRequest,
    q: Annotated[str, Query(pattern=PLAIN, min_length=1, max_length=100, examples=["云河食品"])],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Any:
    """Part of a name (two characters or more), a former name, a code, pinyin initials; one wrong character still
    finds it.
    """
    page = searching.search(q, limit=limit, offset=offset)
    hint = {"fault": page.hint.fault, "expected": page.hint.expected} if page.hint else None
    return {
        "query": page.query,
        "total": page.total,
        "more": page.more,
        "hint": hint,
        "hits": [_brief(hit.organisation) | {"why": hit.why, "matched": hit.matched} for hit in page.hits],
    }


def _brief(found: Organisation) -> dict[str, Any]:
    named = {name: getattr(found, name) for name in ("id", "uscc", "name", "kind", "status", "district")}
    return named | {"url": f"/organisations/{found.pk}"}


def lookup(request: HttpRequest, ref: str) -> HttpResponse:
    """An organisation by its id (UUID) or unified social credit code, with the records that are public today.

    The busiest address: `urls` routes it past django-ninja, which only documents it.
    """
    answer = None
    if len(ref) == 36:
        answer = _by_id(ref)
    elif len(code := folded_code(ref)) == 18 and code.isascii() and code.isprintable():
        answer = lookups.read("by_uscc", {"ref": code, "limit": lookups.PAGE}, day=clock.today())
    if answer is None:
        raise NotFound("not-found", "没有这个信用主体。", remedy="请核对编号或统一社会信用代码，或者用名称搜索。")
    return HttpResponse(answer, content_type="application/json")


def _by_id(ref: str) -> bytes | None:
    try:
        wanted = UUID(ref)
    except ValueError:
        return None
    return lookups.read("by_id", {"ref": wanted, "limit": lookups.PAGE}, day=clock.today())


router.get(
    "/{ref}",
    response=OrganisationOut,
    operation_id="organisation",
    summary="An organisation with its public records",
    openapi_extra={"x-problems": [404]},
)(lookup)


@router.get("/{uuid:organisation_id}/records", response=RecordsPage, openapi_extra={"x-problems": [404]})
def records(
    request: HttpRequest,
    organisation_id: UUID,
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=lookups.PAGE)] = lookups.PAGE,
) -> HttpResponse:
    """The public records of an organisation, newest first. after: from `next` of the page before."""
    wanted = position(after) | {"ref": organisation_id, "limit": limit}
    wanted["address"] = f"/api/v1/organisations/{organisation_id}/records"
    answer = lookups.read("of_organisation", wanted, day=clock.today())
    return HttpResponse(answer or b"", content_type="application/json")
