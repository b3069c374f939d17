"""Writing the log to files that anybody can check with tools/verify_ledger.py and the public key."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from django.db.models import Max

from gongxin.errors import Conflict, NotFound
from gongxin.ledger import selectors
from gongxin.ledger.models import CoSignature, SignedCheckpoint

# The newest vouches for all; a log of years has half a million, and plain Python checks 200 signatures a second.
_NOTES: Final = 200


def export(target: Path) -> int:
    """Write leaves and checkpoints up to the newest checkpoint into the new folder `target`; how many leaves.

    leaves.jsonl: one leaf a line, canonical JSON, byte for byte what was hashed. checkpoints/<size>.checkpoint: the
    newest notes, and the newest that each witness co-signed, with its co-signature; whoever kept an older one checks it
    with `--seen`. No openings: an export holds no personal data. Complete or absent: it is made beside its place.
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
    held = SignedCheckpoint.objects.filter(size__lte=size)
    wanted = set(held.order_by("-size").values_list("size", flat=True)[:_NOTES])
    by_witness = CoSignature.objects.filter(size__lte=size).values("witness").annotate(newest=Max("size"))
    wanted |= set(by_witness.values_list("newest", flat=True))
    for kept in held.filter(size__in=wanted):
        text = kept.note + selectors.cosignatures(kept.size)
        (draft / "checkpoints" / f"{kept.size}.checkpoint").write_text(text, encoding="utf-8")
