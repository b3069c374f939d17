"""What a backup says of itself: `manifest.json`, written last, so that a backup without it is no backup."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gongxin.errors import InvalidInput

NAME: Final = "manifest.json"
DATABASE: Final = "database.dump"
FILES: Final = "files"
FORMAT: Final = 1
_CHUNK: Final = 1 << 20

# stage, done, in all (None while unknown); bytes where a stage moves bytes
Progress = Callable[[str, int, int | None], None]


def silently(_stage: str, _done: int, _total: int | None) -> None:
    """Nobody is watching."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the backup. path: below the backup's folder, with slashes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log as the database snapshot holds it. root: hexadecimal, "" for an empty log; signed: size of its newest
    checkpoint (0: none was ever given out).
    """

    size: int
    root: str
    signed: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a backup says of itself. database_bytes: size of the live database, indexes included."""

    made_at: str
    gongxin: str
    postgres: int
    pack: str
    pack_version: str
    migrations: tuple[str, ...]
    ledger: Ledger
    database_bytes: int
    parts: tuple[Part, ...]

    @property
    def files_bytes(self) -> int:
        """Bytes of the files folder."""
        return sum(part.size for part in self.parts if part.path != DATABASE)

    def made(self) -> datetime:
        """The instant of the database snapshot."""
        return datetime.fromisoformat(self.made_at)


def write(folder: Path, manifest: Manifest) -> str:
    """Write the manifest and put it on the disk; returns its SHA-256, to be noted somewhere else."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=1).encode()
    with (folder / NAME).open("xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(text).hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises InvalidInput where there is none, or none of this form."""
    path = folder / NAME
    if not path.is_file():
        raise InvalidInput(
            "backup-unfinished",
            f"“{folder}”不是完整的备份：没有 {NAME}。",
            remedy="备份中断时清单不会写出，请换用另一份备份，或者重新备份。",
        )
    try:
        return _read(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "backup-manifest", f"备份清单无法识别：{path}（{error}）。", remedy="清单已损坏，请换用另一份备份。"
        ) from error


def _read(facts: dict[str, Any]) -> Manifest:
    if facts.pop("format") != FORMAT:
        raise ValueError("format")
    parts = tuple(_part(entry) for entry in facts.pop("parts"))
    ledger, migrations = Ledger(**facts.pop("ledger")), tuple(facts.pop("migrations"))
    return Manifest(**facts, ledger=ledger, migrations=migrations, parts=parts)


def _part(entry: Mapping[str, Any]) -> Part:
    """A part whose path stays inside the backup, whatever the manifest says."""
    part = Part(**entry)
    steps = part.path.split("/")
    if part.path != DATABASE and (steps[0] != FILES or len(steps) < 2 or {"", ".", ".."} & set(steps)):
        raise ValueError(f"path {part.path!r}")
    return part


def digest(path: Path, moved: Callable[[int], None] = lambda _count: None) -> str:
    """SHA-256 of a file; `moved` is told how many bytes were read."""
    running = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            running.update(chunk)
            moved(len(chunk))
    return running.hexdigest()


def copy(source: Path, target: Path, moved: Callable[[int], None] = lambda _count: None) -> Part:
    """Copy a file, private to this account, hashed on the way and flushed to the disk. `path` is the target's name."""
    running, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        while chunk := reading.read(_CHUNK):
            running.update(chunk)
            writing.write(chunk)
            size += len(chunk)
            moved(len(chunk))
        writing.flush()
        os.fsync(writing.fileno())
    return Part(target.name, size, running.hexdigest())


def flush_folder(folder: Path) -> None:
    """The names in a folder must be on the disk before anything relies on them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
