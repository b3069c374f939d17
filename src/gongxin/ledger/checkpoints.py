"""Signing the state of the log, and checking the log against everything it ever signed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from gongxin.errors import Conflict
from gongxin.ledger import keys, leaves, selectors, tree, verifying
from gongxin.ledger.models import SignedCheckpoint
from gongxin.ledger.notes import Checkpoint, NoteInvalid, Signer, Verifier

# One signer at a time; appending goes on meanwhile.
_SIGNING_LOCK: Final = 4_702_111_323_394_633_570


@transaction.atomic
def sign(*, at: datetime, apart: int = 0) -> SignedCheckpoint:
    """Sign the log as it stands; the newest checkpoint itself if nothing was appended since.

    apart: sign on the way too, after every so many leaves (0: the end only).
    The signer reads every leaf since the last note it signed, and refuses (Conflict) to sign a log that does not go
    on from there: one cut, rolled back or rewritten. What is older is held by `verify` and by exports.
    Raises Unavailable without a key, Conflict for an empty log.
    """
    signer = keys.signer()
    hold()
    size = selectors.size()
    last = _continued(keys.verifier(), size)
    points = _read_on(last, size, apart) if size > last.size else [last]
    return [_kept(signer, point, at) for point in points][-1]


def hold() -> None:
    """Wait until no other process signs, and keep others from it to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SIGNING_LOCK])


def verify() -> Checkpoint:
    """Read the whole log and compare it with stored hashes, all checkpoints and the signer's memory.

    Returns size, root and epoch. Raises Conflict naming the first thing that does not fit, Unavailable without a key.
    """
    memory = keys.remembered()
    return checked([] if memory is None else [memory])


def checked(kept: list[str]) -> Checkpoint:
    """`verify` with these notes, kept outside the database, in place of the signer's memory."""
    verifier = keys.verifier()
    stored = list(SignedCheckpoint.objects.order_by("size").values_list("note", flat=True))
    signed: dict[int, Checkpoint] = {}
    for point in (read(note, verifier) for note in [*kept, *stored]):
        if signed.setdefault(point.size, point) != point:
            raise selectors.damaged("检查点与签名程序的记录不符")
    return verifying.read_whole(verifier.name, signed.values())


def _continued(verifier: Verifier, size: int) -> Checkpoint:
    """The last checkpoint signed (of size 0: none), after checking that the stored log goes on from it."""
    if size == 0:
        raise Conflict("ledger-empty", "日志还没有任何记录。", remedy="有变更写入后再签署检查点。")
    memory = keys.remembered()
    if memory is None:
        if selectors.last_checkpoint() is not None:
            raise selectors.damaged("签名程序的记录（last-checkpoint）不见了")
        return Checkpoint(verifier.name, 0, tree.EMPTY_ROOT)
    last = read(memory, verifier)
    if last.size > size:
        raise selectors.damaged(f"曾签署 {last.size} 条，现只有 {size} 条")
    if selectors.growing(last.size).root() != last.root:
        raise selectors.damaged(f"前 {last.size} 条与已签署的检查点不符")
    return last


def _read_on(last: Checkpoint, size: int, apart: int) -> list[Checkpoint]:
    """Read the leaves after `last` and make the checkpoints that are due; nothing is signed before all are read."""
    growing = selectors.growing(last.size)
    points = []
    for body in selectors.bodies(last.size, size):
        # Only `epochs.raise_epoch` signs over such a leaf: whoever owns the database could write one too.
        if leaves.EPOCH_MARK in body:
            raise selectors.damaged(f"第 {growing.size} 条宣称新的纪元，但签名程序并未提升纪元")
        growing.append(tree.leaf_hash(body))
        if growing.size == size or (apart and (growing.size - last.size) % apart == 0):
            points.append(Checkpoint(last.origin, growing.size, growing.root(), last.epoch))
    if growing.root() != selectors.growing(size).root():
        raise selectors.damaged("内容与散列值不符")
    return points


def _kept(signer: Signer, checkpoint: Checkpoint, at: datetime) -> SignedCheckpoint:
    """Sign, remember, store. Memory first: a crash in between leaves a checkpoint more, never one less."""
    note = signer.sign(str(checkpoint))
    keys.remember(note)
    return store(note, checkpoint, at)


def store(note: str, checkpoint: Checkpoint, at: datetime) -> SignedCheckpoint:
    """Keep a signed note in the database. Raises Conflict where another note of this size is."""
    kept, _ = SignedCheckpoint.objects.get_or_create(size=checkpoint.size, defaults={"note": note, "signed_at": at})
    # Ed25519 gives one signature for one text: another note of this size is not the signer's.
    if kept.note != note:
        raise selectors.damaged(f"{checkpoint.size} 条的检查点不是签名程序所签")
    return kept


def read(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a stored note. Raises Conflict when the log's key did not sign it."""
    try:
        return Checkpoint.read(note, verifier)
    except NoteInvalid as error:
        raise selectors.damaged("检查点的签名无效") from error
