"""Entering a single record: form, check of the answers, hand-in. Nothing typed is kept before it is handed in."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import GongxinError, NotPermitted
from gongxin.identity import accounts
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department
from gongxin.intake import corrections, templates
from gongxin.intake.faults import FAULTS
from gongxin.intake.models import Submission
from gongxin.policy import packs
from gongxin.policy.model import Field, FieldRole, Item
from gongxin.web.desk import inputs
from gongxin.web.desk.pages import acting_user, desk_page, of_department, require
from gongxin.web.desk.upload import items_of


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on the page that asks to check them."""

    name: str
    label: str
    text: str


@require_safe
@desk_page
def items(request: HttpRequest) -> HttpResponseBase:
    """The items of which the department can enter single records."""
    return render(request, "desk/entry_items.html", {"items": items_of(_provider(request))})


@require_http_methods(["GET", "POST"])
@desk_page
def entry(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """The form (GET, or POST step=edit), the answers to check (step=check), the hand-in (step=submit)."""
    item, department = packs.current().item(item_id), _provider(request)
    _judge(item, department)
    if request.method == "GET":
        return _form(request, item, _prefilled(item, department))
    values, step = _sent(request, item), request.POST.get("step")
    errors = _missing(item, values)
    if step == "edit":
        return _form(request, item, values)
    if errors:
        return _form(request, item, values, errors=errors)
    if step != "submit":
        return _check(request, item, values)
    try:
        done = corrections.enter_single(item, department, values, acting_user=acting_user(request), at=clock.now())
    except GongxinError as refused:
        return _form(request, item, values, refused=refused)
    return _after(request, done)


def _provider(request: HttpRequest) -> Department:
    """The department records are entered for. Raises decisions.Refused."""
    department = accounts.judge(acting_user(request))
    require(request, Action.SUBMISSION_MAKE, of_department(department))
    return department


def _judge(item: Item, department: Department) -> None:
    if item.id not in department.items:
        fault, said = FAULTS["E116"], {"value": department.name, "expected": item.title}
        raise NotPermitted("E116", fault.sentence(**said), remedy=fault.next_step(**said), facts=said)


def _prefilled(item: Item, department: Department) -> dict[str, str]:
    """The department as deciding authority and as source, as a start."""
    known: dict[FieldRole, str] = {
        "authority_name": department.name,
        "authority_code": department.uscc,
        "source_name": department.name,
        "source_code": department.uscc,
    }
    return {field.name: known[field.role] for field in item.fields if field.role in known}


def _sent(request: HttpRequest, item: Item) -> dict[str, str]:
    """The answers by field name; several choices are joined by semicolons, as in a file."""
    return {field.name: _answer(request, field) for field in templates.fields(item)}


def _answer(request: HttpRequest, field: Field) -> str:
    if field.type == "codes":
        return ";".join(request.POST.getlist(field.name))
    return request.POST.get(field.name, "").replace("\r\n", "\n").strip()


def _missing(item: Item, values: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Required fields without an answer, told before anything is handed in; every other rule is intake's to judge."""
    fault = FAULTS["E203"]
    return {
        field.name: [(fault.sentence(field=field.label), fault.next_step(field=field.label))]
        for field in templates.fields(item)
        if field.required and not values[field.name]
    }


def _form(
    request: HttpRequest,
    item: Item,
    values: dict[str, str],
    *,
    errors: dict[str, list[tuple[str, str]]] | None = None,
    refused: GongxinError | None = None,
) -> HttpResponseBase:
    sets = inputs.fieldsets(item, packs.current(), values, errors or {})
    faulty = [entry for group in sets for entry in group.inputs if entry.errors]
    context = {"item": item, "fieldsets": sets, "faulty": faulty, "refused": refused}
    status = refused.status if refused else (422 if faulty else 200)
    return render(request, "desk/entry.html", context, status=status)


def _check(request: HttpRequest, item: Item, values: dict[str, str]) -> HttpResponseBase:
    shown = [
        Answer(field.name, field.label, values[field.name]) for field in templates.fields(item) if values[field.name]
    ]
    split = [(field.name, part) for field in templates.fields(item) for part in _parts(field, values[field.name])]
    return render(request, "desk/entry_check.html", {"item": item, "answers": shown, "hidden": split})


def _parts(field: Field, value: str) -> list[str]:
    """The answer as the form sends it: one value, or one for each choice."""
    return inputs.parts(value) if field.type == "codes" else [value]


def _after(request: HttpRequest, done: Submission) -> HttpResponseBase:
    if done.rejected:
        messages.warning(request, _("这条记录没有入库，请按提示改正后保存。"))
        return redirect("desk:rows", done.pk)
    return redirect("desk:submission", done.pk)
