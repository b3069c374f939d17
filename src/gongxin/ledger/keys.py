"""The node's signing keys, of its log and as a witness of others: files under GONGXIN_VAR/ledger, apart from the
database and readable by their owner only.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from gongxin.errors import Conflict, InvalidInput, Unavailable
from gongxin.ledger import notes
from gongxin.ledger.notes import NoteInvalid, Signer, Verifier

_PRIVATE: Final = "signing-key"
_PUBLIC: Final = "verifier-key"
_REMEMBERED: Final = "last-checkpoint"
_WITNESS: Final = "witness-key"
_WITNESS_PUBLIC: Final = "witness-verifier-key"


def folder() -> Path:
    """Where keys and the signer's own memory are."""
    return Path(settings.VAR_DIR) / "ledger"


def make(origin: str) -> Verifier:
    """Make the node's key. origin: name of the log, e.g. ``credit.example.cn/ledger``; it stays for ever.

    Raises Conflict if there is a key: a log has one, and another would make its checkpoints void. InvalidInput for a
    name with spaces or plus signs.
    """
    return _made(Signer(origin, secrets.token_bytes(32)), _PRIVATE, _PUBLIC)


def make_witness(name: str) -> Verifier:
    """Make the key this node co-signs with as a witness, apart from that of its log. Raises as `make`."""
    return _made(Signer(name, secrets.token_bytes(32), notes.WITNESS), _WITNESS, _WITNESS_PUBLIC)


def _made(signer: Signer, private: str, public: str) -> Verifier:
    try:
        verifier = signer.verifier()
    except NoteInvalid as error:
        raise InvalidInput(
            "ledger-origin",
            "日志名称为空，或者含有空格、加号。",
            remedy="请用域名加路径，例如 credit.example.cn/ledger。",
        ) from error
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        _create(folder() / private, signer.private_text() + "\n", 0o600)
    except FileExistsError:
        raise Conflict(
            "ledger-key-exists", "签名密钥已经存在，不会覆盖。", remedy="请继续使用它，并把副本保存在安全的地方。"
        ) from None
    _create(folder() / public, f"{verifier}\n", 0o644)
    return verifier


def exists() -> bool:
    """Whether the node has a signing key."""
    return (folder() / _PRIVATE).exists()


def signer() -> Signer:
    """The node's signing key. Raises Unavailable when it is missing, not private or not in its form."""
    return _pair(folder() / _PRIVATE)[0]


def verifier() -> Verifier:
    """The public half of the node's signing key. Raises as `signer`."""
    return _pair(folder() / _PRIVATE)[1]


def witness() -> Signer:
    """The key this node co-signs with. Raises as `signer`."""
    return _pair(folder() / _WITNESS, notes.WITNESS)[0]


def _pair(path: Path, kind: bytes = notes.LOG) -> tuple[Signer, Verifier]:
    if not path.exists():
        command = "gongxin witness keys" if kind == notes.WITNESS else "gongxin ledger keys"
        raise Unavailable("ledger-key-missing", "没有签名密钥。", remedy=f"请先运行 {command}。")
    found = path.stat()
    if found.st_mode & 0o077:
        raise Unavailable(
            "ledger-key-open", f"签名密钥可被他人读取：{path}。", remedy="请运行 chmod 600，并考虑更换密钥。"
        )
    try:
        return _read(path, kind, (found.st_ino, found.st_mtime_ns, found.st_size))
    except NoteInvalid as error:
        raise Unavailable("ledger-key-broken", f"签名密钥已损坏：{path}。", remedy="请从副本恢复密钥文件。") from error


@lru_cache(maxsize=8)
def _read(path: Path, kind: bytes, _state: tuple[int, int, int]) -> tuple[Signer, Verifier]:
    """Read once for one state of the file: making the public half takes longer than a whole proof."""
    signer = Signer.read(path.read_text(), kind)
    return signer, signer.verifier()


def remembered() -> str | None:
    """The last note this signer signed, from its own memory: a database put back does not put this back."""
    path = folder() / _REMEMBERED
    return path.read_text() if path.exists() else None


def remember(note: str) -> None:
    """Keep the last note signed, whole or not at all."""
    draft = folder() / (_REMEMBERED + ".new")
    draft.unlink(missing_ok=True)
    _create(draft, note, 0o600)
    draft.replace(folder() / _REMEMBERED)


def _create(path: Path, text: str, mode: int) -> None:
    """A new file on the disk; FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
