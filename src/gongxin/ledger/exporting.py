"""Writing the log to files that anybody can check with tools/verify_ledger.py and the public key."""

from __future__ import annotations

import shutil
import tempfile
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
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        _write(draft, last.size)
    except BaseException:
        shutil.rmtree(draft)
        raise
    draft.chmod(0o755)
    draft.replace(target)
    return last.size


def _write(draft: Path, size: int) -> None:
    """All files of an export of `size` leaves."""
    (draft / "checkpoints").mkdir()
    with (draft / "leaves.jsonl").open("wb") as file:
        for body in selectors.bodies(0, size):
            file.write(body + b"\n")
    for kept in SignedCheckpoint.objects.filter(size__lte=size).order_by("size").iterator():
        (draft / "checkpoints" / f"{kept.size}.checkpoint").write_text(kept.note, encoding="utf-8")
