"""Signing the state of the log, and checking the log against everything it ever signed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from gongxin.errors import Conflict
from gongxin.ledger import keys, selectors, tree
from gongxin.ledger.models import Leaf, SignedCheckpoint
from gongxin.ledger.notes import Checkpoint, NoteInvalid, Signer, Verifier

# One signer at a time; appending goes on meanwhile.
_SIGNING_LOCK: Final = 4_702_111_323_394_633_570


@transaction.atomic
def sign(*, at: datetime) -> SignedCheckpoint:
    """Sign the log as it stands; the newest checkpoint itself if nothing was appended since.

    The signer reads every leaf since the last note it signed, and refuses (Conflict) to sign a log that does not go
    on from there: one cut, rolled back or rewritten. What is older is held by `verify` and by exports.
    Raises Unavailable without a key, Conflict for an empty log.
    """
    signer = keys.signer()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SIGNING_LOCK])
    size = selectors.size()
    begin = _continued(signer.verifier(), size)
    growing = selectors.growing(begin)
    for body in selectors.bodies(begin, size):
        growing.append(tree.leaf_hash(body))
    if growing.root() != selectors.growing(size).root():
        raise selectors.damaged("内容与散列值不符")
    return _kept(signer, Checkpoint(signer.name, size, growing.root()), at)


def verify() -> Checkpoint:
    """Read the whole log and compare it with stored hashes, all checkpoints and the signer's memory.

    Returns size and root. Raises Conflict naming the first thing that does not fit, Unavailable without a key.
    """
    verifier = keys.signer().verifier()
    size = selectors.size()
    notes = list(SignedCheckpoint.objects.order_by("size").values_list("note", flat=True))
    signed = {point.size: point.root for point in (read(note, verifier) for note in notes)}
    memory = keys.remembered()
    if memory is not None and (last := read(memory, verifier)) and signed.setdefault(last.size, last.root) != last.root:
        raise selectors.damaged("检查点与签名程序的记录不符")
    growing = tree.Growing()
    stored = Leaf.objects.filter(seq__lt=size).order_by("seq").values_list("hashes", flat=True).iterator(2_000)
    for body, hashes in zip(selectors.bodies(0, size), stored, strict=True):
        if growing.append(tree.leaf_hash(body)) != [one and bytes(one) for one in hashes]:
            raise selectors.damaged(f"第 {growing.size - 1} 条与散列值不符")
        if signed.pop(growing.size, growing.root()) != growing.root():
            raise selectors.damaged(f"前 {growing.size} 条与检查点不符")
    if signed:
        raise selectors.damaged(f"曾签署 {max(signed)} 条，现只有 {size} 条")
    return Checkpoint(verifier.name, size, growing.root())


def _continued(verifier: Verifier, size: int) -> int:
    """The size of the last note signed (0: none), after checking that the stored log goes on from it."""
    if size == 0:
        raise Conflict("ledger-empty", "日志还没有任何记录。", remedy="有变更写入后再签署检查点。")
    memory = keys.remembered()
    kept = selectors.last_checkpoint()
    if memory is None and kept is None:
        return 0
    if memory is None:
        raise selectors.damaged("签名程序的记录（last-checkpoint）不见了")
    last = read(memory, verifier)
    if last.size > size:
        raise selectors.damaged(f"曾签署 {last.size} 条，现只有 {size} 条")
    if selectors.growing(last.size).root() != last.root:
        raise selectors.damaged(f"前 {last.size} 条与已签署的检查点不符")
    return last.size


def _kept(signer: Signer, checkpoint: Checkpoint, at: datetime) -> SignedCheckpoint:
    """Sign, remember, store. Memory first: a crash in between leaves a checkpoint more, never one less."""
    note = signer.sign(str(checkpoint))
    keys.remember(note)
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
