"""Private, content-addressed keeping of handed-in files (docs/adr/0005).

A file is streamed into `FILES_DIR/incoming/` under a random name, hashed on the way and flushed to the disk; only then
is it placed as `FILES_DIR/<first two digits>/<SHA-256>`. No part of a path comes from outside. Folders are 0700 and
files 0600. An original may hold a natural person's row, so it stays only as long as its submission needs it: see
`discard_private` and `discard_expired`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.db import connection, transaction

from gongxin import scanning
from gongxin.clock import CIVIL_TIME
from gongxin.errors import NotFound
from gongxin.intake.faults import FileRefused
from gongxin.intake.models import UNFINISHED, Submission, SubmissionState
from gongxin.intake.rejecting import is_identity_title
from gongxin.policy import packs, retention

_CHUNK: Final = 1024 * 1024
# Advisory lock: shared while a file is placed and its row committed, exclusive while originals are thrown away.
_LOCK: Final = 0x67785F66696C6573
# Findings that say a file holds something of a natural person: its original is thrown away as soon as it is processed.
PERSONAL: Final = frozenset({"E401", "E402", "E403", "E404", "E405", "W204", "W206"})
# The one refusal after which the same file may be processed again.
_INTERRUPTED: Final = "E118"
# What a resident ID number in a title has become (persons.masked_text).
_MASKED: Final = "*" * 18


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is whole on the disk but not yet placed under its hash."""

    path: Path
    sha256: str
    size: int


@contextmanager
def staged(stream: BinaryIO | Iterable[bytes]) -> Iterator[Staged]:
    """Copy `stream` to the disk; on leaving, what was not placed is removed.

    Raises FileRefused E109 as soon as the stream passes settings.INTAKE_MAX_BYTES, E121 where a scanner is configured
    and finds something; nothing is kept then.
    """
    folder = _private(Path(settings.FILES_DIR) / "incoming")
    path = folder / secrets.token_hex(16)
    try:
        file = _copied(_chunks(stream), path)
        _scanned(path)
        yield file
    finally:
        path.unlink(missing_ok=True)


def place(file: Staged) -> None:
    """Move a staged file under its hash. Call inside a transaction that also writes the Submission row."""
    _lock(shared=True)
    target = _path(file.sha256)
    _private(target.parent)
    file.path.replace(target)
    _flush_folder(target.parent)


def original(submission: Submission) -> Path:
    """Where the handed-in file lies. NotFound when its time of keeping is over."""
    path = _path(submission.file_sha256)
    if not path.exists():
        raise NotFound(
            "original-discarded",
            "原始文件已不再保存。",
            remedy="请使用本单位留存的原文件；问题数据仍可从批次页面下载。",
            facts={"submission": str(submission.pk)},
        )
    return path


def has_original(submission: Submission) -> bool:
    """Whether the handed-in file is still kept."""
    return _path(submission.file_sha256).exists()


