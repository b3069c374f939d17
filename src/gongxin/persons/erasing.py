"""Erasing an entry that should never have been taken in (the outcome of an objection): one official of the unit wants
it, another one decides. No term of keeping holds back what was not lawfully recorded.

A unit's officials see the entry that the objection is about and no other: none can end the file of a person.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, NotPermitted
from gongxin.identity.models import User
from gongxin.persons import gone, letters, objecting, receiving, selectors, terms
from gongxin.persons.models import Objection


@transaction.atomic
def propose_erasure(objection_id: UUID, *, reasons: str, acting_user: User, at: datetime) -> None:
    """Want the contested entry erased, for another official of the unit to decide.

    Raises NotPermitted, NotFound, InvalidInput without reasons, Conflict if it is decided or wanted already.
    """
    held, own = objecting.locked(objection_id)
    objecting.judge(held, acting_user, at)
    said = objecting.reasons_of(reasons)
    if held.proposed_by_id is not None:
        raise Conflict("erasure-waiting", "已经提出删除，等待另一名工作人员复核。", remedy="请由另一名工作人员复核。")
    held.proposed_by = acting_user
    held.proposal = selectors.sealed_text(own, held, "proposal", _said(said, acting_user, at))
    held.save(update_fields=["proposed_by", "proposal"])
    objecting.log("person.erasure_proposed", held, {}, acting_user, at)


@transaction.atomic
def decide_erasure(objection_id: UUID, *, agreed: bool, reasons: str, acting_user: User, at: datetime) -> None:
    """Decide what another official wants: the entry is destroyed at once, or the objection goes on as before.

    Raises NotPermitted (also to who wants it), NotFound, InvalidInput without reasons, Conflict if nobody wants it.
    """
    with connection.cursor() as cursor:
        receiving.alone(cursor)
    held, own = objecting.locked(objection_id)
    objecting.judge(held, acting_user, at)
    said = objecting.reasons_of(reasons)
    if held.proposed_by_id is None:
        raise Conflict("erasure-not-wanted", "没有人提出删除。", remedy="请刷新页面。")
    if held.proposed_by_id == acting_user.pk:
        raise NotPermitted("erasure-same-person", "提出删除的人不能复核。", remedy="请由本单位另一名工作人员复核。")
    if agreed:
        day = at.astimezone(CIVIL_TIME).date()
        # Its month stays, so that the same decision is not taken in again before its term is over.
        terms.derive(day)
        seen = selectors.objection_seen(own, held)
        left = {"reasons": seen.reasons, "wanted": {}, "title": ""}
        held.state, held.body = Objection.State.ERASED, selectors.sealed_text(own, held, "body", left)
        held.decision = selectors.sealed_text(own, held, "decision", _said(said, acting_user, at))
        held.save(update_fields=["state", "body", "decision"])
        gone.destroy_entries([held.entry_id], day=day)
        letters.tell([held.entry.file_id], at=at)
    else:
        held.proposed_by, held.proposal = None, ""
        held.save(update_fields=["proposed_by", "proposal"])
    objecting.log("person.erasure_decided", held, {"agreed": agreed}, acting_user, at)


def _said(reasons: str, user: User, at: datetime) -> dict[str, str]:
    return {"reasons": reasons, "by": user.username, "at": at.astimezone(UTC).isoformat()}
