"""Checkpoints by the clock: a small loop that every long-running process of a node can host.

However many processes host it, one of them looks at a time (advisory lock) and the others find nothing to do. Numbers:
LEDGER_CHECKPOINT_SECONDS and LEDGER_CHECKPOINT_ENTRIES in the settings.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.ledger import checkpoints, keys, peers, selectors, submitting
from gongxin.ledger.models import SignedCheckpoint

_log = logging.getLogger(__name__)
_LOOKING_LOCK: Final = 4_702_111_323_394_633_571
_SUBMITTING_LOCK: Final = 4_702_111_323_394_633_572
# Looks within the longest time between two checkpoints: it may be missed by no more than one of them.
_LOOKS: Final = 12


def pause() -> timedelta:
    """The time between two looks."""
    return timedelta(seconds=settings.LEDGER_CHECKPOINT_SECONDS) / _LOOKS


@transaction.atomic
def look(*, at: datetime) -> SignedCheckpoint | None:
    """Sign what is due: the newest checkpoint then, None where nothing is, or another process is just looking.

    Two neighbouring checkpoints are at most LEDGER_CHECKPOINT_ENTRIES leaves apart, and a leaf waits at most
    LEDGER_CHECKPOINT_SECONDS for one, if somebody looks every `pause`. A node without a key signs nothing.
    Raises Conflict for a log that does not go on from the last checkpoint.
    """
    if not keys.exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOOKING_LOCK])
        alone = bool(cursor.fetchone()[0])
    if not (alone and _due(at)):
        return None
    return checkpoints.sign(at=at, apart=settings.LEDGER_CHECKPOINT_ENTRIES)


def _due(at: datetime) -> bool:
    newest = selectors.last_checkpoint()
    size = selectors.size()
    if newest is None:
        return size > 0
    unsigned = size - newest.size
    longest = timedelta(seconds=settings.LEDGER_CHECKPOINT_SECONDS) - pause()
    # A log that is shorter than what was signed is handed to the signer too, which refuses it aloud.
    return (
        unsigned < 0
        or unsigned >= settings.LEDGER_CHECKPOINT_ENTRIES
        or (unsigned > 0 and at - newest.signed_at >= longest)
    )


@contextmanager
def _alone(lock: int) -> Iterator[bool]:
    """Whether no other process holds the lock. For work that waits for others, so not bound to a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


class Watch:
    """The loop. What goes wrong is logged when it changes, and tried again at the next look."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._ended = threading.Event()
        self._said = ""
        self._not_before: dict[str, datetime] = {}

    def run(self) -> None:
        """Look until `end` is called."""
        if not keys.exists():
            _log.warning("no signing key: the ledger gets no checkpoints. Next: gongxin ledger keys NAME")
        while not self._ended.wait(pause().total_seconds()):
            self.turn()

    def turn(self) -> None:
        """One look, whose connection is given back."""
        try:
            look(at=self._now())
            self._submit()
        except GongxinError as error:
            self._say(f"{error.code} {error.title}{error.remedy}")
        # A loop that ends at the first unforeseen error (a database that restarts) would leave the log unsigned unseen.
        except Exception as error:
            self._say(f"{type(error).__name__}: {error}")
        else:
            self._said = ""
        finally:
            connection.close()

    def _submit(self) -> None:
        """Bring the newest checkpoint before the witnesses; one process of the node at a time does."""
        now = self._now()
        due = [one for one in peers.witnesses() if self._not_before.get(one.verifier.name, now) <= now]
        with _alone(_SUBMITTING_LOCK) as alone:
            for witness in due if alone and selectors.last_checkpoint() else []:
                # One that is down is asked again as rarely as checkpoints are made; the others do not wait for it.
                self._not_before[witness.verifier.name] = now + pause() * _LOOKS
                submitting.submit(witness, at=now)
                del self._not_before[witness.verifier.name]

    def end(self) -> None:
        """Make `run` return soon."""
        self._ended.set()

    def _say(self, what: str) -> None:
        if what != self._said:
            _log.error("the ledger was not signed: %s", what)
        self._said = what


_lock = threading.Lock()
_running: list[Watch] = []


def start() -> None:
    """Run the loop in a thread of this process; once, however often it is called. It ends with the process."""
    with _lock:
        if _running:
            return
        _running.append(Watch())
        threading.Thread(target=_running[0].run, name="ledger-watch", daemon=True).start()
