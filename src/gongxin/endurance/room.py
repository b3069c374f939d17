"""Whether there is room on the disk, asked before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from gongxin.errors import Unavailable

# Left free for whoever else writes there.
_MARGIN: Final = 64 * 1024**2


def free(folder: Path) -> int:
    """Free bytes where `folder` is or would be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def judge(folder: Path, needed: int) -> None:
    """Raises Unavailable where fewer than `needed` bytes and a margin are free."""
    found = free(folder)
    if found < needed + _MARGIN:
        raise Unavailable(
            "storage-full",
            f"“{folder}”所在磁盘空间不足：需要约 {mebibytes(needed + _MARGIN)}，剩余 {mebibytes(found)}。",
            remedy="请腾出空间或者换一个位置后重试；还没有写入任何内容。",
            facts={"needed": needed + _MARGIN, "free": found},
        )


def mebibytes(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1024**2:,.1f} MiB"
