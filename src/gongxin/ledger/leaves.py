"""What a leaf says: canonical JSON (RFC 8785) without personal data, and the openings of its commitments. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from gongxin.ledger.events import Event

VERSION: Final = 1
_SALT_BYTES: Final = 32
# In the leaf of a raised epoch, and in no other: in canonical JSON no text of a field can look like this.
EPOCH_MARK: Final = b'"event":"ledger.epoch_raised"'


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment stands for. Destroying it leaves a commitment that says nothing and a log that still proves."""

    commitment: bytes
    salt: bytes
    field: str
    value: str


def sealed(field: str, value: str) -> Opening:
    """A new commitment to `value`: HMAC-SHA-256 under a random salt of 256 bits over field ‖ 0x00 ‖ value."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return Opening(_commitment(salt, field, value), salt, field, value)


def opens(opening: Opening) -> bool:
    """Whether value and salt are what the commitment was made of."""
    return hmac.compare_digest(opening.commitment, _commitment(opening.salt, opening.field, opening.value))


def build(event: Event, fields: Mapping[str, Any], *, actor: str, at: datetime) -> tuple[bytes, list[Opening]]:
    """The body of a leaf and the openings of its commitments.

    actor: who acts (account name or operator), committed. at: an instant with time zone.
    Raises ValueError when fields do not fit the event, the actor is empty or the instant has no time zone.
    """
    event.judge(fields)
    if not actor or at.tzinfo is None:
        raise ValueError(f"{event.code}: an actor and an instant with time zone are needed")
    openings = [sealed("actor", actor)]
    openings += [sealed(name, fields[name]) for name, field in event.fields.items() if field.committed]
    hidden = {opening.field: {"commitment": opening.commitment.hex()} for opening in openings}
    leaf: dict[str, Any] = {
        "v": VERSION,
        "event": event.code,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "actor": hidden.pop("actor"),
        "fields": {**fields, **hidden},
    }
    return rfc8785.dumps(leaf), openings


def epoch(body: bytes) -> int:
    """The epoch that begins with a leaf that holds EPOCH_MARK."""
    return int(json.loads(body)["fields"]["epoch"])


def committed(body: bytes) -> dict[str, bytes]:
    """The commitments that a leaf holds, by field; that to who acted is `actor`."""
    leaf = json.loads(body)
    held = {"actor": leaf["actor"], **leaf["fields"]}
    return {name: bytes.fromhex(entry["commitment"]) for name, entry in held.items() if isinstance(entry, dict)}


def _commitment(salt: bytes, field: str, value: str) -> bytes:
    return hmac.new(salt, field.encode() + b"\x00" + value.encode(), hashlib.sha256).digest()
