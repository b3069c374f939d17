"""Writing the log to files that anybody can check with tools/verify_ledger.py and the public key."""

from __future__ import annotations

from pathlib import Path

from gongxin.errors import Conflict, NotFound
from gongxin.ledger import selectors
from gongxin.ledger.models import SignedCheckpoint


def export(target: Path) -> int:
    """Write leaves and checkpoints up to the newest checkpoint into the new folder `target`; how many leaves.

    leaves.jsonl: one leaf a line, canonical JSON, byte for byte what was hashed. checkpoints/<size>.checkpoint: each
    note given out. No openings: an export holds no personal data. Complete or absent: it is made beside its place.
    Raises NotFound without a checkpoint, Conflict if the folder exists or a leaf is missing.
    """
    last = selectors.last_checkpoint()
    if last is None:
        raise NotFound("ledger-no-checkpoint", "还没有检查点。", remedy="请先运行 gongxin ledger checkpoint。")
    if target.exists():
        raise Conflict("ledger-export-exists", f"“{target}”已经存在，不会覆盖。", remedy="请换一个新的文件夹名。")
    draft = target.with_name(target.name + ".part")
    (draft / "checkpoints").mkdir(parents=True, exist_ok=True)
    with (draft / "leaves.jsonl").open("wb") as file:
        for body in selectors.bodies(0, last.size):
            file.write(body + b"\n")
    for kept in SignedCheckpoint.objects.order_by("size").iterator():
        (draft / "checkpoints" / f"{kept.size}.checkpoint").write_text(kept.note, encoding="utf-8")
    draft.replace(target)
    return last.size
