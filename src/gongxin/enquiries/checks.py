"""Credit checks (信用核查): what is on record about an organisation and may be shown for a purpose. Every check is
logged: one entry a question; one leaf a request, of a batch one a piece.

Matched by code first. A name alone never identifies: one match is answered with both names side by side, several are
listed without their records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

import polars as pl
from django.db import transaction

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries import asked, looks
from gongxin.enquiries.answering import Asking, answers
from gongxin.enquiries.asked import Asked
from gongxin.enquiries.looks import Ground, Looker
from gongxin.enquiries.models import Channel, Kind, Look, Outcome
from gongxin.errors import NotFound
from gongxin.identity.decision_table import KEY, Action
from gongxin.identity.decisions import Actor, Resource, decide, opened
from gongxin.identity.models import Department
from gongxin.ids import uuid7
from gongxin.policy import packs
from gongxin.policy.model import DisclosureClass
from gongxin.records import as_json
from gongxin.subjects.resident_ids import mask

PURPOSE_UNKNOWN: Final = "purpose-unknown"
PURPOSE_NOT_GRANTED: Final = "purpose-not-granted"
DEPARTMENT_INACTIVE: Final = "department-inactive"

# Large enough that a statement's own cost is small, small enough that memory stays flat and the first line comes soon.
CHUNK: Final = 2000

_MAX_PURPOSE: Final = 40
_MAX_ASKED_BY: Final = 150


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What a check answered, as the API sends it: see `docs/api.md` for the names in `data`."""

    check: UUID
    outcome: Outcome
    # Why it was refused; empty otherwise.
    reason: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """Answers of a batch that are committed: one JSON text a line; how many ended how."""

    text: bytes
    outcomes: Counter[str]


@transaction.atomic
def check(
    *, department: Department, asked_by: str, code_or_name: str, purpose: str, matter: str, at: datetime
) -> CheckAnswer:
    """Ask about one organisation by code or name; the check is logged with its answer, whatever the outcome.

    asked_by: lasting name of the user or API key. purpose: code of a purpose of the pack. matter: reference of the
    business it is asked for. A refused check is an answer too (outcome ``refused`` with its reason), so that the
    log keeps it.
    """
    asking, refusal = _asking(department, asked_by, purpose, at)
    questions = asked.prepared([Asked(code_or_name, matter)])
    ((outcome, entry, text),) = answers(_refused(questions, refusal), asking)
    data: dict[str, Any] = json.loads(text)
    del data["row"]
    data["labels"] = as_json.labels(packs.current(), frozenset(data["counts"]))
    answer = CheckAnswer(UUID(data["check"]), Outcome(outcome), data["reason"] or "", data)
    refused = int(outcome == Outcome.REFUSED)
    looks.commit(Kind.CHECK, [entry], refused=refused, subject=answer.check, actor=asking.looker.name, at=at)
    return answer


def check_many(
    questions: Iterable[Asked],
    *,
    department: Department,
    asked_by: str,
    purpose: str,
    at: datetime,
    batch: UUID | None = None,
    fields: bool = False,
) -> Iterator[Piece]:
    """Ask about many organisations, CHUNK at a time, in their order.

    A piece is one transaction with one leaf over its checks, and is given when that is committed: it may be sent at
    once, and where a later one fails, all that was given is on record and provable. Memory is that of one piece. Call
    it outside of transactions. batch: the id the logged checks share (made if None). fields: records with all their
    fields, which makes the answer five times as large. Without questions there is no piece and no leaf.
    """
    asking, refusal = _asking(department, asked_by, purpose, at)
    asking = replace(
        asking, looker=replace(asking.looker, channel=Channel.BATCH), batch=batch or uuid7(), fields=fields
    )
    waiting = iter(questions)
    while chunk := list(islice(waiting, CHUNK)):
        yield _piece(chunk, asking, refusal)


@transaction.atomic
def _piece(chunk: list[Asked], asking: Asking, refusal: str) -> Piece:
    questions = _refused(asked.prepared(chunk), refusal)
    found = answers(questions, asking)
    outcomes = Counter(answer.outcome for answer in found)
    text = "".join(f"{answer.text}\n" for answer in found).encode()
    entries, refused = [answer.entry for answer in found], outcomes[Outcome.REFUSED]
    first, last = (UUID(json.loads(found[place].text)["check"]) for place in (0, -1))
    name, at = asking.looker.name, asking.at
    looks.commit(Kind.CHECK, entries, refused=refused, subject=first, last=last, actor=name, at=at)
    return Piece(text, outcomes)


def refusal_of(department: Department, purpose: str) -> str:
    """Why this department may not ask for this purpose, empty if it may."""
    if not department.active:
        return DEPARTMENT_INACTIVE
    if purpose not in packs.current().purposes:
        return PURPOSE_UNKNOWN
    return "" if purpose in department.purposes else PURPOSE_NOT_GRANTED


def stored(check_id: UUID, *, department: Department) -> Look:
    """A check this department asked. Raises NotFound, also for a check of another department."""
    found = Look.objects.filter(pk=check_id, kind=Kind.CHECK, department=department).first()
    if found is None:
        raise NotFound("check-unknown", "没有这次信用核查。", remedy="请核对核查编号；只能查看本单位的核查。")
    return found


def _asking(department: Department, asked_by: str, purpose: str, at: datetime) -> tuple[Asking, str]:
    """Who asks, and why all of it is refused (empty: it is not).

    Records of authorised items need the consent of whom they are about: where the purpose opens that class, the
    statement tells those that the organisation has lent to the department for it, and no others.
    """
    actor = actor_of(department, asked_by)
    day = at.astimezone(CIVIL_TIME).date()
    decision = decide(actor, Action.CHECK_ASK, purpose=purpose, day=day)
    refusal = refusal_of(department, purpose)
    if not decision.allowed and not refusal:
        refusal = PURPOSE_NOT_GRANTED
    granted = None
    if not refusal:
        classes = opened(actor, Action.CHECK_ASK, purpose=purpose, day=day, consent=True)
        granted = replace(packs.current().purposes[purpose], disclosures=cast("tuple[DisclosureClass, ...]", classes))
    looker = Looker(asked_by[:_MAX_ASKED_BY], KEY, Channel.API, department.pk)
    lent = Resource(disclosure="authorised", consent=True)
    by_consent = decide(actor, Action.CHECK_ASK, lent, purpose=purpose, day=day)
    ground = Ground(mask(purpose)[:_MAX_PURPOSE], rule=decision.rule)
    return Asking(looker, ground, granted, at, consent_rule=by_consent.rule), refusal


def actor_of(department: Department, name: str) -> Actor:
    """A key of the department, as the rules of access take it. department: with the purposes the key has."""
    return Actor(name, KEY, department.pk, department.active, frozenset(department.purposes))


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
