"""Drafts: what a representative has filled in and not yet filed. No leaf: nothing has been said to anybody yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db import transaction

from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.intake import persons
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.rights import acting, evidence
from gongxin.rights.cases import MOST_REASONS
from gongxin.rights.models import Draft, Evidence, Paper


def of(user: User, procedure: str, held: Record) -> Draft | None:
    """What the user has begun for this record, or None."""
    return Draft.objects.filter(user=user, procedure=procedure, record=held).first()


@transaction.atomic
def save(
    procedure: str,
    held: Record,
    *,
    reasons: str | None = None,
    correction: Mapping[str, str] | None = None,
    committed: bool | None = None,
    ground: str | None = None,
    acting_user: User,
    at: datetime,
) -> Draft:
    """Keep what was filled in; what is None stays as it was. Raises NotPermitted for who does not represent the
    organisation, NotFound for an unknown procedure.
    """
    packs.current().procedure(procedure)
    _judge(held, acting_user, at)
    draft, _ = Draft.objects.select_for_update().get_or_create(
        user=acting_user, procedure=procedure, record=held, defaults={"saved_at": at}
    )
    if reasons is not None:
        draft.reasons = persons.masked_text(reasons.strip())[:MOST_REASONS]
    if correction is not None:
        draft.correction = {name: persons.masked_text(text) for name, text in correction.items() if name}
    if committed is not None:
        draft.committed = committed
    if ground is not None:
        draft.ground = ground[:40]
    draft.saved_at = at
    draft.save()
    return draft


def add_file(
    draft: Draft, stream: IO[Any], *, filename: str, paper: Paper, acting_user: User, at: datetime
) -> Evidence:
    """Put a file with the draft. Raises InvalidInput for a file that is not accepted, Conflict for too many."""
    _judge_own(draft, acting_user)
    kept = evidence.keep(stream, filename=filename)
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        return evidence.attach(kept, to=draft, paper=paper, at=at)


def remove_file(evidence_id: UUID, *, acting_user: User) -> Draft:
    """Take a file out of the user's draft. Raises NotFound for any other file."""
    held = Evidence.objects.select_related("draft").filter(pk=evidence_id, draft__user=acting_user).first()
    if held is None or held.draft is None:
        raise NotFound("evidence-unknown", "草稿中没有这份材料。", remedy="请刷新页面查看。")
    draft = held.draft
    held.delete()
    return draft


def discard(draft: Draft, *, acting_user: User) -> None:
    """Give a draft up, with its files."""
    _judge_own(draft, acting_user)
    draft.delete()


def _judge(held: Record, user: User, at: datetime) -> None:
    day = at.astimezone(CIVIL_TIME).date()
    found = acting.standings(user, department=held.provider_id, uscc=held.organisation.uscc, day=day)
    if all(standing.role != "representative" for standing in found):
        raise NotPermitted(
            "draft-not-represented", "账号没有绑定这个信用主体。", remedy="请联系信用办办理代表账号的绑定。"
        )


def _judge_own(draft: Draft, user: User) -> None:
    if draft.user_id != user.pk:
        raise NotPermitted("draft-of-another", "这是他人的草稿。", remedy="请在自己的账号中填写。")
