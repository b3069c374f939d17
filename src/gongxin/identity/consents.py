"""What an organisation lends of itself (授权查询): by item, purpose and end date, taken back at any time.

A live authorisation is what `decide` calls consent. It is judged by the day it is asked: nothing has to end it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Consent, Department, User
from gongxin.policy import clocks, packs
from gongxin.policy.model import Purpose

# The clock of the pack that caps the term of an authorisation.
CAP: Final = "consent-term"
# The purpose of the organisation itself and of the window; it is lent to nobody.
SELF_QUERY: Final = "self-query"
Standing = Literal["live", "expired", "taken-back"]
_ORGANISATION: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
# Of a code: 160 random bits in base 32, written in groups.
_CODE_BYTES: Final = 20
_GROUP: Final = 4
_NUMBER_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Borrower:
    """To whom it is lent: a department, the organisation of a code, or (neither) whoever holds the code made for it."""

    department: Department | None = None
    uscc: str = ""


@dataclass(frozen=True, slots=True)
class Lent:
    """The authorisation; code: for whoever holds one, told this once and kept nowhere."""

    consent: Consent
    code: str = ""


@dataclass(frozen=True, slots=True)
class Covering:
    """What a department may read of an organisation for a purpose on a day: items, by which authorisations.

    numbers: those in force; where there is none, the one that ended last. Both empty: nothing was ever lent.
    """

    items: frozenset[str] = frozenset()
    numbers: str = ""


def purposes() -> dict[str, Purpose]:
    """The purposes access can be lent for: those that open the class, but for the organisation's own."""
    known = packs.current().purposes.items()
    return {code: entry for code, entry in known if "authorised" in entry.disclosures and code != SELF_QUERY}


def latest_end(day: date) -> date:
    """The last day an authorisation given on `day` may have, by the pack."""
    return clocks.due(packs.current(), CAP, day).day


@transaction.atomic
def lend(
    uscc: str,
    to: Borrower,
    *,
    items: Collection[str],
    purpose: str,
    ends_on: date,
    acting_user: User,
    at: datetime,
) -> Lent:
    """Let somebody read the organisation's records for authorised use. The caller has found both in the register.

    Raises NotPermitted for who does not represent it; InvalidInput for unknown items or purpose, no items, a borrower
    that is the organisation itself or out of use, an end before today or beyond the pack's cap.
    """
    day = at.astimezone(CIVIL_TIME).date()
    actor = actors.of_user(acting_user, day=day)
    decisions.require(actor, Action.CONSENT_LEND, Resource(organisation=uscc), day=day)
    _judge_borrower(uscc, to)
    _judge_extent(items, purpose)
    _judge_end(ends_on, day)
    code = "" if to.department or to.uscc else _new_code()
    lent = Consent.objects.create(
        number=_number(day),
        uscc=uscc,
        department=to.department,
        borrower=to.uscc,
        code_digest=digest(code) if code else "",
        items=sorted(set(items)),
        purpose=purpose,
        lent_by=acting_user.username,
        lent_at=at,
        ends_on=ends_on,
    )
    fields = {
        "consent": lent.number,
        "organisation": uscc,
        "to": kind(lent),
        "department": to.department.code if to.department else "",
        "borrower": to.uscc,
        "items": lent.items,
        "purpose": purpose,
        "ends_on": ends_on.isoformat(),
    }
    ledger.append("consent.lent", fields=fields, actor=acting_user.username, at=at)
    return Lent(lent, code)


@transaction.atomic
def take_back(consent_id: UUID, *, acting_user: User, at: datetime) -> Consent:
    """End an authorisation from `at` on. Raises NotFound, NotPermitted, or Conflict if it has ended."""
    held = Consent.objects.select_for_update().filter(pk=consent_id).first()
    if held is None:
        raise _unknown()
    day = at.astimezone(CIVIL_TIME).date()
    actor = actors.of_user(acting_user, day=day)
    decisions.require(actor, Action.CONSENT_LEND, Resource(organisation=held.uscc), day=day)
    if standing(held, day) != "live":
        raise Conflict("consent-ended", "这项授权已经结束。", remedy="无需再次收回。")
    held.ended_at, held.ended_by = at, acting_user.username
    held.save(update_fields=["ended_at", "ended_by"])
    fields = {"consent": held.number, "organisation": held.uscc}
    ledger.append("consent.taken_back", fields=fields, actor=acting_user.username, at=at)
    return held


