"""What was destroyed, by random ids: so that a restored backup does not bring it back.

The ids stand in the database and, because a restore replaces that, in a file beside the node's keys as well: backups
hold neither keys nor this file, both are carried apart from them. Without the backup and the keys an id says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from gongxin import ledger
from gongxin.persons.models import Entry, File, Gone, Letter, Mailbox
from gongxin.secrecy import private_files

_log = logging.getLogger(__name__)
# Where the ids stand outside of the database: below the folder of the node's own files.
FILE: Final = "destroyed"


@dataclass(frozen=True, slots=True)
class Again:
    """What a restored database still had of it, and has no more. known: whether there was anything to go by."""

    known: bool
    entries: int = 0
    files: int = 0
    mailboxes: int = 0


def note(kind: str, given: Iterable[UUID], *, day: date) -> None:
    """Remember what is destroyed in this transaction. kind: entry, file or mailbox."""
    Gone.objects.bulk_create([Gone(id=one, what=kind, on=day) for one in given], ignore_conflicts=True)
    transaction.on_commit(partial(write_down, day))


def write_down(day: date) -> None:
    """Bring the file up to what the database knows. A disk that does not take it is logged: the next one makes up."""
    del day
    try:
        held = _read()
        known = {(one.what, one.pk) for one in Gone.objects.all()}
        if known - held:
            lines = sorted(f"{what} {one}" for what, one in known | held)
            private_files.write(_path(), "\n".join(lines) + "\n")
    except OSError as error:
        _log.error("the list of what was destroyed was not written: %s", type(error).__name__)


@transaction.atomic
def destroy_again(day: date, *, actor: str, at: datetime) -> Again:
    """Destroy what a restored database has of what the file knows. Last part of a restore, before anybody reads it."""
    if not _path().exists():
        return Again(known=False)
    held = _read()
    of = {kind: [one for what, one in held if what == kind] for kind in ("entry", "file", "mailbox")}
    entries = list(Entry.objects.filter(pk__in=of["entry"], destroyed_on=None).values_list("pk", flat=True))
    files = list(File.objects.filter(pk__in=of["file"]).values_list("pk", flat=True))
    entries += (
        Entry.objects.filter(file__in=files, destroyed_on=None).exclude(pk__in=entries).values_list("pk", flat=True)
    )
    destroy_entries(entries, day=day)
    for file in files:
        destroy_file(file, day=day)
    boxes = Mailbox.objects.filter(pk__in=of["mailbox"])
    Letter.objects.filter(file__in=boxes.values("file"), state=Letter.State.WAITING).delete()
    again = Again(True, len(entries), len(files), boxes.delete()[0])
    if again.entries or again.files or again.mailboxes:
        ledger.append("person.destroyed_again", fields={}, actor=actor, at=at)
    return again


def destroy_entries(given: Iterable[UUID], *, day: date) -> None:
    """Destroy the contents of entries: decision, versions, papers and objections. In the caller's transaction."""
    ids = list(given)
    Entry.objects.filter(pk__in=ids).update(destroyed_on=day, leaving=None)
    note("entry", ids, day=day)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_end_entries(%s::uuid[])", [ids])


def destroy_file(file: UUID, *, day: date) -> None:
    """Destroy a file with its key and everything in it; its entries have to be destroyed before."""
    note("file", [file], day=day)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_end_file(%s)", [file])


def _read() -> set[tuple[str, UUID]]:
    text = private_files.read(_path()) or ""
    pairs = (line.split(" ") for line in text.splitlines() if line)
    return {(what, UUID(one)) for what, one in pairs}


def _path() -> Path:
    return Path(settings.VAR_DIR) / FILE
