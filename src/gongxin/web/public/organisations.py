"""The page of an organisation: who it is, and everything that is public about it today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Category, Item
from gongxin.records.models import Record
from gongxin.records.selectors import published_on, with_mark
from gongxin.subjects import selectors
from gongxin.subjects.models import Identifier, Kind, Organisation
from gongxin.web.public.catalogue import KINDS
from gongxin.web.public.serving import public_page
from gongxin.web.templatetags.gongxin import day as day_filter

# Words of registers for «in operation»; any other status is shown with a mark.
_ALIVE: Final = frozenset({"存续", "在业", "开业", "正常", "在营", "存续（在营、开业、在册）"})
_SCHEMES: Final = {
    "registration-no": gettext_lazy("注册号"),
    "organisation-code": gettext_lazy("组织机构代码"),
    "tax-no": gettext_lazy("税务登记号"),
    "institution-no": gettext_lazy("事业单位证书号"),
    "social-no": gettext_lazy("社会组织登记证号"),
    "raw": gettext_lazy("登记的代码（不合编码规则）"),
}
# The category whose content the page shows from the register itself.
_REGISTER: Final = "registration"
# Records of one organisation shown on its page at most; the lists hold the others.
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The public records of one category."""

    category: Category
    entries: list[tuple[Record, Item]]


@public_page
def page(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Basics, identifiers, former names and the public records by category; an empty category says so."""
    held = selectors.organisation(organisation_id)
    day = clock.today()
    records = (
        with_mark(published_on(day)).filter(organisation=held).select_related("provider").order_by("-decided_on", "-id")
    )
    shown = list(records[: _SHOWN + 1])
    context = {
        "organisation": held,
        "kind": KINDS[held.kind],
        "alive": held.status in _ALIVE,
        "basics": _basics(held),
        "former_names": list(selectors.former_names(held)),
        "groups": _groups(shown[:_SHOWN]),
        "total": len(shown[:_SHOWN]),
        "more": len(shown) > _SHOWN,
        "day": day,
    }
    return render(request, "public/organisation.html", context)


def _groups(records: list[Record]) -> list[Group]:
    """Every category with an item, in the pack's order; that of the register only if it has records."""
    pack = packs.current()
    used = {item.category for item in pack.items.values()}
    known = [(record, pack.items[record.item]) for record in records if record.item in pack.items]
    groups = [
        Group(category, [pair for pair in known if pair[1].category == category.id])
        for category in pack.categories.values()
        if category.id in used
    ]
    return [group for group in groups if group.entries or group.category.id != _REGISTER]


def _basics(held: Organisation) -> list[tuple[str, object]]:
    """Label and value of what the register says.

    The operator of a sole trader is a person, and its address may be a home: neither is shown.
    """
    of_bodies = [(_("法定代表人（负责人）"), held.legal_representative), (_("住所"), held.address)]
    said = [
        (_("统一社会信用代码"), held.uscc),
        *((str(_SCHEMES.get(entry.scheme, _("其他代码"))), entry.value) for entry in _identifiers(held)),
        (_("类型"), held.type_name),
        *([] if held.kind == Kind.SOLE_TRADER else of_bodies),
        (_("成立日期"), day_filter(held.established_on)),
        (_("注册资本"), held.capital),
        (_("地区"), held.district),
        (_("经营或业务范围"), held.scope),
    ]
    return [(label, value) for label, value in said if value]


def _identifiers(held: Organisation) -> list[Identifier]:
    return list(held.identifiers.order_by("scheme", "value"))
