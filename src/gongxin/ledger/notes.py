"""Signed notes and checkpoints: the text forms of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), signed with
Ed25519. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

# What a key signs, as the first byte of its text form says: notes of a log, co-signatures of a witness.
LOG: Final = b"\x01"
WITNESS: Final = b"\x04"
_NAME: Final = re.compile(r"[^\s+]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_PRIVATE: Final = "PRIVATE+KEY+"


class NoteInvalid(ValueError):
    """A note, key or checkpoint is not in its form, or its signature is not that of the key."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name. Text form: name+id+base64(kind ‖ key)."""

    name: str
    key: bytes
    kind: bytes = LOG

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name ‖ newline ‖ kind ‖ key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encoded(self.kind + self.key)}"

    @classmethod
    def read(cls, text: str, kind: bytes = LOG) -> Verifier:
        """The key in its text form. Raises NoteInvalid, for a key of another kind too."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteInvalid("a verifier key is name+id+base64")
        verifier = cls(_name(parts[0]), _ed25519(parts[2], kind), kind)
        if verifier.key_id.hex() != parts[1]:
            raise NoteInvalid("the id of the key does not fit name and key")
        return verifier


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its name."""

    name: str
    seed: bytes
    kind: bytes = LOG

    @classmethod
    def read(cls, text: str, kind: bytes = LOG) -> Signer:
        """The key in the text form of `private_text`. Raises NoteInvalid, for a key of another kind too."""
        parts = text.strip().removeprefix(_PRIVATE).split("+", 2)
        if not text.startswith(_PRIVATE) or len(parts) != 3:
            raise NoteInvalid("a signing key is PRIVATE+KEY+name+id+base64")
        signer = cls(_name(parts[0]), _ed25519(parts[2], kind), kind)
        if signer.verifier().key_id.hex() != parts[1]:
            raise NoteInvalid("the id of the key does not fit name and key")
        return signer

    def private_text(self) -> str:
        """PRIVATE+KEY+name+id+base64(kind ‖ seed): secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier().key_id.hex()}+{encoded(self.kind + self.seed)}"

    def verifier(self) -> Verifier:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(_name(self.name), public, self.kind)

    def sign(self, text: str) -> str:
        """The note over `text`, which must end with a newline and hold no control character."""
        if not text.endswith("\n") or any(ord(letter) < 0x20 and letter != "\n" for letter in text):
            raise NoteInvalid("a note's text ends with a newline and holds no control character")
        return f"{text}\n{self._line(text, b'')}"

    def cosign(self, note: str, at: datetime) -> str:
        """The line that a witness adds to a note: signed over its text and the instant, in whole seconds."""
        seconds = int(at.timestamp())
        return self._line(_timed(_parts(note)[0], seconds), seconds.to_bytes(8, "big"))

    def _line(self, signed: str, before: bytes) -> str:
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(signed.encode())
        return f"— {self.name} {encoded(self.verifier().key_id + before + signature)}\n"


def opened(note: str, verifier: Verifier) -> str:
    """The text of a note, if the key signed it; signatures of other keys are passed over. Raises NoteInvalid."""
    text, lines = _parts(note)
    signature = _of(verifier, lines)
    if signature is None:
        raise NoteInvalid("no signature of the expected key")
    _check(text, signature, verifier)
    return text


def cosigned(note: str, witness: Verifier) -> datetime | None:
    """When a witness co-signed a note; None if it did not. Raises NoteInvalid for a false co-signature."""
    text, lines = _parts(note)
    found = _of(witness, lines)
    if found is None:
        return None
    seconds = int.from_bytes(found[:8], "big")
    _check(_timed(text, seconds), found[8:], witness)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NoteInvalid("the instant of a co-signature is none") from error


def _timed(text: str, seconds: int) -> str:
    return f"cosignature/v1\ntime {seconds}\n{text}"


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note, and name and signature of each line below it."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteInvalid("a note is a text, an empty line and signatures")
    lines = []
    for line in signatures.removesuffix("\n").split("\n"):
        found = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        if not found:
            raise NoteInvalid("a line of the signatures is not in its form")
        lines.append((found[1], decoded(found[2])))
    return text + "\n", lines


def _of(verifier: Verifier, lines: list[tuple[str, bytes]]) -> bytes | None:
    """The signature of a key among those of a note."""
    for name, signature in lines:
        if name == verifier.name and signature[:4] == verifier.key_id:
            return signature[4:]
    return None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: so many leaves, this root; and its epoch, raised when it was put back from a backup.

    The epoch is an extension line (`epoch 2`), left out in the first.
    """

    origin: str
    size: int
    root: bytes
    epoch: int = 1

    def __str__(self) -> str:
        extension = f"epoch {self.epoch}\n" if self.epoch > 1 else ""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n{extension}"

    @classmethod
    def read(cls, note: str, verifier: Verifier) -> Checkpoint:
        """The checkpoint in a note signed by the log. Raises NoteInvalid."""
        lines = opened(note, verifier).split("\n")
        if len(lines) < 4 or lines[0] != verifier.name or not _SIZE.fullmatch(lines[1]):
            raise NoteInvalid("a checkpoint is origin, size and root, one a line, of the log that signs it")
        root = decoded(lines[2])
        if len(root) != hashlib.sha256().digest_size:
            raise NoteInvalid("the root is not a SHA-256 hash")
        return cls(lines[0], int(lines[1]), root, _epoch(lines[3:-1]))


def _epoch(extensions: list[str]) -> int:
    """The epoch among the extension lines; 1 where none names one. Lines of other logs' kinds are passed over."""
    stated = [line.removeprefix("epoch ") for line in extensions if line.startswith("epoch ")]
    if len(stated) > 1 or not all(_SIZE.fullmatch(number) and int(number) > 1 for number in stated):
        raise NoteInvalid("the epoch is stated once, and the first is left out")
    return int(stated[0]) if stated else 1


def encoded(raw: bytes) -> str:
    """Standard Base64."""
    return base64.b64encode(raw).decode()


def decoded(text: str) -> bytes:
    """The bytes of standard Base64. Raises NoteInvalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not Base64") from error


def _check(text: str, signature: bytes, verifier: Verifier) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature, text.encode())
    except InvalidSignature as error:
        raise NoteInvalid("the signature is not that of the key") from error


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise NoteInvalid("the name of a key holds no space and no plus sign")
    return text


def _ed25519(text: str, kind: bytes) -> bytes:
    raw = decoded(text)
    if len(raw) != 33 or raw[:1] != kind:
        raise NoteInvalid("not an Ed25519 key of this kind")
    return raw[1:]
