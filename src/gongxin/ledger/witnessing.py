"""This node as a witness of other logs (C2SP tlog-witness): it co-signs a checkpoint only if the log it saw last is the
beginning of it, and so a log that was rolled back, rewritten or shown in two versions gets no co-signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound, NotPermitted
from gongxin.ledger import appending, keys, notes, peers, tree
from gongxin.ledger.models import Witnessed
from gongxin.ledger.notes import Checkpoint, NoteInvalid

# Far above a checkpoint with a dozen signatures.
MOST_BYTES: Final = 64 * 1024
# The protocol's limit: a proof between trees of 2^63 leaves needs no more.
_MOST_HASHES: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks: to co-sign `note`, which goes on from `old` leaves as the proof shows."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def origin(self) -> str:
        """The log that the note says it is of; nothing is proved by it."""
        return self.note.split("\n", 1)[0]


def read(body: bytes) -> Request:
    """The body of an add-checkpoint request. Raises GongxinError (400) where it is not in its form."""
    try:
        head, _, note = body.decode().partition("\n\n")
        lines = head.split("\n")
        proof = tuple(notes.decoded(line) for line in lines[1:])
    except (UnicodeDecodeError, NoteInvalid) as error:
        raise _malformed() from error
    found = _OLD.fullmatch(lines[0])
    if found is None or not note or len(body) > MOST_BYTES or len(proof) > _MOST_HASHES:
        raise _malformed()
    return Request(int(found[1]), proof, note)


def _malformed() -> GongxinError:
    return GongxinError(
        "witness-request",
        "请求不是 add-checkpoint 的格式。",
        remedy="请按 C2SP tlog-witness 组织：old 行、证明的散列值、空行、检查点。",
    )


@transaction.atomic
def add_checkpoint(request: Request, *, at: datetime) -> str:
    """Co-sign a checkpoint and remember it; the line of the co-signature.

    Compared and remembered under one lock: of two requests at once the second is judged by what the first left.
    Raises NotFound (404) for an unknown log, NotPermitted (403) without a valid signature of it, GongxinError (400) for
    an old size beyond the new, Conflict (409, fact `size`) where another size was seen last, InvalidInput (422) for a
    proof that does not prove, Unavailable without a key.
    """
    signer = keys.witness()
    checkpoint = _signed(request)
    if request.old > checkpoint.size:
        raise GongxinError(
            "witness-old-size", "旧的条数大于检查点的条数。", remedy="请核对 old 行。", facts={"size": request.old}
        )
    Witnessed.objects.bulk_create([Witnessed(origin=checkpoint.origin)], ignore_conflicts=True)
    seen = Witnessed.objects.select_for_update().get(pk=checkpoint.origin)
    _judge(request, checkpoint, seen)
    seen.size, seen.root, seen.note, seen.at = checkpoint.size, checkpoint.root, request.note, at
    seen.save()
    return signer.cosign(request.note, at)


@transaction.atomic
def readmit(note: str, *, reason: str, actor: str, at: datetime) -> Checkpoint:
    """Go on witnessing a log that was put back from a backup and says so: from this note of a later epoch on.

    The deliberate act of the witness's operator, who has asked the other side what was lost; it has its own leaf.
    Raises NotFound, NotPermitted as `add_checkpoint`; Conflict where the note names no later epoch than the one seen.
    """
    checkpoint = _signed(Request(0, (), note))
    seen = Witnessed.objects.select_for_update().filter(pk=checkpoint.origin).first()
    if seen is None:
        raise NotFound("witness-nothing-seen", "还没有见证过这个日志。", remedy="无需重新接纳，日志可以直接提交。")
    before = _epoch_of(seen.note, checkpoint.origin)
    if checkpoint.epoch <= before:
        raise Conflict(
            "witness-epoch",
            f"检查点没有提升纪元（已见证第 {before} 纪元）。",
            remedy="请对方先用 gongxin ledger raise-epoch 声明恢复，再取它的新检查点。",
        )
    fields = {
        "log": checkpoint.origin,
        "epoch": checkpoint.epoch,
        "size": checkpoint.size,
        "before": seen.size,
        "before_root": bytes(seen.root).hex(),
        "reason": reason,
    }
    seen.size, seen.root, seen.note, seen.at = checkpoint.size, checkpoint.root, note, at
    seen.save()
    appending.append("witness.log_readmitted", fields=fields, actor=actor, at=at)
    return checkpoint


def _signed(request: Request) -> Checkpoint:
    """The checkpoint, if a key that the operator named for its log signed it."""
    known = peers.logs().get(request.origin)
    if known is None:
        raise NotFound("witness-log-unknown", "本节点不见证这个日志。", remedy="请联系本节点的运维人员登记日志的公钥。")
    for verifier in known:
        try:
            return Checkpoint.read(request.note, verifier)
        except NoteInvalid:
            continue
    raise NotPermitted("witness-signature", "检查点没有该日志的有效签名。", remedy="请用日志的签名密钥重新签署。")


def _epoch_of(note: str, origin: str) -> int:
    for verifier in peers.logs()[origin]:
        try:
            return Checkpoint.read(note, verifier).epoch
        except NoteInvalid:
            continue
    return 1


def _judge(request: Request, checkpoint: Checkpoint, seen: Witnessed) -> None:
    """Whether the checkpoint goes on from what was seen last. Raises Conflict, InvalidInput."""
    root = bytes(seen.root)
    if request.old != seen.size or (request.old == checkpoint.size > 0 and root != checkpoint.root):
        raise Conflict(
            "witness-seen-other",
            f"上次见证的是 {seen.size} 条，与请求不符。",
            remedy="请从上次见证的条数起证明一致性；条数更少或根不同，说明日志被改动过。",
            facts={"size": seen.size},
        )
    try:
        _prove(request, checkpoint, root)
    except tree.ProofInvalid as error:
        raise InvalidInput(
            "witness-proof", "一致性证明不成立。", remedy="请核对日志是否被改动；证明须从上次见证的条数起。"
        ) from error


def _prove(request: Request, checkpoint: Checkpoint, root: bytes) -> None:
    if request.old > 0:
        tree.check_consistency(request.old, checkpoint.size, old_root=root, root=checkpoint.root, path=request.proof)
    elif request.proof or (checkpoint.size == 0 and checkpoint.root != tree.EMPTY_ROOT):
        raise tree.ProofInvalid("nothing was seen yet, so there is nothing to prove; and an empty tree has one root")
