"""Evidence: files of bounded size and known kind, kept under their SHA-256 apart from the originals of hand-ins.

The kind is told by the first bytes, never by the name. A file is whole and flushed to the disk before the row that
refers to it is written; its hash stands in the leaf of the step that brings it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings

from gongxin import filekinds, scanning
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.intake import persons
from gongxin.rights.models import Case, Draft, Evidence, Paper

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_FILES: Final = 20
ACCEPTED: Final = filekinds.ACCEPTED
_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on the disk that no row refers to yet."""

    sha256: str
    size: int
    media_type: str
    filename: str


def keep(stream: IO[Any], *, filename: str) -> Kept:
    """Put a file on the disk.

    Raises InvalidInput: empty, larger than MOST_BYTES, of a kind that is not accepted, with malware in it.
    """
    content = stream.read(MOST_BYTES + 1)
    media_type = _judged(content, filename)
    if name := scanning.found([content]):
        raise InvalidInput(
            "evidence-infected",
            f"查毒服务在材料文件中发现恶意代码（{name}）。",
            remedy="请查毒后重新扫描或者导出上传。",
        )
    sha256 = hashlib.sha256(content).hexdigest()
    _write(content, _path(sha256))
    return Kept(sha256, len(content), media_type, persons.masked_text(Path(filename).name)[-_NAME:])


def attach(kept: Kept, *, to: Case | Draft, step: int = 0, paper: Paper = Paper.OTHER, at: datetime) -> Evidence:
    """Write the row of a kept file. Raises Conflict if the case or draft has MOST_FILES already."""
    owner = {"case": to} if isinstance(to, Case) else {"draft": to}
    if to.evidence.count() >= MOST_FILES:
        raise Conflict(
            "evidence-too-many", f"材料已有 {MOST_FILES} 份。", remedy="请合并后上传，或者先删除草稿中不需要的材料。"
        )
    return Evidence.objects.create(
        **owner,
        step=step,
        paper=paper,
        filename=kept.filename,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        uploaded_at=at,
    )


def path(evidence: Evidence) -> Path:
    """Where the file lies. Raises NotFound if it is gone."""
    found = _path(evidence.sha256)
    if not found.exists():
        raise NotFound("evidence-gone", "材料文件不在了。", remedy="请联系系统管理员从备份恢复。")
    return found


def discard_abandoned(*, at: datetime) -> int:
    """Remove files that no row refers to since a day: of drafts given up, of uploads that were never filed."""
    day_before = (at - timedelta(days=1)).timestamp()
    old = [path for path in (Path(settings.FILES_DIR) / "evidence").glob("??/*") if path.stat().st_mtime < day_before]
    known = set(Evidence.objects.filter(sha256__in=[path.name for path in old]).values_list("sha256", flat=True))
    abandoned = [path for path in old if path.name not in known]
    for path in abandoned:
        path.unlink(missing_ok=True)
    return len(abandoned)


def _judged(content: bytes, filename: str) -> str:
    """The media type of an acceptable file."""
    if not content:
        raise InvalidInput("evidence-empty", "材料文件是空的。", remedy="请重新选择文件。")
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024**2
        raise InvalidInput(
            "evidence-too-large", f"材料文件超过 {most} MiB。", remedy="请降低扫描分辨率或者分成几份上传。"
        )
    kind = filekinds.media_type(content, filename)
    if kind is not None:
        return kind
    raise InvalidInput(
        "evidence-kind",
        "材料文件的格式不在接受范围内，或者内容与扩展名不符。",
        remedy="请上传 PDF、PNG 或者 JPEG 文件。",
    )


def _write(content: bytes, target: Path) -> None:
    """Whole or not at all, private to this account, on the disk before anything refers to it."""
    if target.exists():
        # Looked after for a day more, until its new row is there.
        target.touch()
        return
    for folder in (Path(settings.FILES_DIR), target.parents[1], target.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path(sha256: str) -> Path:
    return Path(settings.FILES_DIR) / "evidence" / sha256[:2] / sha256
