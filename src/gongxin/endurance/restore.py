"""Getting a node back from a backup: into a new database beside the present one, judged there, then exchanged.

Until the exchange nothing of the present node is changed; the exchange is one transaction. The epoch of the log is
raised before anybody can read the restored node: readers who saw more than the backup holds learn to read anew.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from gongxin.clock import CIVIL_TIME
from gongxin.endurance import keeping, programs, room, verification
from gongxin.endurance import manifest as manifests
from gongxin.endurance.backup import PASSING, log_as_held
from gongxin.endurance.manifest import DATABASE, FILES, Manifest, Part, Progress
from gongxin.errors import Conflict, InvalidInput, Unavailable
from gongxin.ledger import epochs
from gongxin.ledger import keys as ledger_keys
from gongxin.persons import gone
from gongxin.persons.gone import Again
from gongxin.walls import raising

# A node that has rows in any of these is somebody's.
_OWNED: Final = ("ledger_leaf", "records_record", "intake_submission", "subjects_organisation", "identity_user")
_JOBS: Final = 2


@dataclass(frozen=True, slots=True)
class Restored:
    """A node got back. files: originals brought; keys: key files brought; epoch: of the log from now on; again: what
    had been destroyed of personal files since the backup, and is destroyed again.
    """

    manifest: Manifest
    files: int
    keys: int
    epoch: int
    again: Again


def restore(
    folder: Path,
    *,
    at: datetime,
    acting_user: str,
    replace: bool = False,
    keys_from: Path | None = None,
    progress: Progress = manifests.silently,
) -> Restored:
    """Make this node what it was when `folder` was backed up. Web and workers must be stopped.

    replace: give up what the node holds now. keys_from: a folder of carried keys. Raises InvalidInput for a backup
    that is not whole or of a newer version, Conflict for a node that is in use or holds something, Unavailable where
    room or programs are missing; the node is then what it was.
    """
    manifest = verification.verify(folder, progress=progress)
    _judge_version(manifest)
    present = str(connection.settings_dict["NAME"])
    if not replace:
        _judge_empty()
    _judge_unused(present)
    _judge_keys(manifest, keys_from)
    room.judge(Path(settings.VAR_DIR), manifest.database_bytes + manifest.files_bytes)
    with _new_database(present) as fresh:
        progress("恢复数据库", 0, None)
        _filled(fresh, folder, manifest, progress)
        keys = keeping.carry_in(keys_from) if keys_from else 0
        with _signers_memory():
            with _django_at(fresh):
                epoch = _made_current(manifest, at=at, acting_user=acting_user)
                again = gone.destroy_again(at.astimezone(CIVIL_TIME).date(), actor=acting_user, at=at)
            files = _bring_files(folder, manifest, progress)
            _judge_unused(present)
            _exchange(present, fresh)
    raising.raise_walls()
    _drop_other_files(manifest)
    return Restored(manifest, files, keys, epoch, again)


def _judge_version(manifest: Manifest) -> None:
    """This Gongxin must know every migration of the backup: tables go forward only."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    newer = sorted(set(manifest.migrations) - known)
    if newer:
        raise InvalidInput(
            "backup-newer",
            f"备份由更新版本（{manifest.gongxin}）建立，含有本版本不认识的数据表变更：{newer[0]} 等。",
            remedy=f"请用 Gongxin {manifest.gongxin} 或更新版本恢复。",
        )
    if programs.server_major() < manifest.postgres:
        raise InvalidInput(
            "backup-newer-server",
            f"备份来自 PostgreSQL {manifest.postgres}，本节点的 PostgreSQL 版本较旧。",
            remedy=f"请改用 PostgreSQL {manifest.postgres} 或更新版本。",
        )


def _judge_keys(manifest: Manifest, keys_from: Path | None) -> None:
    """A log that was signed goes on with its key only: without it the epoch cannot be raised."""
    carried = keys_from is not None and (keys_from / "ledger" / "signing-key").is_file()
    if manifest.ledger.signed and not carried and not ledger_keys.exists():
        raise Conflict(
            "ledger-key-missing",
            "本节点没有日志的签名密钥，恢复后的日志无法续签。",
            remedy="请把密钥放回 GONGXIN_VAR，或者用 --keys 指明密钥所在的文件夹。没有改动任何数据。",
        )


def _judge_empty() -> None:
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for table in _OWNED:
            if table not in present:
                continue
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)).as_string(None))
            if cursor.fetchone()[0]:
                raise _owned(f"表 {table} 有数据")
    files = Path(settings.FILES_DIR)
    kept = (path for path in files.rglob("*") if path.is_file() and path.relative_to(files).parts[0] not in PASSING)
    if next(kept, None):
        raise _owned("原始文件夹不是空的")


