"""Reading submissions: lists, where one stands, what was found, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Min, QuerySet, Window
from django.db.models.functions import RowNumber

from gongxin.errors import NotFound
from gongxin.identity.models import Department
from gongxin.intake.faults import FAULTS, Fault
from gongxin.intake.models import UNFINISHED, Finding, Submission, SubmissionState
from gongxin.policy import packs

_EXAMPLES: Final = 3
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding with its words. `label` is the column's Chinese title; `value` what stood in the cell."""

    row_number: int
    field: str
    label: str
    code: str
    title: str
    sentence: str
    remedy: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one code in a submission: how many rows, the first row, a few examples."""

    fault: Fault
    rows: int
    first_row: int
    examples: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """One page of findings in row order."""

    lines: tuple[FindingLine, ...]
    page: int
    pages: int
    total: int


def for_department(department: Department) -> QuerySet[Submission]:
    """The department's submissions, newest first."""
    return Submission.objects.filter(provider=department).select_related("submitted_by")


def one(submission_id: UUID | str, *, provider: Department | None = None) -> Submission:
    """The submission; NotFound if there is none, or if it belongs to another department than `provider`."""
    found = Submission.objects.select_related("provider", "submitted_by", "corrects")
    if provider is not None:
        found = found.filter(provider=provider)
    try:
        return found.get(pk=UUID(str(submission_id)))
    except (ValueError, Submission.DoesNotExist):
        raise NotFound(
            "submission-unknown", "没有这个报送批次。", remedy="请核对批次号，或者从报送记录中打开。"
        ) from None


def finding_groups(submission: Submission) -> list[FindingGroup]:
    """Findings grouped by code, errors before warnings, most rows first.

    Each with up to three examples. Two queries.
    """
    found = Finding.objects.filter(submission=submission)
    counts = found.values("code").annotate(rows=Count("row_number", distinct=True), first_row=Min("row_number"))
    place = Window(RowNumber(), partition_by=F("code"), order_by=[F("row_number").asc(), F("id").asc()])
    examples: dict[str, list[FindingLine]] = {}
    labels = field_labels(submission.item)
    for finding in found.annotate(place=place).filter(place__lte=_EXAMPLES).order_by("row_number", "id"):
        examples.setdefault(finding.code, []).append(line(finding, labels))
    # Of a very frequent warning only the first findings are kept; the submission has the true count.
    counted = submission.rejections_by_code | submission.warnings_by_code
    groups = [
        FindingGroup(
            FAULTS[entry["code"]],
            max(entry["rows"], counted.get(entry["code"], 0)),
            entry["first_row"],
            tuple(examples[entry["code"]]),
        )
        for entry in counts
    ]
    return sorted(groups, key=lambda group: (group.fault.is_warning, -group.rows, group.fault.code))


def findings_page(submission: Submission, *, code: str = "", page: int = 1, size: int = _PAGE) -> FindingsPage:
    """One page of findings in row order, of one code or of all. A page number out of range gives the nearest page."""
    found = Finding.objects.filter(submission=submission).order_by("row_number", "id")
    if code:
        found = found.filter(code=code)
    total = found.count()
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    labels = field_labels(submission.item)
    lines = tuple(line(finding, labels) for finding in found[(page - 1) * size : page * size])
    return FindingsPage(lines, page, pages, total)


def line(finding: Finding, labels: Mapping[str, str]) -> FindingLine:
    """A finding with its words. labels: see `field_labels`."""
    fault, label = FAULTS[finding.code], labels.get(finding.field, finding.field)
    said = {"field": label, "value": finding.value, "expected": finding.expected}
    return FindingLine(
        row_number=finding.row_number,
        field=finding.field,
        label=label,
        code=finding.code,
        title=fault.title,
        sentence=fault.sentence(**said),
        remedy=fault.next_step(**said),
        value=finding.value,
    )


def field_labels(item: str) -> dict[str, str]:
    """Field name → Chinese title of the item's fields; empty for an item that the catalogue no longer has."""
    found = packs.current().items.get(item)
    return {field.name: field.label for field in found.fields} if found else {}


def snapshot(submission: Submission) -> dict[str, Any]:
    """Where processing stands.

    State, its words, stage, rows done, rows in all (None while unknown), percent or None.
    """
    total = submission.rows_total
    finished = submission.state not in UNFINISHED
    return {
        "submission": str(submission.pk),
        "state": submission.state,
        "state_text": SubmissionState(submission.state).label,
        "finished": finished,
        "stage": submission.stage,
        "rows_done": submission.rows_done,
        "rows_total": total,
        "percent": min(100, int(100 * submission.rows_done / total)) if total else None,
    }


def summary(submission: Submission) -> dict[str, Any]:
    """What came of a submission, in the keys of the command line and the API."""
    return {
        "submission": str(submission.pk),
        "rows_in": submission.rows_in,
        "accepted": submission.accepted,
        "unchanged": submission.unchanged,
        "revised": submission.revised,
        "rejected": submission.rejected,
        "received": submission.received,
        "rejections": submission.rejections_by_code,
        "warnings": submission.warnings_by_code,
        "state": submission.state,
        "fault": fault_of(submission),
    }


def fault_of(submission: Submission) -> dict[str, Any] | None:
    """Why the whole file was refused: code, title, sentence, next step, facts. None if it was not."""
    if not submission.fault_code:
        return None
    fault = FAULTS[submission.fault_code]
    said = {name: submission.fault_facts.get(name, "") for name in ("field", "value", "expected")}
    return {
        "code": fault.code,
        "title": fault.title,
        "detail": fault.sentence(**said),
        "remedy": fault.next_step(**said),
        "facts": submission.fault_facts,
    }
