"""Proofs as text files: inclusion in the form C2SP tlog-proof, consistency in the form of a tlog-witness request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gongxin.errors import InvalidInput, NotFound
from gongxin.ledger import checkpoints, keys, selectors, tree
from gongxin.ledger.models import SignedCheckpoint
from gongxin.ledger.notes import Checkpoint, Verifier, decoded, encoded
from gongxin.ledger.tree import Node

HEADER: Final = "c2sp.org/tlog-proof@v1"
_PROOF: Final = re.compile(
    re.escape(HEADER) + r"\nextra (?P<extra>\S*)\nindex (?P<index>0|[1-9]\d{0,17})(?P<path>(?:\n[A-Za-z0-9+/=]+){0,64})"
)


def inclusion(seq: int) -> str:
    """The proof that leaf `seq` is in the log, against the newest checkpoint; `extra` is the leaf itself.

    Raises NotFound for a leaf that is not there or not yet under a checkpoint.
    """
    found = selectors.provable(seq)
    size = checkpoints.read(found.note, keys.verifier()).size
    if seq >= size:
        raise NotFound(
            "ledger-not-signed", f"第 {seq} 条还没有检查点。", remedy="请先运行 gongxin ledger checkpoint，再生成证明。"
        )
    lines = [HEADER, f"extra {encoded(found.body)}", f"index {seq}", *_hashes(tree.inclusion(seq, size))]
    return "\n".join(lines) + f"\n\n{found.note}{found.cosignatures}"


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof of inclusion proves: this leaf, with this number, in the log of this checkpoint."""

    index: int
    body: bytes
    checkpoint: Checkpoint


def check(text: str, verifier: Verifier) -> Proved:
    """Check a proof as `inclusion` makes it, by itself: no database is asked.

    Raises tree.ProofInvalid where it is not in its form or does not prove, NoteInvalid where the key did not sign.
    """
    head, _, note = text.partition("\n\n")
    found = _PROOF.fullmatch(head)
    if found is None:
        raise tree.ProofInvalid("not a proof of inclusion")
    checkpoint = Checkpoint.read(note, verifier)
    index, body = int(found["index"]), decoded(found["extra"])
    path = [decoded(line) for line in found["path"].split()]
    tree.check_inclusion(index, checkpoint.size, leaf=tree.leaf_hash(body), path=path, root=checkpoint.root)
    return Proved(index, body, checkpoint)


def consistency(old: int, *, note: str = "") -> str:
    """The proof that the log of `old` leaves is the beginning of a checkpoint's: of the newest, or of the given note.

    Raises InvalidInput for a size that is not between 1 and that of the checkpoint.
    """
    note, checkpoint = (note, checkpoints.read(note, keys.verifier())) if note else _newest()
    if not 0 < old <= checkpoint.size:
        raise InvalidInput(
            "ledger-size", f"没有 {old} 条的较早状态。", remedy=f"请填写 1 到 {checkpoint.size} 之间的条数。"
        )
    lines = [f"old {old}", *_hashes(tree.consistency(old, checkpoint.size))]
    return "\n".join(lines) + f"\n\n{note}"


def _newest() -> tuple[str, Checkpoint]:
    kept: SignedCheckpoint | None = selectors.last_checkpoint()
    if kept is None:
        raise NotFound("ledger-no-checkpoint", "还没有检查点。", remedy="请先运行 gongxin ledger checkpoint。")
    return kept.note, checkpoints.read(kept.note, keys.verifier())


def _hashes(path: list[list[Node]]) -> list[str]:
    stored = selectors.hashes({node for part in path for node in part})
    return [encoded(one) for one in tree.folded(path, stored.__getitem__)]
