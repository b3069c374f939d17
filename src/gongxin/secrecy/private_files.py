"""Files that only their owner reads: checked when read, whole or absent when written."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from gongxin.errors import Unavailable


def read(path: Path) -> str | None:
    """The text of a private file; None if there is none.

    Raises Unavailable for a file that others may read or write, that belongs to somebody else, or that is a link.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, f"无法读取（{error.strerror}）", "请检查属主和权限；密钥文件不可以是链接") from error
    try:
        _judge(path, os.fstat(descriptor))
        with os.fdopen(descriptor, encoding="utf-8", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def write(path: Path, text: str) -> None:
    """Put a private file (0600, in folders made 0700) in its place, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _flush(path.parent)


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when `write` has put another file in this place."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _judge(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unusable(path, "不是普通文件", "请恢复密钥文件")
    if found.st_uid != os.geteuid():
        raise _unusable(path, f"属于另一个账户（{found.st_uid}）", "请用该账户运行，或者更改属主")
    if found.st_mode & 0o077:
        raise _unusable(
            path, f"可被他人读取或改写（{stat.S_IMODE(found.st_mode):04o}）", "请运行 chmod 600，并考虑更换密钥"
        )


def _unusable(path: Path, fault: str, remedy: str) -> Unavailable:
    return Unavailable("keys-open", f"密钥文件{path}{fault}。", remedy=f"{remedy}。", facts={"file": str(path)})


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
