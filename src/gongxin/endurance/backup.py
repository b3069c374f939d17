"""Making a backup: one instant of the database with the files it refers to (docs/adr/0018).

The snapshot is taken and the files are held (by links, which takes no room) under the lock against which originals are
thrown away; then everybody works on while the dump is written. The manifest is written last and the folder renamed
after it: a broken-off backup has neither.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

import gongxin
from gongxin.endurance import keeping, programs, room
from gongxin.endurance import manifest as manifests
from gongxin.endurance.manifest import DATABASE, FILES, Ledger, Manifest, Part, Progress
from gongxin.errors import Conflict
from gongxin.intake import storage
from gongxin.ledger import selectors as ledger
from gongxin.policy import packs

# Below FILES_DIR: on their way in, and the links of a backup. Neither belongs to the database's instant.
PASSING: Final = frozenset({"incoming", "uploads", "held-for-backup"})
_HELD: Final = "held-for-backup"


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup. seal: SHA-256 of the manifest. keys: key files carried out (0: none asked for)."""

    folder: Path
    manifest: Manifest
    seal: str
    keys: int


@dataclass(frozen=True, slots=True)
class _Instant:
    """What the database was at the snapshot."""

    snapshot: str
    postgres: int
    database_bytes: int
    migrations: tuple[str, ...]
    ledger: Ledger
    files: list[Path]


def make(folder: Path, *, at: datetime, keys_to: Path | None = None, progress: Progress = manifests.silently) -> Made:
    """Back this node up into the new folder `folder`; the node works on meanwhile.

    keys_to: new folder for the keys, which the backup itself never holds. Raises Conflict if a folder is taken,
    Unavailable where room or a fitting pg_dump is missing; nothing stands at `folder` then.
    """
    folder = folder.resolve()
    _judge_place(folder)
    if keys_to is not None:
        keeping.judge_place(keys_to, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
    try:
        manifest = _filled(draft, at, progress)
        seal = manifests.write(draft, manifest)
        manifests.flush_folder(draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    manifests.flush_folder(folder.parent)
    return Made(folder, manifest, seal, keeping.carry_out(keys_to) if keys_to else 0)


def _judge_place(folder: Path) -> None:
    if folder.exists():
        raise Conflict("backup-exists", f"“{folder}”已经存在，不会覆盖。", remedy="请换一个新的文件夹名。")
    if folder.is_relative_to(Path(settings.FILES_DIR).resolve()):
        raise Conflict("backup-in-files", "备份不能放在原始文件的文件夹里。", remedy="请换到另一块磁盘。")


def _filled(draft: Path, at: datetime, progress: Progress) -> Manifest:
    """Write dump and files into `draft`."""
    progress("核对空间", 0, None)
    held = Path(settings.FILES_DIR) / _HELD
    with _held_files(held) as links, _snapshot(links) as instant:
        room.judge(draft, instant.database_bytes + sum(path.stat().st_size for path in instant.files))
        dump = _dumped(draft / DATABASE, instant, progress)
        files = _copied(instant.files, links, draft / FILES, progress)
    pack = packs.current()
    return Manifest(
        made_at=at.isoformat(),
        gongxin=gongxin.__version__,
        postgres=instant.postgres,
        pack=pack.name,
        pack_version=pack.version,
        migrations=instant.migrations,
        ledger=instant.ledger,
        database_bytes=instant.database_bytes,
        parts=(dump, *files),
    )


@contextmanager
def _held_files(held: Path) -> Iterator[Path]:
    """A folder for links to the files, gone afterwards; what a killed backup left is removed first.

    Raises Conflict while another backup of this node runs.
    """
    with (Path(settings.VAR_DIR) / "backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("backup-running", "另一个备份正在进行。", remedy="请等它完成后重试。") from None
        shutil.rmtree(held, ignore_errors=True)
        held.mkdir(mode=0o700, parents=True)
        try:
            yield held
        finally:
            shutil.rmtree(held, ignore_errors=True)


@contextmanager
def _snapshot(links: Path) -> Iterator[_Instant]:
    """One instant of database and files; the snapshot can be read by others while the block lasts."""
    with storage.nothing_discarded() as release, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), pg_database_size(current_database())")
        snapshot, size = cursor.fetchone()
        files = _linked(Path(settings.FILES_DIR), links)
        release()
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        migrations = tuple(name for (name,) in cursor.fetchall())
        yield _Instant(snapshot, programs.server_major(), int(size), migrations, log_as_held(), files)


def log_as_held() -> Ledger:
    """Size and root of the log in the database that Django is connected to."""
    size, last = ledger.size(), ledger.last_checkpoint()
    root = ledger.growing(size).root().hex() if size else ""
    return Ledger(size, root, last.size if last else 0)


def _linked(source: Path, links: Path) -> list[Path]:
    """Links to all kept files, by the same names; copies where the file system has no links."""
    made = []
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if name.parts[0] in PASSING or not path.is_file():
            continue
        target = links / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            shutil.copy2(path, target)
        made.append(target)
    return made


def _dumped(target: Path, instant: _Instant, progress: Progress) -> Part:
    """The database as pg_dump's custom format: one file, compressed, readable by newer servers too."""
    database = str(connection.settings_dict["NAME"])
    # Rights are the roles' of this server; the restoring node gives its own (gongxin.walls).
    options = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
    options += [f"--snapshot={instant.snapshot}", f"--file={target}"]

    def tick() -> None:
        progress("数据库", target.stat().st_size if target.exists() else 0, None)

    tick()
    programs.run("pg_dump", options, at_least=instant.postgres, database=database, tick=tick)
    target.chmod(0o600)
    size, done = target.stat().st_size, 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress("计算校验值", done, size)

    return Part(DATABASE, size, manifests.digest(target, read))


def _copied(files: list[Path], links: Path, target: Path, progress: Progress) -> list[Part]:
    total, done = sum(path.stat().st_size for path in files), 0
    parts = []

    def moved(count: int) -> None:
        nonlocal done
        done += count
        progress("原始文件", done, total)

    target.mkdir(mode=0o700)
    for path in files:
        name = path.relative_to(links)
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = manifests.copy(path, place, moved)
        parts.append(Part(f"{FILES}/{name.as_posix()}", part.size, part.sha256))
    return parts
