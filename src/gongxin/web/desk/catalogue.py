"""The catalogue items of the department: fields, basis, clocks, templates."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gongxin.identity import accounts
from gongxin.identity.decision_table import Action
from gongxin.intake import templates
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.web import sheets
from gongxin.web.desk.pages import acting_user, ask, desk_page, require
from gongxin.web.desk.upload import items_of


@require_safe
@desk_page
def catalogue(request: HttpRequest) -> HttpResponseBase:
    """The items the department hands in; the credit office sees all of the catalogue."""
    require(request, Action.CATALOGUE_READ)
    pack, sees_all = packs.current(), ask(request, Action.OVERVIEW_READ).allowed
    own = items_of(accounts.judge(acting_user(request)))
    others = [item for item in pack.items.values() if item not in own] if sees_all else []
    return render(request, "desk/catalogue.html", {"items": own, "others": others, "pack": pack})


@require_safe
@desk_page
def item(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """One item: every field with its rule, the basis, the clocks, the templates it is recognised by."""
    require(request, Action.CATALOGUE_READ)
    pack = packs.current()
    found = pack.item(item_id)
    context = {
        "item": found,
        "own": found.id in accounts.judge(acting_user(request)).items,
        "clocks": [pack.clocks[clock] for clock in found.clocks if clock in pack.clocks],
        "key": [found.field(name).label for name in found.natural_key],
        "rules": [(field, templates.rule_of(field, pack, found)) for field in templates.fields(found)],
        "category": pack.categories.get(found.category),
    }
    return render(request, "desk/item.html", context)


@require_safe
@desk_page
def template(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """The item's upload template as XLSX."""
    require(request, Action.CATALOGUE_READ)
    found: Item = packs.current().item(item_id)
    response = HttpResponse(templates.workbook(found), content_type=sheets.CONTENT_TYPES["xlsx"])
    return sheets.named(response, templates.filename(found))
