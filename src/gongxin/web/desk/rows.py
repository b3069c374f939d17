"""Correcting rejected rows in the page: only what was wrong stands out, everything saved becomes a new submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.enquiries.models import Kind
from gongxin.errors import GongxinError, InvalidInput
from gongxin.identity.decision_table import Action
from gongxin.intake import corrections, selectors, templates
from gongxin.intake.models import Finding, RejectedRow, Submission
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.web import looking
from gongxin.web.desk.inputs import Input, of_field
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, of_department
from gongxin.web.desk.results import seen_by

# Rows on one page: their inputs stay well under Django's limit of fields in a form.
ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class EditableRow:
    """A rejected row as the page shows it. general: what is wrong with the whole row; faulty: the inputs at fault."""

    number: int
    name: str
    general: tuple[tuple[str, str], ...]
    faulty: tuple[Input, ...]
    others: tuple[Input, ...]
    kept: bool


@require_http_methods(["GET", "POST"])
@looking.looked(Kind.SUBMISSION, alone=True)
@desk_page
def rows(request: HttpRequest, submission_id: UUID) -> HttpResponseBase:
    """Ten rejected rows with what is wrong with them; saving hands the changed ones in again."""
    found, user = seen_by(request, submission_id, rows=True), acting_user(request)
    if not ask(request, Action.SUBMISSION_CORRECT, of_department(found.provider)).allowed:
        return redirect("desk:findings", found.pk)
    page = _page(found, number(request.GET.get("page")))
    refused: GongxinError | None = None
    if request.method == "POST":
        try:
            done = corrections.correct_rows(found, _changed(request, found), acting_user=user, at=clock.now())
        except GongxinError as error:
            refused = error
        else:
            return _after(request, done)
    pack = packs.current()
    context = {
        "submission": found,
        "item": pack.item(found.item),
        "page": page,
        "rows": _editable(found, list(page), pack, request.POST),
        "refused": refused,
    }
    return render(request, "desk/rows.html", context, status=refused.status if refused else 200)


def _page(submission: Submission, wanted: int) -> Page[RejectedRow]:
    open_rows = RejectedRow.objects.filter(submission=submission, corrected_by=None).order_by("row_number")
    return Paginator(open_rows, ROWS).get_page(wanted)


def _changed(request: HttpRequest, submission: Submission) -> dict[int, dict[str, str]]:
    """What was typed and differs from what stands in the row: {row number: {field: text}}."""
    typed = _typed(request.POST, packs.current().item(submission.item))
    held = RejectedRow.objects.filter(submission=submission, row_number__in=list(typed))
    current = {row.row_number: corrections.current_values(submission, row) for row in held}
    differing = {
        row: {name: text for name, text in values.items() if text != _one_line(current.get(row, {}).get(name, ""))}
        for row, values in typed.items()
    }
    changed = {row: values for row, values in differing.items() if values}
    if not changed:
        raise InvalidInput(
            "nothing-changed", _("没有修改任何内容。"), remedy=_("请改正标出的字段后保存，或者下载问题数据离线改正。")
        )
    return changed


def _typed(sent: Mapping[str, str], item: Item) -> dict[int, dict[str, str]]:
    """Texts of the form by row and field; names are `r<row>-<field>`, anything else is not ours."""
    known = {field.name for field in templates.fields(item)}
    typed: dict[int, dict[str, str]] = {}
    for name, text in sent.items():
        row, _dash, field = name.removeprefix("r").partition("-")
        if name.startswith("r") and field in known and number(row, default=0):
            typed.setdefault(int(row), {})[field] = _one_line(text)
    return typed


def _one_line(text: str) -> str:
    """Browsers send line breaks as CR LF; compared and handed in as LF."""
    return text.replace("\r\n", "\n")


def _editable(
    submission: Submission, page: list[RejectedRow], pack: Pack, sent: Mapping[str, str]
) -> list[EditableRow]:
    numbers = [row.row_number for row in page]
    by_row: dict[int, list[selectors.FindingLine]] = {}
    labels = selectors.field_labels(submission.item)
    for finding in Finding.objects.filter(submission=submission, row_number__in=numbers, code__startswith="E"):
        by_row.setdefault(finding.row_number, []).append(selectors.line(finding, labels))
    return [_row(row, submission, by_row.get(row.row_number, []), pack, sent) for row in page]


def _row(
    row: RejectedRow, submission: Submission, lines: list[selectors.FindingLine], pack: Pack, sent: Mapping[str, str]
) -> EditableRow:
    item, prefix = pack.item(submission.item), f"r{row.row_number}-"
    values = corrections.current_values(submission, row)
    asked = {field.name for field in templates.fields(item)}
    errors: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        errors.setdefault(line.field if line.field in asked else "", []).append((line.sentence, line.remedy))
    made = [
        of_field(
            field,
            item,
            pack,
            value=sent.get(f"{prefix}{field.name}", values.get(field.name, "")),
            prefix=prefix,
            errors=errors.get(field.name, ()),
            as_found=True,
        )
        for field in templates.fields(item)
    ]
    party = item.by_role("party_name")
    return EditableRow(
        number=row.row_number,
        name=values.get(party.name, "") if party else "",
        general=tuple(errors.get("", ())),
        faulty=tuple(entry for entry in made if entry.errors),
        others=tuple(entry for entry in made if not entry.errors),
        kept=row.cells is not None,
    )


def _after(request: HttpRequest, done: Submission) -> HttpResponseBase:
    if done.rejected:
        said = _("已重新报送 %(rows)s 行，其中 %(rejected)s 行仍有问题。")
        messages.warning(request, said % {"rows": done.rows_in, "rejected": done.rejected})
    else:
        messages.success(request, _("改正的数据已全部入库。"))
    return redirect("desk:submission", done.pk)
