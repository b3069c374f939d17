"""Making a commitment on the platform, the copy of it, and everything known of an organisation's commitments."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import InvalidInput, NotFound
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import User
from gongxin.intake import persons
from gongxin.policy import packs
from gongxin.policy.commitments import CommitmentKind
from gongxin.records.models import Record, State
from gongxin.subjects.models import Organisation
from gongxin.supervision.models import Commitment
from gongxin.typesetting import Document

# The item under which departments hand commitments in.
ITEM: Final = "commitment"
MOST_MATTER: Final = 200
_TITLE: Final = "信用承诺书"
_PLATFORM: Final = "公信 公共信用信息平台"
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@transaction.atomic
def make(about: Organisation, kind_id: str, *, matter: str, acting_user: User, at: datetime) -> Commitment:
    """Commit the organisation to the words of the pack's kind. matter: about what; may be empty.

    Raises NotPermitted for who does not represent it, NotFound for a kind that is not made on the platform,
    InvalidInput for a matter that is too long.
    """
    day = at.astimezone(CIVIL_TIME).date()
    at_what = Resource(organisation=about.uscc or "")
    decisions.require(actors.of_user(acting_user, day=day), Action.COMMITMENT_MAKE, at_what, day=day)
    kind = offered(kind_id)
    said = persons.masked_text(matter.strip())
    if len(said) > MOST_MATTER:
        raise InvalidInput("commitment-matter", "承诺事由过长。", remedy=f"请不要超过 {MOST_MATTER} 个字。")
    made = Commitment.objects.create(
        number=_number(day),
        organisation=about,
        kind=kind.id,
        matter=said,
        text=kind.text,
        made_by=acting_user.username,
        made_at=at,
        pack_version=packs.current().version,
    )
    fields = {
        "number": made.number,
        "organisation": str(about.pk),
        "kind": kind.id,
        "text": hashlib.sha256(f"{made.matter}\n{made.text}".encode()).hexdigest(),
        "pack": made.pack_version,
    }
    ledger.append("commitment.made", fields=fields, actor=acting_user.username, at=at)
    return made


def offered(kind_id: str) -> CommitmentKind:
    """A kind that is made on the platform. Raises NotFound."""
    kind = packs.current().commitments.get(kind_id)
    if kind is None or kind.where != "self":
        raise NotFound(
            "commitment-kind", "这种承诺不在平台上作出。", remedy="请从承诺页面选择；其他种类在办理事项时作出。"
        )
    return kind


def of_organisations(codes: Collection[str]) -> QuerySet[Commitment]:
    """Commitments made on the platform by the organisations with these codes, newest first."""
    return Commitment.objects.filter(organisation__uscc__in=codes).select_related("organisation")


def one(commitment_id: UUID, codes: Collection[str]) -> Commitment:
    """A commitment of one of these organisations. Raises NotFound, also for those of others."""
    found = of_organisations(codes).filter(pk=commitment_id).first()
    if found is None:
        raise NotFound("commitment-unknown", "没有这份承诺。", remedy="请从承诺页面重新打开。")
    return found


def handed_in(codes: Collection[str]) -> QuerySet[Record]:
    """What departments handed in about the commitments of these organisations, newest first."""
    held = Record.objects.filter(organisation__uscc__in=codes, item=ITEM, state=State.ACTIVE)
    return held.select_related("organisation", "provider").order_by("-decided_on", "-pk")


def pdf(made: Commitment) -> bytes:
    """The copy of a commitment, one page; the same commitment gives the same bytes."""
    document = Document(_TITLE, made_at=made.made_at.astimezone(CIVIL_TIME), footer=f"{_PLATFORM} · {made.number}")
    document.add_page()
    kind = packs.current().commitments.get(made.kind)
    for text, size in (
        (_TITLE, 20),
        (f"编号：{made.number}", 11),
        (f"类型：{kind.title if kind else made.kind}", 11),
        (f"承诺单位：{made.organisation.name}", 11),
        (f"统一社会信用代码：{made.organisation.uscc or '—'}", 11),
        *([(f"承诺事由：{made.matter}", 11)] if made.matter else []),
        (made.text, 12),
    ):
        document.passage(text, size=size, bold=size > 12)
        document.ln(2)
    document.ln(8)
    document.signed(made.organisation.name, f"{made.made_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M} 在平台作出")
    return bytes(document.output())


def _number(day: date) -> str:
    return f"CN{day:%Y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(8))
