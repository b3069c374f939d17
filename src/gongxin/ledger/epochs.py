"""Going on after the log was put back from a backup: the epoch is raised, so that readers know to read again.

A log that was put back may lack leaves that others have seen. Its signer refuses to sign it, and so do witnesses: that
is what they are for. Raising the epoch is the deliberate act of an operator: the loss is stated in a leaf, and from
there on every checkpoint names the new epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from gongxin.errors import InvalidInput
from gongxin.ledger import appending, checkpoints, keys, selectors
from gongxin.ledger.notes import Checkpoint, NoteInvalid

_EVENT: Final = "ledger.epoch_raised"
# That of `ledger_append`: nobody writes between the last look and the leaf.
_APPENDING_LOCK: Final = 4_702_111_323_394_633_569


def current() -> int:
    """The epoch that the newest checkpoint names; 1 where there is none. Raises Unavailable without a key."""
    last = selectors.last_checkpoint()
    return checkpoints.read(last.note, keys.verifier()).epoch if last else 1


def raise_epoch(*, reason: str, actor: str, at: datetime, known: Iterable[str] = ()) -> Checkpoint:
    """Read the whole log that was put back, append the leaf of the new epoch and sign it; what was signed.

    reason: why, for the record. known: checkpoints of this log that others kept (notes); the signer's own memory is
    used in any case. The largest is named in the leaf, with the size of the log as it was put back: what lies between
    is lost. Raises InvalidInput for a reason that is empty or a note that is not of this log, Conflict where the log
    put back is damaged or never was the beginning of what is known, Unavailable without a key.
    """
    signer = keys.signer()
    if not reason.strip():
        raise InvalidInput("ledger-reason", "没有说明原因。", remedy="请写明为什么从备份恢复。")
    notes = _notes(known)
    with transaction.atomic():
        checkpoints.hold()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_APPENDING_LOCK])
        size = selectors.size()
        held = checkpoints.checked([note for note, point in notes.items() if point.size <= size])
        outside = max([*notes.values(), held], key=lambda point: point.size)
        epoch = 1 + max(point.epoch for point in [*notes.values(), held])
        fields = {
            "epoch": epoch,
            "restored": size,
            "known": outside.size,
            "known_root": outside.root.hex(),
            "reason": reason.strip(),
        }
        appending.append(_EVENT, fields=fields, actor=actor, at=at)
        raised = Checkpoint(signer.name, size + 1, selectors.growing(size + 1).root(), epoch)
        note = signer.sign(str(raised))
        checkpoints.store(note, raised, at)
    # After the commit: had it failed, the signer would remember a leaf that is not there.
    keys.remember(note)
    return raised


def _notes(known: Iterable[str]) -> dict[str, Checkpoint]:
    """The checkpoints known outside the database, the signer's memory among them."""
    memory = keys.remembered()
    try:
        return {note: Checkpoint.read(note, keys.verifier()) for note in [*known, *([memory] if memory else [])]}
    except NoteInvalid as error:
        raise InvalidInput(
            "ledger-checkpoint-foreign",
            "给出的检查点不是本日志签署的。",
            remedy="请给出本日志的检查点文件（*.checkpoint）。",
        ) from error
