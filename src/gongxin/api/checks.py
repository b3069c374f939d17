"""Credit checks: one, many, and one asked before. A department's key is needed; every check is logged."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from gongxin import clock
from gongxin.api import batch, problems
from gongxin.api.forms import SAYING, Closed, OrganisationBrief, RecordOut
from gongxin.api.service import DepartmentKey, asker, looker
from gongxin.enquiries import asked, checks, looks
from gongxin.enquiries.looks import Ground, Seen
from gongxin.enquiries.models import Kind, Outcome
from gongxin.identity import keys
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource, decide
from gongxin.ids import uuid7

router = Router(tags=["checks"], auth=DepartmentKey(keys.CHECK), by_alias=True)
_log = logging.getLogger(__name__)


class CheckIn(Closed):
    """One question."""

    code_or_name: str = Field(
        min_length=1,
        max_length=asked.MAX_ASKED,
        pattern=SAYING,
        description="Credit code (USCC), another code of the register, or the whole name. Codes are matched first.",
        examples=["91000000MA00000016"],
    )
    purpose: str = Field(max_length=40, pattern=SAYING, description="Code of a purpose; see GET /purposes.")
    matter: str = Field(
        min_length=1,
        max_length=asked.MAX_MATTER,
        pattern=SAYING,
        description="Reference of the business the check is for.",
        examples=["招标〔2026〕18号"],
    )


class NamesOut(Schema):
    """The two names that met, where a name matched: compare them before relying on the answer."""

    asked: str
    on_record: str
    until: date | None = Field(None, description="Last day of a former name.")


class AuthorisationOut(Schema):
    """What the organisation has lent to your department for this purpose. until: its last day."""

    number: str
    items: list[str]
    until: date
    live: bool = Field(description="In force. Records for authorised use are told under a live one only.")


class CheckOut(Schema):
    """What is on record and may be shown for the purpose. data_version: the database snapshot the answer was read
    from.
    """

    check: UUID
    outcome: Outcome
    reason: str | None
    hint: str | None = Field(description="What is wrong with a malformed code, e.g. uscc-check-digit.")
    asked_for: str
    purpose: str
    matter: str
    answered_at: datetime
    rule_version: str
    data_version: str
    matched_by: str | None = Field(description="uscc, identifier, name or former_name")
    names: NamesOut | None
    organisation: OrganisationBrief | None
    candidates: list[OrganisationBrief] = Field(description="Where a name fits several: them, without records.")
    authorisations: list[AuthorisationOut] = Field(
        description="Authorisations of the organisation for this purpose; the look names those in force."
    )
    counts: dict[str, int] = Field(description="Records by item.")
    records: list[RecordOut]
    labels: dict[str, dict[str, str]] = Field(description="For each item in `counts`: labels by field name.")


class StoredCheckOut(Schema):
    """A check as it was logged. disclosed: record and revision of everything the answer held."""

    check: UUID
    asked_by: str
    asked_at: datetime
    asked_for: str
    organisation: UUID | None
    matched_by: str
    purpose: str
    matter: str
    consent: str = Field(description="Numbers of the organisation's authorisations the check came under.")
    outcome: Outcome
    reason: str
    record_count: int
    disclosed: list[tuple[UUID, int]]
    batch: UUID | None
    rule_version: str
    data_version: str


class BatchLine(Schema):
    """A line of the answer to a batch: a check with its row number, or the closing `summary`."""

    row: int | None = None
    check: UUID | None = None
    outcome: Outcome | None = None
    summary: dict[str, Any] | None = None


@router.post("", response=CheckOut, summary="Ask about one organisation")
def check(request: HttpRequest, question: CheckIn) -> HttpResponse:
    """What is on record about one organisation and disclosable for the purpose. Stored, also when refused or not
    found.
    """
    who = asker(request)
    answer = checks.check(
        department=who.department,
        asked_by=who.name,
        code_or_name=question.code_or_name,
        purpose=question.purpose,
        matter=question.matter,
        at=clock.now(),
    )
    if answer.outcome == Outcome.REFUSED:
        return problems.response(request, problems.of_code(answer.reason, members={"check": str(answer.check)}))
    response = HttpResponse(json.dumps(answer.data, ensure_ascii=False), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


@router.get("/{uuid:check_id}", response=StoredCheckOut, openapi_extra={"x-problems": [404]})
def stored(request: HttpRequest, check_id: UUID) -> Any:
    """A check that your department asked, as it was logged. Reading it is a look of its own."""
    department = asker(request).department
    actor, own = checks.actor_of(department, asker(request).name), Resource(department=department.pk)
    rule = decide(actor, Action.CHECK_READ, own, day=clock.today()).rule
    seen, ground = Seen(f"核查 {check_id}"), Ground("audit", rule=rule)
    with looks.watched(Kind.LOG, seen, looker=looker(request), ground=ground, at=clock.now()):
        found = checks.stored(check_id, department=department)
    return {
        "check": found.pk,
        "organisation": found.organisation_id,
        "batch": found.batch_id,
        "rule_version": found.pack_version,
    } | {name: getattr(found, name) for name in StoredCheckOut.model_fields if hasattr(found, name) and name != "check"}


@router.post(
    "/batch",
    summary="Ask about up to 100,000 organisations",
    openapi_extra={
        "x-problems": [413, 415],
        "requestBody": batch.REQUEST_BODY,
        "responses": {
            200: {
                "description": "One JSON text a line, in the order of the rows, then one line with `summary`. "
                "An answer without that last line was cut off on its way; every check in it is logged.",
                "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            }
        },
    },
)
def check_batch(
    request: HttpRequest,
    purpose: Annotated[str, Query(max_length=40, pattern=SAYING, description="Code of a purpose; see GET /purposes.")],
    matter: Annotated[
        str,
        Query(
            min_length=1,
            max_length=asked.MAX_MATTER,
            pattern=SAYING,
            description="For rows that name none of their own.",
        ),
    ],
    fields: Annotated[bool, Query(description="Records with all their fields; five times as large.")] = False,
) -> HttpResponse | StreamingHttpResponse:
    """Codes or names as NDJSON, a JSON list or CSV; answers as NDJSON in the order of the rows, each line as POST
    /checks.

    Records come without `fields` unless they are asked for, and lines carry no `labels` (see GET /items/{id}). The
    body is read whole before the first line is sent; lines come in pieces, each when its checks are on record. Rows
    that cannot be read are answered with outcome `refused` and their reason, and stored like every other.
    """
    who, at = asker(request), clock.now()
    if reason := checks.refusal_of(who.department, purpose):
        refused = checks.check(
            department=who.department,
            asked_by=who.name,
            code_or_name="（批量核查）",
            purpose=purpose,
            matter=matter,
            at=at,
        )
        return problems.response(request, problems.of_code(reason, members={"check": str(refused.check)}))
    identity = uuid7()
    pieces = checks.check_many(
        batch.rows(request, matter=matter),
        department=who.department,
        asked_by=who.name,
        purpose=purpose,
        at=at,
        batch=identity,
        fields=fields,
    )
    # What goes wrong before the first line is a problem document; after it, only the missing summary can say so.
    first = next(pieces, checks.Piece(b"", Counter()))
    response = StreamingHttpResponse(_lines(first, pieces, identity), content_type="application/x-ndjson")
    response["Cache-Control"] = "no-store"
    return response


def _lines(first: checks.Piece, others: Iterator[checks.Piece], batch_id: UUID) -> Iterator[bytes]:
    """Every piece as it is committed, then the summary. A slow reader keeps no transaction open."""
    outcomes: Counter[str] = Counter(dict.fromkeys(Outcome.values, 0))
    try:
        for piece in chain([first], others):
            outcomes.update(piece.outcomes)
            yield piece.text
    except Exception as error:
        _log.error("batch %s is cut off after %s answers: %r", batch_id, outcomes.total(), error)
        raise
    summary = {"batch": str(batch_id), "rows": outcomes.total(), "outcomes": dict(outcomes)}
    yield (json.dumps({"summary": summary}) + "\n").encode()
