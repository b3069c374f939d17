"""Credit checks (信用核查): what is on record about an organisation and may be shown for a purpose. Every check is
stored.

Matched by code first. A name alone never identifies: one match is answered with both names side by side, several are
listed without their records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

import polars as pl

from gongxin.enquiries import asked
from gongxin.enquiries.answering import Answered, Asking, answers
from gongxin.enquiries.asked import Asked
from gongxin.enquiries.models import Check, Outcome
from gongxin.errors import NotFound
from gongxin.identity.models import Department
from gongxin.ids import uuid7
from gongxin.policy import packs
from gongxin.records import as_json
from gongxin.subjects.resident_ids import mask

PURPOSE_UNKNOWN: Final = "purpose-unknown"
PURPOSE_NOT_GRANTED: Final = "purpose-not-granted"
DEPARTMENT_INACTIVE: Final = "department-inactive"

# Large enough that a statement's own cost is small, small enough that memory stays flat and the first line comes soon.
CHUNK: Final = 2000

_MAX_PURPOSE: Final = 40
_MAX_ASKED_BY: Final = 120


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What a check answered, as the API sends it: see `docs/api.md` for the names in `data`."""

    check: UUID
    outcome: Outcome
    # Why it was refused; empty otherwise.
    reason: str
    data: dict[str, Any]


def check(
    *, department: Department, asked_by: str, code_or_name: str, purpose: str, matter: str, at: datetime
) -> CheckAnswer:
    """Ask about one organisation by code or name; the check is stored with its answer, whatever the outcome.

    asked_by: lasting name of the user or API key. purpose: code of a purpose of the pack. matter: reference of the
    business it is asked for. A refused check is an answer too (outcome ``refused`` with its reason), so that the
    stored row stays.
    """
    asking, refusal = _asking(department, asked_by, purpose, at)
    questions = asked.prepared([Asked(code_or_name, matter)])
    ((_, text),) = answers(_refused(questions, refusal), asking)
    data: dict[str, Any] = json.loads(text)
    del data["row"]
    data["labels"] = as_json.labels(packs.current(), frozenset(data["counts"]))
    return CheckAnswer(UUID(data["check"]), Outcome(data["outcome"]), data["reason"] or "", data)


def check_many(
    questions: Iterable[Asked],
    *,
    department: Department,
    asked_by: str,
    purpose: str,
    at: datetime,
    batch: UUID | None = None,
    fields: bool = False,
) -> Iterator[list[Answered]]:
    """Ask about many organisations: lists of answers, one a question, in order; memory is that of one chunk.

    A list is yielded after its checks are stored and committed. batch: the id the stored checks share (made if None).
    fields: records with all their fields, which makes the answer five times as large.
    """
    asking, refusal = _asking(department, asked_by, purpose, at)
    asking = replace(asking, batch=batch or uuid7(), fields=fields)
    waiting = iter(questions)
    while chunk := list(islice(waiting, CHUNK)):
        yield answers(_refused(asked.prepared(chunk), refusal), asking)


def refusal_of(department: Department, purpose: str) -> str:
    """Why this department may not ask for this purpose, empty if it may."""
    if not department.active:
        return DEPARTMENT_INACTIVE
    if purpose not in packs.current().purposes:
        return PURPOSE_UNKNOWN
    return "" if purpose in department.purposes else PURPOSE_NOT_GRANTED


def stored(check_id: UUID, *, department: Department) -> Check:
    """A check this department asked. Raises NotFound, also for a check of another department."""
    found = Check.objects.filter(pk=check_id, department=department).first()
    if found is None:
        raise NotFound("check-unknown", "没有这次信用核查。", remedy="请核对核查编号；只能查看本单位的核查。")
    return found


def _asking(department: Department, asked_by: str, purpose: str, at: datetime) -> tuple[Asking, str]:
    """Who asks, and why all of it is refused (empty: it is not).

    Records of authorised items need the consent of whom they are about. There is no consent on this platform yet, so
    that no purpose opens that class, whatever the pack says.
    """
    refusal = refusal_of(department, purpose)
    granted = None
    if not refusal:
        named = packs.current().purposes[purpose]
        granted = replace(named, disclosures=tuple(entry for entry in named.disclosures if entry != "authorised"))
    code = mask(purpose)[:_MAX_PURPOSE]
    return Asking(department.pk, asked_by[:_MAX_ASKED_BY], code, granted, at), refusal


def _refused(questions: pl.DataFrame, refusal: str) -> pl.DataFrame:
    """The questions, all of them refused for `refusal` unless it is empty; what is refused is not looked up."""
    if not refusal:
        return questions
    return questions.with_columns(
        pl.lit(refusal).alias("reason"),
        pl.lit("").alias("code"),
        pl.lit("").alias("name_key"),
        pl.lit("").alias("hint"),
    )
