"""The catalogue: which kinds of records there may be, with the rules of their fields."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin.policy import packs
from gongxin.policy.model import Clock, CodeList, Field, Item
from gongxin.policy.regimes import PublicityRules
from gongxin.records import payload
from gongxin.web.public.serving import public_page
from gongxin.web.templatetags.gongxin import labelled

TYPES: Final = {
    "text": gettext_lazy("文本"),
    "date": gettext_lazy("日期"),
    "decimal": gettext_lazy("小数"),
    "integer": gettext_lazy("整数"),
    "code": gettext_lazy("代码（单选）"),
    "codes": gettext_lazy("代码（可多选）"),
    "uscc": gettext_lazy("统一社会信用代码"),
    "year": gettext_lazy("年份"),
}
DISCLOSURES: Final = {
    "public": gettext_lazy("社会公开"),
    "authorised": gettext_lazy("授权查询"),
    "shared": gettext_lazy("政务共享"),
}
KINDS: Final = {
    "enterprise": gettext_lazy("企业"),
    "institution": gettext_lazy("事业单位和政府机关"),
    "social": gettext_lazy("社会组织和其他组织"),
    "sole_trader": gettext_lazy("个体工商户"),
}


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field as the table of an item's rules shows it."""

    number: int
    field: Field
    type: str
    length: str
    required: str
    conditions: tuple[str, ...]
    code_list: CodeList | None
    public: bool


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All items by category."""
    pack = packs.current()
    order = list(pack.categories)
    items = sorted(pack.items.values(), key=lambda item: order.index(item.category))
    groups = [
        (pack.categories[category], [(item, DISCLOSURES[item.disclosure], len(item.fields)) for item in members])
        for category, members in groupby(items, key=lambda item: item.category)
    ]
    return render(request, "public/catalogue.html", {"groups": groups, "total": len(items)})


@public_page
def item_page(request: HttpRequest, item_id: str) -> HttpResponse:
    """One item: basis, publicity, time limits, fields."""
    pack = packs.current()
    item = pack.item(item_id)
    used = dict.fromkeys(field.code_list for field in item.fields if field.code_list)
    context = {
        "item": item,
        "category": pack.categories[item.category],
        "disclosure": DISCLOSURES[item.disclosure],
        "kinds": [KINDS[kind] for kind in item.subject_kinds],
        "key_fields": [item.field(name) for name in item.natural_key],
        "publicity": _publicity(item),
        "clocks": _clocks(item),
        "lines": [_line(number, field, item) for number, field in enumerate(item.fields, start=1)],
        "code_lists": [pack.code_lists[name] for name in used],
    }
    return render(request, "public/item.html", context)


def _publicity(item: Item) -> PublicityRules | None:
    return packs.current().publicity.get(item.publicity) if item.disclosure == "public" else None


def _clocks(item: Item) -> list[Clock]:
    return [packs.current().clock(name) for name in item.clocks]


def _line(number: int, field: Field, item: Item) -> FieldLine:
    return FieldLine(
        number=number,
        field=field,
        type=str(TYPES[field.type]),
        length=_length(field),
        required=_required(field),
        conditions=tuple(_condition(field, item)),
        code_list=packs.current().code_lists.get(field.code_list),
        public=payload.is_public(field),
    )


def _length(field: Field) -> str:
    if field.max_length is None:
        return ""
    return f"{field.max_length},{field.scale}" if field.scale else str(field.max_length)


def _required(field: Field) -> str:
    if field.required:
        return _("必填")
    return _("条件必填") if field.required_when else _("选填")


def _condition(field: Field, item: Item) -> list[str]:
    """«行政相对人类别为法人及非法人组织时», one for each condition."""
    return [
        _("“%(field)s”为“%(values)s”时")
        % {"field": labelled(item.field(when.field)), "values": _("、").join(when.values)}
        for when in field.required_when
    ]