@contextmanager
def nothing_discarded() -> Iterator[Callable[[], None]]:
    """Inside it, or until the function it gives is called, no original is thrown away: a backup links them meanwhile.

    Taken by the session, so that transactions may begin and end inside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [_LOCK])
    held = True

    def release() -> None:
        nonlocal held
        if held:
            held = False
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [_LOCK])

    try:
        yield release
    finally:
        if connection.connection is not None and connection.is_usable():
            release()


def discard_private(submission: Submission) -> bool:
    """Throw the original away at once when processing found a natural person's data in it, or refused the file.
    True: it is gone.
    """
    found = {submission.fault_code, *submission.rejections_by_code, *submission.warnings_by_code}
    titled = any(is_identity_title(title) for title in submission.ignored_columns) or any(
        _MASKED in title for title in submission.columns
    )
    # A row of a person that went back for any reason is kept without its cells.
    people = submission.received or submission.rejected_rows.filter(cells__isnull=True).exists()
    if not (found & PERSONAL or titled or people or _is_unread(submission)):
        return False
    with transaction.atomic():
        _lock(shared=False)
        return _discard(submission.file_sha256)


def _is_unread(submission: Submission) -> bool:
    """Whether the file was refused, so that nobody has looked into its rows, and no other submission took it in."""
    if submission.state != SubmissionState.REFUSED or submission.fault_code == _INTERRUPTED:
        return False
    same = Submission.objects.filter(file_sha256=submission.file_sha256)
    return not same.filter(state=SubmissionState.COMPLETED).exists()


def discard_expired(*, at: datetime) -> int:
    """Throw away originals of submissions whose time of keeping is over (`_over_since`), and abandoned uploads.

    Returns how many were removed. A file that another submission still needs stays.
    """
    limit = _over_since(at)
    with transaction.atomic():
        _lock(shared=False)
        finished = Submission.objects.exclude(state__in=UNFINISHED)
        old = finished.filter(completed_at__lt=limit).values_list("file_sha256", flat=True)
        recent = set(finished.filter(completed_at__gte=limit).values_list("file_sha256", flat=True))
        removed = sum(_discard(sha256) for sha256 in set(old) - recent)
    return removed + _discard_abandoned(at)


def _over_since(at: datetime) -> datetime:
    """Originals of submissions finished before this instant are kept no longer: by the pack, or sooner where the node
    wants it (settings.INTAKE_KEEP_DAYS).
    """
    day = at.astimezone(CIVIL_TIME).date()
    rule = retention.rule_of(packs.current(), "original", "", day)
    last = rule.ended_by(day) if rule else None
    limit = datetime.combine(last + timedelta(days=1), time(), CIVIL_TIME) if last else datetime.min.replace(tzinfo=UTC)
    sooner = settings.INTAKE_KEEP_DAYS
    return limit if sooner is None else max(limit, at - timedelta(days=sooner))


def _copied(chunks: Iterator[bytes], path: Path) -> Staged:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.INTAKE_MAX_BYTES:
                raise FileRefused("E109", value=f"超过 {_size(size)}", expected=_size(settings.INTAKE_MAX_BYTES))
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Staged(path, digest.hexdigest(), size)


def _scanned(path: Path) -> None:
    with path.open("rb") as file:
        if name := scanning.found(iter(lambda: file.read(_CHUNK), b"")):
            raise FileRefused("E121", value=name)


def _chunks(stream: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """Django's uploads have `chunks`, files have `read`; anything else is taken as parts already."""
    if hasattr(stream, "chunks"):
        yield from stream.chunks(_CHUNK)
    elif hasattr(stream, "read"):
        while chunk := stream.read(_CHUNK):
            yield chunk
    else:
        yield from stream


def _discard(sha256: str) -> bool:
    """Remove the file unless an unfinished submission needs it; call with the lock held."""
    if Submission.objects.filter(file_sha256=sha256, state__in=UNFINISHED).exists():
        return False
    path = _path(sha256)
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def _discard_abandoned(at: datetime) -> int:
    """Uploads whose sender or server died half-way and that nothing refers to."""
    incoming = Path(settings.FILES_DIR) / "incoming"
    day_before = (at - timedelta(days=1)).timestamp()
    abandoned = [path for path in incoming.glob("*") if path.stat().st_mtime < day_before]
    for path in abandoned:
        path.unlink(missing_ok=True)
    return len(abandoned)


def _lock(*, shared: bool) -> None:
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s)", [_LOCK])


def _path(sha256: str) -> Path:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"not a SHA-256 in hexadecimal: {sha256!r}")
    return Path(settings.FILES_DIR) / sha256[:2] / sha256


def _private(folder: Path) -> Path:
    """Make the folder (and FILES_DIR above it) readable by this account only."""
    for part in (Path(settings.FILES_DIR), folder):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.chmod(0o700)
    return folder


def _flush_folder(folder: Path) -> None:
    """The new name must be on the disk before the row that refers to it commits."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(count: int) -> str:
    return f"{count / 1024**2:,.1f} MiB" if count < 1024**3 else f"{count / 1024**3:,.1f} GiB"
