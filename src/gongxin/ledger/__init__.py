"""The tamper-evident log: leaves, tree, signed checkpoints, proofs. Other packages call `append` and nothing else."""

from __future__ import annotations

from gongxin.ledger.appending import append

__all__ = ["append"]