def _owned(what: str) -> Conflict:
    return Conflict(
        "node-not-empty",
        f"本节点已有数据（{what}），不会覆盖。",
        remedy="请在新的节点上恢复；确要放弃现有数据的，请先备份它，再加 --replace。",
    )


def _judge_unused(database: str) -> None:
    """Raises Conflict while anybody else is connected: web and workers would go on writing to what is replaced."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'",
            [database],
        )
        (others,) = cursor.fetchone()
    if others:
        raise Conflict(
            "node-in-use",
            f"数据库还有 {others} 个连接。",
            remedy="请先停止网站和后台任务（make demo 或服务），再恢复。Stop web and workers first.",
        )


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection[Any]]:
    """A connection to the server beside the node's database, which is about to be exchanged."""
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    connection.close()
    with psycopg.connect(**parameters, autocommit=True) as other:
        yield other


@contextmanager
def _new_database(present: str) -> Iterator[str]:
    """An empty database beside the present one; dropped unless it has taken its place."""
    fresh = f"{present[:40]}_restoring_{secrets.token_hex(4)}"
    with _maintenance() as server:
        try:
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable(
                "database-not-creatable",
                "当前数据库账户不能建立数据库。",
                remedy="请用数据库属主账户（CREATEDB）设置 DATABASE_URL 后重试。",
            ) from error
    try:
        yield fresh
    finally:
        with _maintenance() as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(fresh)))


def _filled(fresh: str, folder: Path, manifest: Manifest, progress: Progress) -> None:
    options: list[str | Path] = ["--no-owner", "--no-privileges", "--exit-on-error", f"--jobs={_JOBS}"]
    options.append(folder / DATABASE)
    programs.run(
        "pg_restore",
        options,
        at_least=manifest.postgres,
        database=fresh,
        tick=lambda: progress("恢复数据库", 0, None),
    )


@contextmanager
def _django_at(database: str) -> Iterator[None]:
    """Let everything that asks Django's connection work on another database of the same server."""
    present = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = present


@contextmanager
def _signers_memory() -> Iterator[None]:
    """What the signer signed in a restore that then failed was never given out: it forgets it."""
    before = ledger_keys.remembered()
    try:
        yield
    except BaseException:
        if before is None:
            (ledger_keys.folder() / "last-checkpoint").unlink(missing_ok=True)
        else:
            ledger_keys.remember(before)
        raise


def _made_current(manifest: Manifest, *, at: datetime, acting_user: str) -> int:
    """Judge the restored log against the manifest, bring the tables up to date, raise the epoch."""
    found = log_as_held()
    if found != manifest.ledger:
        raise InvalidInput(
            "backup-ledger-differs",
            f"恢复出的日志（{found.size} 条）与备份清单（{manifest.ledger.size} 条）不符。",
            remedy="请换用另一份备份，并保留这一份供审计；没有改动本节点的任何数据。",
        )
    call_command("migrate", verbosity=0, interactive=False)
    raising.raise_walls(note=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    if not manifest.ledger.signed:
        # Nobody was ever given a checkpoint: there is nobody to be told.
        return 1
    reason = f"从 {manifest.made_at} 的备份恢复"
    return epochs.raise_epoch(reason=reason, actor=acting_user, at=at).epoch


def _bring_files(folder: Path, manifest: Manifest, progress: Progress) -> int:
    """Copy originals in under their names. Files are named by their content: what is there already is the same."""
    parts = [part for part in manifest.parts if part.path != DATABASE]
    target = Path(settings.FILES_DIR)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, part in enumerate(parts):
        progress("原始文件", number, len(parts))
        _bring(folder / part.path, target / _below(part))
    return len(parts)


def _bring(source: Path, place: Path) -> None:
    if place.exists() and place.stat().st_size == source.stat().st_size:
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f"{place.name}.part")
    draft.unlink(missing_ok=True)
    manifests.copy(source, draft)
    draft.replace(place)
    manifests.flush_folder(place.parent)


def _below(part: Part) -> str:
    return part.path.removeprefix(f"{FILES}/")


def _exchange(present: str, fresh: str) -> None:
    """The new database takes the name of the present one, in one transaction; the replaced one is dropped."""
    old = f"{present[:40]}_replaced_{secrets.token_hex(4)}"
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with _maintenance() as server:
        with server.transaction():
            server.execute(rename.format(sql.Identifier(present), sql.Identifier(old)))
            server.execute(rename.format(sql.Identifier(fresh), sql.Identifier(present)))
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))


def _drop_other_files(manifest: Manifest) -> None:
    """Originals that the restored database does not know: nobody would ever throw them away."""
    known = {_below(part) for part in manifest.parts}
    target = Path(settings.FILES_DIR)
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target)
        if path.is_file() and name.parts[0] not in PASSING and name.as_posix() not in known:
            path.unlink()
    for folder in PASSING:
        shutil.rmtree(target / folder, ignore_errors=True)
