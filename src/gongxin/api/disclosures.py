"""Disclosure lists: everything of one item that is public today, newest first. No key needed."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from gongxin import clock
from gongxin.api import lookups
from gongxin.api.forms import RecordsPage
from gongxin.api.keyset import After, position
from gongxin.policy import packs

router = Router(tags=["public"], by_alias=True)


@router.get("/{item_id}", response=RecordsPage, openapi_extra={"x-problems": [404]})
def disclosure(
    request: HttpRequest,
    item_id: str,
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=lookups.PAGE)] = 20,
) -> HttpResponse:
    """The public records of an item. after: from `next` of the page before."""
    item = packs.current().item(item_id)
    wanted = position(after) | {"ref": item.id, "limit": limit, "address": f"/api/v1/disclosures/{item.id}"}
    answer = lookups.read("of_item", wanted, day=clock.today())
    return HttpResponse(answer or b"", content_type="application/json")
