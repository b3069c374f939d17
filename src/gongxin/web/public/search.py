"""Search results: organisations by name, former name, code or initials, records by document number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.records import listing
from gongxin.records.models import Record
from gongxin.records.selectors import published_on
from gongxin.subjects import search
from gongxin.subjects.search import SearchHit, SearchPage
from gongxin.web.public.catalogue import KINDS
from gongxin.web.public.serving import public_page

_PAGE: Final = 20
_WHY: Final = {
    "code": gettext_lazy("统一社会信用代码相符"),
    "code-prefix": gettext_lazy("统一社会信用代码前段相符"),
    "identifier": gettext_lazy("其他登记代码相符"),
    "name": gettext_lazy("名称相符"),
    "former-name": gettext_lazy("曾用名相符"),
    "pinyin": gettext_lazy("拼音首字母相符"),
    "similar": gettext_lazy("名称相近"),
}
_FAULTS: Final = {
    "uscc-length": gettext_lazy("位数不对，统一社会信用代码应为 18 位。"),
    "uscc-characters": gettext_lazy("含有代码中不会出现的字符（不用 I、O、S、V、Z）。"),
    "uscc-placeholder": gettext_lazy("这是没有代码时填写的占位值，不能用来查询。"),
    "uscc-check-digit": gettext_lazy("校验码不符，代码可能有一位写错。"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with its reason in words and the number of its public records."""

    hit: SearchHit
    why: str
    records: int


@public_page
def page(request: HttpRequest) -> HttpResponse:
    """Results for `q`, narrowed to `kind`, page by page."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    kind = request.GET.get("kind", "")
    number = _number(request.GET.get("page", ""))
    kinds = (kind,) if kind in KINDS else ()
    context: dict[str, Any] = {"query": query, "kind": kind if kinds else "", "kinds": KINDS.items()}
    if query:
        result = search.search(query, limit=_PAGE, offset=(number - 1) * _PAGE, kinds=kinds)
        context |= _context(result, number) | {"records": _by_document(query), "next_steps": _next_steps()}
    return render(request, "public/search.html", context)


def _context(result: SearchPage, number: int) -> dict[str, Any]:
    counts = _published([hit.organisation.pk for hit in result.hits])
    return {
        "result": result,
        "found": [
            Found(hit, str(_WHY.get(hit.why, hit.why)), counts.get(hit.organisation.pk, 0)) for hit in result.hits
        ],
        "fault": _FAULTS.get(result.hint.fault, _("代码不符合编码规则。")) if result.hint else "",
        "expected": result.hint.expected if result.hint else None,
        "number": number,
        "earlier": number - 1 if number > 1 else None,
        "later": number + 1 if number * _PAGE < result.total else None,
    }


def _published(organisations: list[UUID]) -> dict[UUID, int]:
    """How many records of each organisation are public today."""
    records = published_on(clock.today()).filter(organisation__in=organisations).order_by()
    return dict(records.values_list("organisation").annotate(Count("pk")))


def _by_document(query: str) -> list[tuple[Record, Item]]:
    """Public records with this document number."""
    items = packs.current().items
    found = listing.by_document_no(query, day=clock.today())
    return [(record, items[record.item]) for record in found if record.item in items]


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _next_steps() -> list[tuple[str, str]]:
    return [
        (_("减少字数：名称中连续的两个字以上即可"), ""),
        (_("名称有变更的，用曾用名或者统一社会信用代码查询"), ""),
        (_("按文书号查询的，请填写完整，括号形式不限"), ""),
        (_("按类别浏览公示信息"), reverse("public:disclosures")),
    ]
