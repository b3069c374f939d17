"""The records a department has handed in, public or not, each with why it is public until when, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.identity import access
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.policy.model import DatedRule, Field, Item
from gongxin.records import payload, selectors
from gongxin.records.models import Disclosure, Record, State
from gongxin.subjects.selectors import by_code
from gongxin.web.desk.pages import acting_user, desk_page, number, query

_PAGE: Final = 25


class Filters(forms.Form):
    """What narrows the list; the item is always one, so that the list stays quick however much is held."""

    item = forms.ChoiceField(label=gettext_lazy("目录项"), required=False)
    q = forms.CharField(label=gettext_lazy("主体名称、代码或文书号"), required=False, max_length=200)

    def __init__(self, *args: object, items: list[Item], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        field = self.fields["item"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(item.id, item.title) for item in items]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a record is public on a day, and why. rule: the dated rule it rests on, None if none was noted."""

    public: bool
    sentence: str
    rule: DatedRule | None


@require_safe
@desk_page
def records(request: HttpRequest) -> HttpResponseBase:
    """Records of one item, the latest decisions first."""
    user = acting_user(request)
    items = _items(user)
    chosen = request.GET.get("item") or (items[0].id if items else "")
    filters = Filters({"item": chosen, "q": request.GET.get("q", "")}, items=items)
    page = number(request.GET.get("page")) or 1
    found = _found(user, filters) if filters.is_valid() else Record.objects.none()
    window = list(found[(page - 1) * _PAGE : page * _PAGE + 1])
    day, rules = clock.today(), _rules()
    context = {
        "filters": filters,
        "rows": [(record, standing(record, day, rules)) for record in window[:_PAGE]],
        "previous": query(request, page=page - 1) if page > 1 else "",
        "next": query(request, page=page + 1) if len(window) > _PAGE else "",
        "page_number": page,
        "sees_all": access.sees_all(user),
    }
    return render(request, "desk/records.html", context)


@require_safe
@desk_page
def record(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """One record whole: fields, standing, versions."""
    user, found = acting_user(request), selectors.record(record_id)
    scope = access.scope(user)
    if scope is not None and found.provider_id != scope.pk:
        raise NotFound("record-unknown", _("没有这条信用记录。"), remedy=_("请从“本单位数据”重新打开。"))
    item = packs.current().item(found.item)
    own = access.may_hand_in(user, found.provider_id)
    context = {
        "record": found,
        "item": item,
        "fields": [pair for pair in _texts(item, found) if pair[1] and _visible(pair[0], own=own)],
        "standing": standing(found, clock.today(), _rules()),
        "revisions": selectors.revisions(found),
    }
    return render(request, "desk/record.html", context)


def standing(record: Record, day: date, rules: dict[str, DatedRule]) -> Standing:
    """Whether the record is public on `day`, until when, and by which rule."""
    rule = rules.get(record.publicity_rule)
    never = _never(record)
    if never:
        return Standing(False, never, rule)
    start, end = record.publicity_from, record.publicity_until
    if start is None or day < start:
        return Standing(False, _("自 %(start)s 起公示。") % {"start": start}, rule)
    if end is None:
        return Standing(True, _("公示中，没有期限。"), rule)
    if day > end:
        return Standing(False, _("公示期已于 %(end)s 届满。") % {"end": end}, rule)
    return Standing(True, _("公示中，至 %(end)s 止。") % {"end": end}, rule)


def _never(record: Record) -> str:
    """Why the record is public on no day; empty if it is on some."""
    if record.state != State.ACTIVE:
        return _("已归档，不再公示。")
    if record.disclosure != Disclosure.PUBLIC:
        return _("披露方式为“%(kind)s”，不向社会公示。") % {"kind": Disclosure(record.disclosure).label}
    return _("按规定不予公示。") if record.publicity_from is None else ""


def _rules() -> dict[str, DatedRule]:
    return {rule.id: rule for rule in packs.current().rules()}


def _items(user: User) -> list[Item]:
    known, scope = packs.current().items, access.scope(user)
    if scope is None:
        return list(known.values())
    return [known[item] for item in scope.items if item in known]


def _found(user: User, filters: Filters) -> QuerySet[Record]:
    scope, text = access.scope(user), filters.cleaned_data["q"].strip()
    found = Record.objects.filter(item=filters.cleaned_data["item"]).select_related("organisation", "provider")
    if scope is not None:
        found = found.filter(provider=scope)
    if text:
        found = _matching(found, text)
    return found.order_by("-decided_on", "-pk")


def _matching(found: QuerySet[Record], text: str) -> QuerySet[Record]:
    """By document number, else by the organisations that the search finds."""
    numbered = found.filter(document_no=text)
    if numbered.exists():
        return numbered
    coded = by_code(text)
    return found.filter(organisation=coded) if coded else found.filter(organisation__name=text)


def _texts(item: Item, record: Record) -> list[tuple[Field, str]]:
    return [(field, payload.text(field, value)) for field, value in payload.pairs(item, record.payload)]


def _visible(field: Field, *, own: bool) -> bool:
    """What is not published never leaves the desk of its provider; a person's identity is shown to nobody."""
    return payload.is_public(field) or (own and field.role not in payload.PERSONAL_ROLES)