def standing(consent: Consent, day: date) -> Standing:
    """How an authorisation stands on `day`."""
    if consent.ended_at is not None:
        return "taken-back"
    return "live" if day <= consent.ends_on else "expired"


def kind(consent: Consent) -> str:
    """To what kind of borrower it is lent: department, organisation or code."""
    if consent.department_id is not None:
        return "department"
    return "organisation" if consent.borrower else "code"


def one(consent_id: UUID) -> Consent:
    """The authorisation. Raises NotFound."""
    found = Consent.objects.select_related("department").filter(pk=consent_id).first()
    if found is None:
        raise _unknown()
    return found


def of_code(code: str) -> Consent:
    """The authorisation of a code as somebody typed it, ended or not. Raises NotFound."""
    found = Consent.objects.filter(code_digest=digest(code)).first()
    if found is None:
        raise NotFound("consent-code-unknown", "没有这个授权码。", remedy="请核对授权码，或者请授权单位重新出具。")
    return found


def lent_by(codes: Collection[str]) -> QuerySet[Consent]:
    """What these organisations have lent, latest first."""
    return Consent.objects.filter(uscc__in=codes).select_related("department")


def borrowed_by(codes: Collection[str]) -> QuerySet[Consent]:
    """What was lent to these organisations, latest first."""
    return Consent.objects.filter(borrower__in=codes)


def covering(department: UUID, uscc: str, purpose: str, day: date) -> Covering:
    """What the organisation has lent to the department for the purpose. One query."""
    held = list(Consent.objects.filter(uscc=uscc, department=department, purpose=purpose))
    live = [entry for entry in held if standing(entry, day) == "live"]
    shown = sorted(live, key=lambda entry: entry.number) or held[:1]
    items = frozenset(item for entry in live for item in entry.items)
    return Covering(items, "、".join(entry.number for entry in shown))


def digest(code: str) -> str:
    """What is kept of a code; blanks, hyphens and case of what was typed play no part."""
    folded = re.sub(r"[\s-]", "", code).upper()
    return hashlib.sha256(folded.encode()).hexdigest()


def _judge_borrower(uscc: str, to: Borrower) -> None:
    if to.department is not None and not to.department.active:
        raise InvalidInput("consent-borrower", "这个单位已经停用。", remedy="请选择在用的单位。")
    if to.uscc and not _ORGANISATION.fullmatch(to.uscc):
        raise InvalidInput("consent-borrower", "统一社会信用代码应为 18 位。", remedy="请核对代码，与登记信息一致。")
    if to.uscc == uscc:
        raise InvalidInput("consent-borrower", "不需要授权给本单位。", remedy="请填写其他单位的统一社会信用代码。")


def _judge_extent(items: Collection[str], purpose: str) -> None:
    unknown = sorted(set(items) - packs.current().items.keys())
    if unknown or not items:
        raise InvalidInput(
            "consent-items", "没有选择目录项，或者目录项不存在。", remedy="请至少选择一项。", facts={"unknown": unknown}
        )
    if purpose not in purposes():
        raise InvalidInput("consent-purpose", "这个用途不能授权查询。", remedy="请从列出的用途中选择。")


def _judge_end(ends_on: date, day: date) -> None:
    latest = latest_end(day)
    if not day <= ends_on <= latest:
        raise InvalidInput(
            "consent-end",
            "授权截止日期不在允许的范围内。",
            remedy=f"请选择 {day} 至 {latest} 之间的日期；到期后可以重新授权。",
            facts={"latest": latest.isoformat()},
        )


def _new_code() -> str:
    """A code nobody can guess, in groups that can be read out."""
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().rstrip("=")
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def _number(day: date) -> str:
    return f"SQ{day:%Y%m%d}-" + "".join(secrets.choice(_NUMBER_LETTERS) for _ in range(8))


def _unknown() -> NotFound:
    return NotFound("consent-unknown", "没有这项授权。", remedy="请从“授权查询”重新打开。")
