"""Handing in records: a file or rows, the progress, the rejected rows. A department's key is needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Header, Query, Router, Schema
from pydantic import Field, ValidationError

from gongxin import clock
from gongxin.api import idempotency, problems
from gongxin.api.forms import NAME, Closed
from gongxin.api.service import DepartmentKey, Refused, asker, looker, parsed, refused_type
from gongxin.api.validation import places
from gongxin.enquiries import checks, looks
from gongxin.enquiries.looks import Ground, Seen
from gongxin.enquiries.models import Kind
from gongxin.identity import keys
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource, decide
from gongxin.identity.models import Department
from gongxin.intake import returns, selectors, submissions
from gongxin.intake.models import Channel, Submission, SubmissionState

router = Router(tags=["submissions"], auth=DepartmentKey(keys.SUBMIT))

MAX_ROWS: Final = 10_000
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA: Final = {"csv": "text/csv; charset=utf-8", "xlsx": _XLSX}

Form = TypeVar("Form", bound=Schema)


class RowsIn(Closed):
    """Rows by field name (XK_…, CF_…) or label, as one file of the item would hold them."""

    item: str = Field(max_length=48, pattern=NAME, examples=["penalty"])
    corrects: UUID | None = Field(None, description="The submission whose rejected rows these correct.")
    rows: list[dict[str, str | int | float | None]] = Field(min_length=1, max_length=MAX_ROWS)


class FormIn(Closed):
    """The text parts of a multipart request; the file is the part `file`."""

    item: str = Field(max_length=48, pattern=NAME, examples=["penalty"])
    corrects: UUID | None = None


class FaultOut(Schema):
    """Why the whole file was refused."""

    code: str
    title: str
    detail: str
    remedy: str
    facts: dict[str, str]


class SubmissionOut(Schema):
    """Where a submission stands. rows_in = accepted + revised + unchanged + rejected + received, once finished."""

    submission: UUID
    item: str
    filename: str
    received_at: datetime
    completed_at: datetime | None
    state: SubmissionState
    state_text: str
    finished: bool
    stage: str
    rows_done: int
    rows_total: int | None
    percent: int | None
    rows_in: int
    accepted: int
    revised: int
    unchanged: int
    rejected: int
    received: int = Field(description="Rows of natural persons, taken over into their own files; no more is told.")
    rejections: dict[str, int] = Field(description="Rejected rows by code; each code has a page at /errors/<code>.")
    warnings: dict[str, int]
    fault: FaultOut | None


class FindingOut(Schema):
    """One thing found in one row. An E… code rejects the row, a W… code does not."""

    row_number: int = Field(description="As the spreadsheet counts, the header row included.")
    field: str
    label: str
    code: str
    title: str
    sentence: str
    remedy: str
    value: str


class RejectionsOut(Schema):
    """A page of findings in row order."""

    page: int
    pages: int
    total: int
    findings: list[FindingOut]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a request hands in, whatever way it came."""

    item: str
    corrects: UUID | None
    filename: str
    stream: Iterable[bytes]
    sha256: str


_REQUEST_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["item", "file"],
                "properties": {
                    "item": {"type": "string", "maxLength": 48, "pattern": NAME, "example": "penalty"},
                    "corrects": {"type": "string", "format": "uuid"},
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "CSV, XLSX, XLS, JSON lines or Parquet.",
                    },
                },
            }
        },
        "application/json": {
            "schema": RowsIn.model_json_schema(),
            "example": {
                "item": "penalty",
                "rows": [{"CF_XDR_MC": "云河食品有限公司", "CF_WSH": "云市监罚〔2026〕1号"}],
            },
        },
    },
}


@router.post(
    "",
    response={201: SubmissionOut, 202: SubmissionOut},
    summary="Hand in a file or rows",
    openapi_extra={"x-problems": [404, 409, 413, 415], "requestBody": _REQUEST_BODY},
)
def submit(
    request: HttpRequest,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]+$", max_length=128, description="Kept for 24 hours."),
    ] = None,
) -> HttpResponse:
    """The same pipeline as the desk. 201: finished, with its counts. 202: taken in, running as a job; ask at
    `Location`.

    A file refused as a whole is a problem (422) that names the submission. The same file again changes nothing.
    """
    department, at = asker(request).department, clock.now()
    handed_in = _handed_in(request)
    receive = partial(_received, handed_in, department, at)
    if idempotency_key:
        digest = idempotency.body_hash(handed_in.item, str(handed_in.corrects or ""), handed_in.sha256)
        kept = idempotency.once(idempotency_key, digest, receive, department=department, at=at)
    else:
        kept = idempotency.Kept(receive(), replayed=False)
    answer = _answered(request, submissions.process(kept.submission, at=at))
    answer["Location"] = f"/api/v1/submissions/{kept.submission.pk}"
    if kept.replayed:
        answer["Idempotency-Replayed"] = "true"
    return answer


@router.get("/{uuid:submission_id}", response=SubmissionOut, openapi_extra={"x-problems": [404]})
def submission(request: HttpRequest, submission_id: UUID) -> Any:
    """Where a submission of your department stands, and what came of it."""
    return _told(_own(request, submission_id))


