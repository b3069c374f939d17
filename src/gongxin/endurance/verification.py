"""Checking a backup without touching anything: every file there, of its size, with its SHA-256; the dump readable."""

from __future__ import annotations

from pathlib import Path

from gongxin.endurance import manifest as manifests
from gongxin.endurance import programs
from gongxin.endurance.manifest import DATABASE, NAME, Manifest, Progress
from gongxin.errors import InvalidInput


def verify(folder: Path, *, progress: Progress = manifests.silently) -> Manifest:
    """The manifest of a backup that is whole. Raises InvalidInput naming the first thing that does not fit."""
    manifest = manifests.read(folder)
    expected = {part.path for part in manifest.parts}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {NAME}
    if DATABASE not in expected:
        raise _broken(DATABASE, "清单没有列出")
    for name in sorted(expected ^ found):
        raise _broken(name, "缺失" if name in expected else "不在清单之内")
    total, done = sum(part.size for part in manifest.parts), 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress("核对校验值", done, total)

    for part in manifest.parts:
        path = folder / part.path
        if path.is_symlink() or path.stat().st_size != part.size or manifests.digest(path, read) != part.sha256:
            raise _broken(part.path, "与清单记载的大小或者校验值不符")
    programs.run("pg_restore", ["--list", folder / DATABASE], at_least=manifest.postgres)
    return manifest


def _broken(name: str, what: str) -> InvalidInput:
    return InvalidInput(
        "backup-broken", f"备份不完整：{name} {what}。", remedy="请换用另一份备份；没有改动本节点的任何数据。"
    )
