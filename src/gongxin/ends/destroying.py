"""Destroying what is archived and no longer kept (销毁): one official proposes a list, another one decides it.

Nothing happens by itself. What is destroyed are contents; of each entry a tombstone stays, and of the list one leaf of
the ledger with the Merkle root over its entries. Older leaves and their proofs stay as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.ends import due
from gongxin.ends.due import Entry
from gongxin.ends.models import Destruction, DestructionState, Tombstone
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.models import User
from gongxin.ids import uuid7
from gongxin.persons import ending
from gongxin.persons.ending import Batch
from gongxin.policy import packs
from gongxin.policy.retention import Retention
from gongxin.rights import evidence
from gongxin.rights.models import Evidence
from gongxin.subjects.resident_ids import mask
from gongxin.walls import acting

REASON: Final = 500
# In a leaf, for a number of persons' entries that is too small to be told.
_FEW: Final = "<10"


@transaction.atomic
def propose(rule_id: str, *, reason: str, acting_user: User, at: datetime) -> Destruction:
    """Put what may be destroyed today under a rule on a list, for another official to decide.

    Raises Refused (who may), NotFound (no such rule), InvalidInput (no reason), Conflict (nothing is due, or a list
    under this rule waits already).
    """
    day = at.astimezone(CIVIL_TIME).date()
    decisions.require(actors.of_user(acting_user, day=day), Action.RETENTION_PROPOSE, day=day)
    rule, why = _rule(rule_id), _reason(reason)
    if Destruction.objects.filter(rule=rule.id, state=DestructionState.PROPOSED).exists():
        raise Conflict("retention-waiting", "按这项规定提出的清单还在等待复核。", remedy="请先由另一名工作人员复核。")
    list_id = uuid7()
    entries = [] if rule.what == due.PERSONS else due.of(rule, day)
    batch = Batch(len(entries), due.root(entries))
    if rule.what == due.PERSONS:
        batch = ending.propose(rule, day, most=due.MOST, leaving=list_id)
    if not batch.count:
        raise Conflict("retention-nothing", "按这项规定，今天没有可以销毁的内容。", remedy="无需办理。")
    made = Destruction.objects.create(
        id=list_id,
        rule=rule.id,
        what=rule.what,
        destroys=list(rule.destroys),
        basis=f"{rule.reference.title}{rule.reference.article}"[:300],
        pack_version=packs.current().version,
        reason=why,
        day=day,
        count=due.told(rule.what, batch.count),
        root=batch.root,
        proposed_by=acting_user,
        proposed_at=at,
    )
    Tombstone.objects.bulk_create(
        Tombstone(destruction=made, subject=entry.subject, item=entry.item, ended_on=entry.ended_on)
        for entry in entries
    )
    fields = {"rule": rule.id, "day": day.isoformat(), "root": made.root, "pack": made.pack_version}
    _log("proposed", made, fields, acting_user, at)
    return made


@transaction.atomic
def confirm(list_id: UUID, *, reason: str, acting_user: User, at: datetime) -> Destruction:
    """Decide a list of somebody else: the contents of its entries are destroyed.

    Every entry is judged again; what is no longer due (an objection was filed, a record was corrected, the rule is
    another one) is left out and keeps its contents. Raises Refused, NotFound, NotPermitted (the own list), Conflict
    (decided already; nothing is due any more), InvalidInput (no reason).
    """
    held, why, day = _decided_by(list_id, reason, acting_user, at)
    rule = due.rule(held.rule)
    if held.what == due.PERSONS:
        return _confirmed_of_persons(held, rule, why, acting_user, at)
    subjects = list(held.entries.values_list("subject", flat=True))
    left = due.of(rule, day, subjects) if rule and list(rule.destroys) == held.destroys else []
    if not left:
        raise _nothing_left()
    held.entries.filter(subject__in=[entry.subject for entry in left]).update(destroyed_on=day)
    left_out = (held.count or 0) - len(left)
    held.count, held.root = len(left), due.root(left)
    _conclude(held, DestructionState.DONE, why, acting_user, at)
    openings = _destroy(held, left)
    fields = {"left_out": left_out, "root": held.root, "openings": openings, "parts": held.destroys}
    return _logged("destroyed", held, {"rule": held.rule, **fields}, acting_user, at)


@transaction.atomic
def reject(list_id: UUID, *, reason: str, acting_user: User, at: datetime) -> Destruction:
    """Decide a list of somebody else: nothing of it is destroyed. Raises as `confirm`."""
    held, why, _day = _decided_by(list_id, reason, acting_user, at)
    if held.what == due.PERSONS:
        ending.keep(held.pk)
    _conclude(held, DestructionState.REJECTED, why, acting_user, at)
    return _logged("rejected", held, {"rule": held.rule}, acting_user, at)


def one(list_id: UUID) -> Destruction:
    """The list. Raises NotFound."""
    found = Destruction.objects.select_related("proposed_by", "decided_by").filter(pk=list_id).first()
    if found is None:
        raise NotFound("retention-unknown", "没有这份销毁清单。", remedy="请从“保存期限和销毁”重新打开。")
    return found


def _decided_by(list_id: UUID, reason: str, user: User, at: datetime) -> tuple[Destruction, str, date]:
    """The locked list, after judging whether this official may decide it now."""
    day = at.astimezone(CIVIL_TIME).date()
    decisions.require(actors.of_user(user, day=day), Action.RETENTION_DECIDE, day=day)
    why = _reason(reason)
    held = Destruction.objects.select_for_update().filter(pk=list_id).first() or one(list_id)
    if held.proposed_by_id == user.pk:
        raise NotPermitted("retention-same-person", "提出清单的人不能复核。", remedy="请由另一名工作人员复核。")
    if held.state != DestructionState.PROPOSED:
        raise Conflict("retention-decided", "这份清单已经作出决定。", remedy="请刷新页面查看结果。")
    return held, why, day


def _confirmed_of_persons(held: Destruction, rule: Retention | None, why: str, user: User, at: datetime) -> Destruction:
    """The same for entries of personal files, which nobody sees: the list has a number (or none) and a root."""
    fits = rule is not None and list(rule.destroys) == held.destroys
    day = at.astimezone(CIVIL_TIME).date()
    batch = ending.destroy(rule, day, most=due.MOST, leaving=held.pk) if rule is not None and fits else None
    if batch is None or not batch.count:
        raise _nothing_left()
    held.count, held.root = due.told(held.what, batch.count), batch.root
    _conclude(held, DestructionState.DONE, why, user, at)
    return _logged("destroyed", held, {"rule": held.rule, "root": held.root}, user, at)


def _nothing_left() -> Conflict:
    return Conflict(
        "retention-nothing",
        "清单中的内容已经不符合销毁的条件。",
        remedy="请对这份清单作出不予同意的决定，再按现行规定重新提出。",
    )


def _log(step: str, held: Destruction, fields: dict[str, Any], user: User, at: datetime) -> int:
    """The leaf of a step: of persons an event of its own, in which a small number is not told."""
    fields |= {"list": str(held.pk), "reason": held.decided_reason or held.reason}
    if held.what == due.PERSONS:
        many = _FEW if held.count is None else str(held.count)
        return ledger.append(f"person.retention_{step}", fields=fields | {"many": many}, actor=user.username, at=at)
    return ledger.append(f"retention.{step}", fields=fields | {"count": held.count}, actor=user.username, at=at)


def _logged(step: str, held: Destruction, fields: dict[str, Any], user: User, at: datetime) -> Destruction:
    held.leaf = _log(step, held, fields, user, at)
    held.save(update_fields=["leaf"])
    return held


def _conclude(held: Destruction, state: DestructionState, why: str, user: User, at: datetime) -> None:
    held.state, held.decided_by, held.decided_at, held.decided_reason = state, user, at, why
    held.save(update_fields=["state", "decided_by", "decided_at", "decided_reason", "count", "root"])


def _destroy(held: Destruction, left: Sequence[Entry]) -> int:
    """Destroy the contents (migrations 0001, 0002); how many openings of the log went with them. Files go after the
    commit.
    """
    with connection.cursor() as cursor:
        function = "ends_destroy_told" if held.what in due.TOLD else "ends_destroy"
        cursor.execute(f"SELECT {function}(%s)", [held.pk])
        openings = int(cursor.fetchone()[0])
    if "evidence" in held.destroys:
        records = [entry.subject for entry in left]
        gone = set(Evidence.objects.filter(case__record__in=records).values_list("sha256", flat=True))
        # Whether anybody else, in a draft too, keeps the same file.
        with acting.as_node():
            needed = set(Evidence.objects.filter(sha256__in=gone).exclude(filename="").values_list("sha256", flat=True))
        transaction.on_commit(partial(_remove, sorted(gone - needed)))
    return openings


def _remove(files: list[str]) -> None:
    for sha256 in files:
        with contextlib.suppress(NotFound):
            evidence.path(Evidence(sha256=sha256)).unlink()


def _rule(rule_id: str) -> Retention:
    found = due.rule(rule_id)
    if found is None or found.then != "decided":
        raise NotFound("retention-rule", "没有这项可以据以销毁的规定。", remedy="请从“保存期限和销毁”选择。")
    return found


def _reason(text: str) -> str:
    why = mask(text.strip())
    if not why or len(why) > REASON:
        raise InvalidInput("retention-reason", f"请写明理由，不超过 {REASON} 个字。", remedy="请补充或者缩短理由。")
    return why
