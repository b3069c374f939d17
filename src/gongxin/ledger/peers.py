"""Who this node works with, as its operator wrote it: files beside the keys, out of reach of the database's owner.

`known-logs`: the public keys of logs it is a witness for, one a line. `witnesses`: the public key and the address of
each witness of its own log, a space apart. Empty lines and lines that begin with # are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gongxin.errors import InvalidInput
from gongxin.ledger import keys, notes
from gongxin.ledger.notes import NoteInvalid, Verifier

_LOGS: Final = "known-logs"
_WITNESSES: Final = "witnesses"


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness of this node's log. address: what `/add-checkpoint` is put behind."""

    verifier: Verifier
    address: str


def logs() -> dict[str, list[Verifier]]:
    """The keys of known logs by origin; several where a log changes its key. Raises InvalidInput."""
    found: dict[str, list[Verifier]] = {}
    for line in _lines(_LOGS):
        verifier = _key(line, notes.LOG)
        found.setdefault(verifier.name, []).append(verifier)
    return found


def witnesses() -> list[Witness]:
    """The witnesses of this node's log. Raises InvalidInput."""
    return [_witness(line) for line in _lines(_WITNESSES)]


def add_log(key: str) -> Verifier:
    """Become a witness of the log with this public key. Raises InvalidInput."""
    verifier = _key(key, notes.LOG)
    if verifier not in logs().get(verifier.name, []):
        _add(_LOGS, str(verifier))
    return verifier


def add_witness(key: str, address: str) -> Witness:
    """Have this node's log co-signed by a witness from now on. Raises InvalidInput."""
    added = _witness(f"{key} {address}")
    if any(added.verifier.name == held.verifier.name for held in witnesses()):
        raise InvalidInput(
            "witness-known", f"见证人“{added.verifier.name}”已经登记。", remedy=f"要修改，请编辑 {_path(_WITNESSES)}。"
        )
    _add(_WITNESSES, f"{added.verifier} {added.address}")
    return added


def _witness(line: str) -> Witness:
    key, _, address = line.partition(" ")
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(
            "witness-address", f"见证人地址不可用：{address or '（空）'}。", remedy="请写 https://域名/路径。"
        )
    return Witness(_key(key, notes.WITNESS), address.strip().rstrip("/"))


def _key(text: str, kind: bytes) -> Verifier:
    try:
        return Verifier.read(text, kind)
    except NoteInvalid as error:
        whose = "日志" if kind == notes.LOG else "见证人"
        raise InvalidInput(
            "ledger-key-form", f"不是{whose}的公钥：{text}。", remedy="公钥的样子是 名称+编号+Base64，请整行复制。"
        ) from error


def _path(name: str) -> Path:
    return keys.folder() / name


def _lines(name: str) -> Iterator[str]:
    text = _path(name).read_text(encoding="utf-8") if _path(name).exists() else ""
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _add(name: str, line: str) -> None:
    keys.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with _path(name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
