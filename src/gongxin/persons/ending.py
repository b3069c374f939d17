"""The end of entries and of files: under a list that two officials decide (`gongxin.ends`), or because the person asks.

What is destroyed are contents: sealed texts, and with the last of a file its key. Officials learn how many entries a
list has, and by which rule; neither whose nor what they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict
from gongxin.identity.models import User
from gongxin.ledger import batches
from gongxin.persons import contents, gone, holding, keeping, receiving, terms
from gongxin.persons.authorising import own_file
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Authorisation, Entry, File, Objection, Version
from gongxin.persons.seen import Ended
from gongxin.policy.retention import Retention
from gongxin.walls import acting

_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of a list: how many, and the Merkle root over them."""

    count: int
    root: str


def count(rule: Retention, day: date, *, most: int) -> int:
    """How many entries may be destroyed under a rule on `day`, up to `most`; fewer than SMALLEST are not told."""
    return len(terms.due(rule, day, most=most))


def propose(rule: Retention, day: date, *, most: int, leaving: UUID) -> Batch:
    """Put what is due into the proposal `leaving`, in the caller's transaction."""
    terms.derive(day)
    ids = terms.due(rule, day, most=most)
    Entry.objects.filter(pk__in=ids).update(leaving=leaving)
    return _batch(ids)


def keep(given: UUID) -> None:
    """Nothing of a proposal is destroyed."""
    Entry.objects.filter(leaving=given).update(leaving=None)


def destroy(rule: Retention, day: date, *, most: int, leaving: UUID) -> Batch:
    """Destroy what of a proposal is still due, in the caller's transaction; the rest stays."""
    _alone()
    # Whoever objects locks the file: nothing is filed between judging and destroying.
    files = Entry.objects.filter(leaving=leaving).values("file")
    with acting.as_node():
        list(File.objects.select_for_update().filter(pk__in=files).order_by("pk").values_list("pk"))
    ids = terms.due(rule, day, most=most, leaving=leaving)
    batch = _batch(ids)
    keep(leaving)
    gone.destroy_entries(ids, day=day)
    return batch


@transaction.atomic
def end_own(*, acting_user: User, at: datetime) -> Ended:
    """End the own file: what no rule holds back goes now, the rest at its date, and with the last of it file and key.

    What was lent is taken back at once. Raises NotPermitted, NotFound without a file.
    """
    own = own_file(acting_user, at)
    Authorisation.objects.filter(file=own.file, revoked_at__isnull=True).update(revoked_at=at)
    if own.file.leaving_since is None:
        own.file.leaving_since = at
        own.file.save(update_fields=["leaving_since"])
    return _go(own, actor=acting_user.username, at=at, asked=True)


@transaction.atomic
def stay(*, acting_user: User, at: datetime) -> None:
    """Take back that the own file shall end: what is left of it stays as long as the rules say. Raises Conflict."""
    own = own_file(acting_user, at)
    if own.file.leaving_since is None:
        raise Conflict("file-not-leaving", "没有提出过终结档案。", remedy="无需办理。")
    own.file.leaving_since = None
    own.file.save(update_fields=["leaving_since"])
    ledger.append("person.file_stays", fields={}, actor=acting_user.username, at=at)


def go_on(day: date, *, actor: str, at: datetime) -> int:
    """Destroy what has come to its date in files whose persons asked for their end; in how many. Each by itself."""
    waiting = list(File.objects.filter(leaving_since__isnull=False).order_by("pk").values_list("pk", flat=True))
    gone.write_down(day)
    return sum(_gone_on(file, actor=actor, at=at) for file in waiting)


@transaction.atomic
def _gone_on(file: UUID, *, actor: str, at: datetime) -> bool:
    held = File.objects.select_for_update().filter(pk=file, leaving_since__isnull=False).first()
    own = holding.opened(held)
    done = _go(own, actor=actor, at=at, asked=False) if own else None
    return done is not None and (done.whole or done.destroyed > 0)


def _go(own: OwnFile, *, actor: str, at: datetime, asked: bool) -> Ended:
    """Destroy of a leaving file what may go; its leaf, if anything happened."""
    _alone()
    day = at.astimezone(CIVIL_TIME).date()
    held = contents.records(own, history=False, day=day)
    over = [record.id for record in held if not record.is_held]
    batch, left = _batch(over), len(held) - len(over)
    gone.destroy_entries(over, day=day)
    whole = not left and not _shells(own, day)
    if whole:
        gone.destroy_file(own.file.pk, day=day)
    if asked or whole or over:
        fields = {"root": batch.root, "asked": asked, "whole": whole}
        ledger.append("person.file_ended", fields=fields, actor=actor, at=at)
    return Ended(len(over), left, whole)


def _shells(own: OwnFile, day: date) -> bool:
    """Whether the file is still needed so that a decision that was erased before its date is not taken in again."""
    erased = Objection.objects.filter(entry__file=own.file, state=Objection.State.ERASED).values("entry")
    held = Entry.objects.filter(pk__in=erased, term__isnull=False)
    return any(not keeping.over_by_month(entry.term.reveal(), day) for entry in held)


def _batch(ids: Sequence[UUID]) -> Batch:
    """The root over entries: each by its id, with the hash of its last version as it is sealed."""
    last = Version.objects.filter(entry__in=ids).order_by("entry_id", "-number").distinct("entry_id")
    rows = list(last.values_list("entry_id", "body"))
    keys = b"".join(entry.bytes for entry, _ in rows)
    hashes = b"".join(hashlib.sha256(body.encode()).digest()[:_KEY_BYTES] for _, body in rows)
    return Batch(len(rows), batches.root(batches.entries(keys, hashes)).hex())


def _alone() -> None:
    """No hand-in adds a version to what is being destroyed."""
    with connection.cursor() as cursor:
        receiving.alone(cursor)