@router.get("/{uuid:submission_id}/rejections", response=RejectionsOut, openapi_extra={"x-problems": [404]})
def rejections(
    request: HttpRequest,
    submission_id: UUID,
    code: Annotated[str, Query(pattern=r"^([EW][0-9]{3})?$", description="Only findings of this code.")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Any:
    """What was found wrong, row by row."""
    found = _own(request, submission_id, rows=True)
    shown = selectors.findings_page(found, code=code, page=page)
    lines = [{name: getattr(line, name) for name in FindingOut.model_fields} for line in shown.lines]
    return {"page": shown.page, "pages": shown.pages, "total": shown.total, "findings": lines}


@router.get(
    "/{uuid:submission_id}/rejections.{form}",
    summary="The rejected rows as a file",
    openapi_extra={
        "x-problems": [404, 409],
        "responses": {
            200: {
                "description": "The rejected rows as they came, with columns that say what to do.",
                "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in ("text/csv", _XLSX)},
            }
        },
    },
)
def rejections_file(request: HttpRequest, submission_id: UUID, form: Literal["csv", "xlsx"]) -> StreamingHttpResponse:
    """Correct the cells and hand the file in again; the added columns are read past."""
    found = _own(request, submission_id, rows=True)
    parts = returns.rejected_csv(found) if form == "csv" else returns.rejected_workbook(found)
    answer = StreamingHttpResponse(parts, content_type=_MEDIA[form])
    answer["Content-Disposition"] = f'attachment; filename="rejected-{found.pk}.{form}"'
    return answer


def _own(request: HttpRequest, submission_id: UUID, *, rows: bool = False) -> Submission:
    """The department's own hand-in. Asking for another's is a refused look, asking for its rows is a look."""
    department = asker(request).department
    actor, own = checks.actor_of(department, asker(request).name), Resource(department=department.pk)
    rule = decide(actor, Action.SUBMISSION_READ, own, day=clock.today()).rule
    seen, ground = Seen(f"批次 {submission_id}"), Ground("own-supplies", rule=rule)
    with looks.watched(Kind.SUBMISSION, seen, looker=looker(request), ground=ground, at=clock.now(), own=not rows):
        return selectors.one(submission_id, provider=department)


def _handed_in(request: HttpRequest) -> HandedIn:
    """The file or rows of the request. Raises MediaTypeRefused or InvalidInput."""
    if request.content_type == "multipart/form-data":
        return _uploaded(request)
    if request.content_type == "application/json":
        return _rows(request)
    raise refused_type(request.content_type or "", "multipart/form-data", "application/json")


def _uploaded(request: HttpRequest) -> HandedIn:
    given = request.FILES.getlist("file")
    file = given[0] if given else None
    if not isinstance(file, UploadedFile):
        raise Refused([{"pointer": "#/file", "found": "", "allowed": "必填"}])
    if len(given) > 1:
        # Taking one of them would drop the others in silence.
        raise Refused([{"pointer": "#/file", "found": f"{len(given)} 个文件", "allowed": "一次报送一个文件"}])
    form = _valid(FormIn, request.POST.dict())
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return HandedIn(form.item, form.corrects, file.name or "", file.chunks(), digest.hexdigest())


def _rows(request: HttpRequest) -> HandedIn:
    """The rows as JSON lines, the form in which intake reads them like any other file."""
    asked = _valid(RowsIn, parsed(request.body))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked.rows).encode()
    return HandedIn(asked.item, asked.corrects, "rows.jsonl", [lines], hashlib.sha256(lines).hexdigest())


def _valid(form: type[Form], content: Any) -> Form:
    try:
        return form.model_validate(content)
    except ValidationError as error:
        found = [{**entry, "loc": ("", *entry["loc"]), "source": "body"} for entry in error.errors(include_url=False)]
        raise Refused(places(found)) from None


def _received(handed_in: HandedIn, department: Department, at: datetime) -> Submission:
    corrects = selectors.one(handed_in.corrects, provider=department) if handed_in.corrects else None
    return submissions.receive(
        handed_in.stream,
        filename=handed_in.filename,
        item=handed_in.item,
        provider=department,
        channel=Channel.API,
        acting_user=None,
        at=at,
        corrects=corrects,
    )


def _answered(request: HttpRequest, submission: Submission) -> HttpResponse:
    told = _told(submission)
    if fault := told["fault"]:
        members = {"submission": str(submission.pk)}
        problem = problems.Problem(
            fault["code"], 422, fault["title"], fault["detail"], fault["remedy"], members=members
        )
        return problems.response(request, problem)
    content = SubmissionOut.model_validate(told).model_dump_json()
    return HttpResponse(content, content_type="application/json", status=201 if told["finished"] else 202)


def _told(submission: Submission) -> dict[str, Any]:
    """What the API tells of a submission."""
    return {name: getattr(submission, name) for name in ("item", "filename", "received_at", "completed_at")} | {
        **selectors.snapshot(submission),
        **selectors.summary(submission),
    }
