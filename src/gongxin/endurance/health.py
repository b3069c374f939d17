"""A real round trip: write to the database and read it back, write a file and read it back, sign with the log's key."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from gongxin.endurance.models import Pulse
from gongxin.errors import GongxinError, full_disk
from gongxin.ledger import keys, notes

# A database that does not answer within this many milliseconds is not well.
_PATIENCE_MS: Final = 2000
# However often it is asked, one round trip in this many seconds is enough; in between the last answer holds.
HOLDS_SECONDS: Final = 1.0
# What is signed can never be taken for a checkpoint: those begin with the log's origin, one line without a blank.
_SIGNED: Final = "gongxin round trip, not a checkpoint\n"


@dataclass(frozen=True, slots=True)
class Part:
    """How one step went. code: "" if well, else a stable code; never a detail of the machine."""

    name: str
    milliseconds: float
    code: str

    @property
    def well(self) -> bool:
        """Whether it went well."""
        return not self.code


@dataclass(frozen=True, slots=True)
class Health:
    """All steps at an instant."""

    at: datetime
    parts: tuple[Part, ...]

    @property
    def well(self) -> bool:
        """Whether every step went well."""
        return all(part.well for part in self.parts)

    def facts(self) -> dict[str, Any]:
        """As `/healthz` sends it."""
        parts = {
            part.name: {"well": part.well, "ms": round(part.milliseconds, 2)}
            | ({"code": part.code} if part.code else {})
            for part in self.parts
        }
        return {"status": "ok" if self.well else "failing", "at": self.at.isoformat(), "parts": parts}


def round_trip(*, at: datetime) -> Health:
    """Do every step; what fails is told, nothing is raised."""
    nonce = secrets.token_bytes(16)
    steps = {
        "write": lambda: _write(nonce, at),
        "read": lambda: _read(nonce),
        "files": lambda: _file(nonce),
        "sign": lambda: _sign(nonce),
    }
    return Health(at, tuple(_timed(name, step) for name, step in steps.items()))


class Cached:
    """Round trips that are not repeated within HOLDS_SECONDS, one at a time, however many ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[float, Health] | None = None

    def health(self, *, at: datetime) -> Health:
        """The last round trip if it is fresh, else a new one."""
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > HOLDS_SECONDS:
                self._last = (now, round_trip(at=at))
            return self._last[1]


def _timed(name: str, step: Callable[[], None]) -> Part:
    begun = time.perf_counter()
    code = ""
    try:
        step()
    except GongxinError as error:
        code = error.code
    except (DatabaseError, InterfaceError) as error:
        code = "storage-full" if full_disk(error) else "database-unavailable"
        connection.close()
    except notes.NoteInvalid:
        code = "ledger-key-broken"
    except OSError as error:
        code = "storage-full" if full_disk(error) else "files-unavailable"
    return Part(name, (time.perf_counter() - begun) * 1000, code)


def _write(nonce: bytes, at: datetime) -> None:
    with transaction.atomic():
        _be_brief()
        Pulse.objects.update_or_create(pk=1, defaults={"at": at, "nonce": nonce})


def _read(nonce: bytes) -> None:
    """Whatever another process wrote meanwhile counts as well: what matters is that a row comes back."""
    with transaction.atomic():
        _be_brief()
        found = Pulse.objects.values_list("nonce", flat=True).filter(pk=1).first()
    if found is None or len(bytes(found)) != len(nonce):
        raise DatabaseError("the row that came back is not the row that was written")


def _be_brief() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_PATIENCE_MS}; SET LOCAL lock_timeout = {_PATIENCE_MS}")


def _file(nonce: bytes) -> None:
    folder = Path(settings.FILES_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / "incoming"
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"pulse-{nonce.hex()}"
    try:
        path.write_bytes(nonce)
        if path.read_bytes() != nonce:
            raise OSError("the file that came back is not the file that was written")
    finally:
        path.unlink(missing_ok=True)


def _sign(nonce: bytes) -> None:
    note = keys.signer().sign(f"{_SIGNED}{nonce.hex()}\n")
    notes.opened(note, keys.verifier())
