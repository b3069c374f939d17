"""The records a department has handed in, public or not, each with why it is public until when, or why not."""

from __future__ import annotations

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
from gongxin.enquiries.models import Kind
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Refused, Resource
from gongxin.identity.models import Department
from gongxin.intake.models import Submission, SubmissionState
from gongxin.policy import packs
from gongxin.policy.model import Field, Item
from gongxin.records import archiving, explaining, payload, selectors
from gongxin.records.models import Disclosure, Record, State
from gongxin.records.numbering import with_number
from gongxin.subjects import search
from gongxin.web import looking
from gongxin.web.desk import traces
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, of_department, query, scope

_PAGE: Final = 25
# Organisations whose records are looked for when a name is searched.
_SUBJECTS: Final = 50


class Filters(forms.Form):
    """What narrows the list; the item is always one, so that the list stays quick however much is held."""

    item = forms.ChoiceField(label=gettext_lazy("目录项"), required=False)
    q = forms.CharField(label=gettext_lazy("主体名称、代码或文书号"), required=False, max_length=200)

    def __init__(self, *args: object, items: list[Item], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        field = self.fields["item"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(item.id, item.title) for item in items]


@require_safe
@looking.looked(Kind.RECORDS)
@desk_page
def records(request: HttpRequest) -> HttpResponseBase:
    """Records of one item, the latest decisions first."""
    seen = scope(request, Action.RECORD_READ)
    items = _items(seen)
    chosen = request.GET.get("item") or _first_item(seen, items)
    filters = Filters({"item": chosen, "q": request.GET.get("q", "")}, items=items)
    page = number(request.GET.get("page")) or 1
    found = _found(seen, filters) if filters.is_valid() else Record.objects.none()
    window = list(found[(page - 1) * _PAGE : page * _PAGE + 1])
    asked_for = f"{chosen} {request.GET.get('q', '')}".strip()
    rule = ask(request, Action.RECORD_READ, of_department(seen or acting_user(request).department)).rule
    duty = looking.PLATFORM if seen is None else looking.OWN
    looking.saw(request, looking.of_list(asked_for, window[:_PAGE]), rule=rule, purpose=duty)
    day = clock.today()
    context = {
        "filters": filters,
        "rows": [(entry, *standing(entry, day)) for entry in window[:_PAGE]],
        "previous": query(request, page=page - 1) if page > 1 else "",
        "next": query(request, page=page + 1) if len(window) > _PAGE else "",
        "page_number": page,
        "sees_all": seen is None,
    }
    return render(request, "desk/records.html", context)


@require_safe
@looking.looked(Kind.RECORD)
@desk_page
def record(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """One record whole: fields, standing, versions. Of one that is archived no more than that it is."""
    found = selectors.record(record_id)
    asked = traces.resource(found)
    _look_at(request, found, asked)
    seen = scope(request, Action.RECORD_READ)
    if seen is not None and found.provider_id != seen.pk:
        raise NotFound("record-unknown", _("没有这条信用记录。"), remedy=_("请从“信用记录”重新打开。"))
    decision = ask(request, Action.RECORD_READ, asked)
    if not decision.allowed:
        return traces.told(request, found, Refused(decision))
    item, own = packs.current().item(found.item), ask(request, Action.RECORD_UNPUBLISHED, asked).allowed
    public, sentence = standing(found, clock.today())
    context = {
        "record": found,
        "item": item,
        "fields": _texts(item, found, own=own),
        "public": public,
        "sentence": sentence,
        "term": explaining.term(found),
        "revisions": selectors.revisions(found),
    }
    return render(request, "desk/record.html", context)


def _look_at(request: HttpRequest, found: Record, asked: Resource) -> None:
    """Note what is asked for, and by which rule it may be shown or not, before it is."""
    rule = ask(request, Action.RECORD_READ, asked).rule
    duty = looking.OWN if found.provider_id == acting_user(request).department_id else looking.PLATFORM
    looking.saw(request, looking.of_record(found), rule=rule, purpose=duty)


def standing(held: Record, day: date) -> tuple[bool, str]:
    """Whether the record is public on `day`, and since or until when, or why not, in a sentence."""
    found, shielded = explaining.standing(held, day), held.state == State.SHIELDED
    said = {
        "closed": _("暂时屏蔽，停止公示、共享和使用。") if shielded else _("已归档，不再公示。"),
        "restricted": _("公开范围为“%(kind)s”，不向社会公示。"),
        "never": _("按规定不予公示。"),
        "early": _("自 %(start)s 起公示。"),
        "ended": _("公示期已于 %(end)s 届满。"),
        "public": _("公示中，至 %(end)s 止。") if held.publicity_until else _("公示中，没有规定截止日。"),
    }[found]
    kind = Disclosure(held.disclosure).label
    return found == "public", said % {"kind": kind, "start": held.publicity_from, "end": held.publicity_until}


def _first_item(seen: Department | None, items: list[Item]) -> str:
    """The item that was handed in last, else the first there is."""
    known = [item.id for item in items]
    handed_in = Submission.objects.filter(state=SubmissionState.COMPLETED, item__in=known)
    own = handed_in.filter(provider=seen) if seen else handed_in
    return own.order_by("-received_at").values_list("item", flat=True).first() or next(iter(known), "")


def _items(seen: Department | None) -> list[Item]:
    known = packs.current().items
    return list(known.values()) if seen is None else [known[item] for item in seen.items if item in known]


def _found(seen: Department | None, filters: Filters) -> QuerySet[Record]:
    text = filters.cleaned_data["q"].strip()
    held = Record.objects.filter(archiving.at_hand(clock.today()), item=filters.cleaned_data["item"])
    found = held.select_related("organisation", "provider")
    if seen is not None:
        found = found.filter(provider=seen)
    if text:
        found = _matching(found, text)
    return found.order_by("-decided_on", "-pk")


def _matching(found: QuerySet[Record], text: str) -> QuerySet[Record]:
    """By document number, else by the organisations that the search finds."""
    numbered = found.filter(with_number(text))
    if numbered.exists():
        return numbered
    hits = search.search(text, limit=_SUBJECTS).hits
    return found.filter(organisation__in=[hit.organisation.pk for hit in hits])


def _texts(item: Item, held: Record, *, own: bool) -> list[tuple[Field, str]]:
    """The fields the user may see, with their texts.

    What is not published never leaves the desk of its provider; what tells of a person is shown to nobody.
    """
    kind = held.organisation.kind
    shown = [
        (field, payload.text(field, value))
        for field, value in payload.pairs(item, held.payload)
        if explaining.visible(field, kind) or (own and not field.published and not _personal(field))
    ]
    return [pair for pair in shown if pair[1]]


def _personal(field: Field) -> bool:
    return field.role in payload.PERSONAL_ROLES
