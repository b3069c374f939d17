"""The node's keys: for each purpose one that is active, and those before it. Pure; where a ring is kept: `sources`.

A key is named by a digest of itself, so that a damaged or exchanged secret is noticed when the ring is read, and a
demonstration key is known as one under whatever name it appears.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from gongxin.errors import Unavailable
from gongxin.secrecy import suites

VERSION: Final = 1
_MAC_BYTES: Final = 32
_DEMO: Final = "demo"


class Purpose(StrEnum):
    """What a key is for. A key serves one purpose only."""

    DATA = "data"
    BLIND_INDEX = "blind-index"
    SIGNING = "signing"


class State(StrEnum):
    """active: seals and signs. held: opens until nothing is left that it sealed. retired: opens a restored backup,
    verifies what it signed, and nothing more.
    """

    ACTIVE = "active"
    HELD = "held"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. logged: the ledger has a leaf about its making."""

    purpose: Purpose
    suite: str
    state: State
    made_at: str
    secret: bytes = field(repr=False)
    retired_at: str = ""
    logged: bool = False

    @property
    def id(self) -> str:
        """Ten characters, in everything that the key sealed. Of a demonstration key they begin with ``demo``."""
        digest = hashlib.sha256(f"gongxin key|{self.purpose}|{self.suite}|".encode() + self.secret).hexdigest()
        return _DEMO + digest[:6] if self.demo else digest[:10]

    @property
    def demo(self) -> bool:
        """Whether everybody knows this key."""
        return self.secret == _demo_secret(self.purpose, self.suite)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys, oldest first."""

    keys: tuple[Key, ...]

    def active(self, purpose: Purpose) -> Key:
        """The key that seals or signs. Raises Unavailable if there is none."""
        for key in self.keys:
            if key.purpose == purpose and key.state == State.ACTIVE:
                return key
        raise missing()

    def key(self, key_id: str) -> Key:
        """The key of this id. Raises Unavailable: what it sealed cannot be opened here."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise Unavailable(
            "key-not-here",
            f"本节点没有编号为 {key_id} 的密钥。",
            remedy="请恢复密钥文件的备份；没有这把密钥，用它加密的内容无法读取。",
            facts={"key": key_id},
        )

    def of(self, purpose: Purpose, *states: State) -> tuple[Key, ...]:
        """The keys of a purpose in one of these states (none given: in any)."""
        return tuple(key for key in self.keys if key.purpose == purpose and (not states or key.state in states))

    def with_new(self, purpose: Purpose, suite: str, *, at: datetime) -> KeyRing:
        """A ring whose active key of the purpose is a new one; the one before is held."""
        earlier = (
            replace(key, state=State.HELD) if key.purpose == purpose and key.state == State.ACTIVE else key
            for key in self.keys
        )
        new = Key(purpose, suite, State.ACTIVE, _instant(at), secret=_new_secret(purpose, suite))
        return KeyRing((*earlier, new))

    def with_retired(self, ids: Iterable[str], *, at: datetime) -> KeyRing:
        """A ring in which these held keys are retired."""
        gone = set(ids)
        return KeyRing(
            tuple(
                replace(key, state=State.RETIRED, retired_at=_instant(at))
                if key.id in gone and key.state == State.HELD
                else key
                for key in self.keys
            )
        )

    def with_logged(self, ids: Iterable[str]) -> KeyRing:
        """A ring that knows that these keys have their leaf."""
        told = set(ids)
        return KeyRing(tuple(replace(key, logged=key.logged or key.id in told) for key in self.keys))

    def text(self) -> str:
        """The ring as it is kept: JSON with the secrets."""
        keys = [{"id": key.id, **asdict(key), "secret": base64.b64encode(key.secret).decode()} for key in self.keys]
        return json.dumps({"version": VERSION, "keys": keys}, indent=1) + "\n"


def new(suite: str, *, at: datetime) -> KeyRing:
    """A ring with one new key for each purpose."""
    ring = KeyRing(())
    for purpose in Purpose:
        ring = ring.with_new(purpose, suite, at=at)
    return ring


def demonstration(suite: str) -> KeyRing:
    """The ring of demonstrations: its keys are printed in the source, so to say."""
    made = tuple(
        Key(purpose, suite, State.ACTIVE, "2026-01-01T00:00:00Z", secret=_demo_secret(purpose, suite), logged=True)
        for purpose in Purpose
    )
    return KeyRing(made)


def read(text: str) -> KeyRing:
    """The ring in the form of `KeyRing.text`. Raises Unavailable when it is damaged: a key that does not fit its id,
    two active keys of a purpose, a suite or a state that does not exist.
    """
    try:
        ring = _ring(json.loads(text))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise _damaged(str(error) or type(error).__name__) from error
    for purpose in Purpose:
        if len(ring.of(purpose, State.ACTIVE)) > 1:
            raise _damaged(f"two active keys for {purpose}")
    return ring


def missing() -> Unavailable:
    """The error of a node without keys."""
    return Unavailable("keys-missing", "本节点还没有密钥。", remedy="请先运行 gongxin keys init，并妥善备份密钥文件。")


def _ring(document: dict[str, Any]) -> KeyRing:
    if document["version"] != VERSION:
        raise ValueError(f"version {document['version']}")
    return KeyRing(tuple(_key(entry) for entry in document["keys"]))


def _key(entry: dict[str, Any]) -> Key:
    suite = str(entry["suite"])
    if suite not in suites.NAMES:
        raise ValueError(f"suite {suite}")
    secret = base64.b64decode(entry["secret"], validate=True)
    key = Key(
        Purpose(entry["purpose"]),
        suite,
        State(entry["state"]),
        str(entry["made_at"]),
        secret=secret,
        retired_at=str(entry["retired_at"]),
        logged=entry["logged"] is True,
    )
    if key.id != entry["id"]:
        raise ValueError(f"the key does not fit its id {entry['id']}")
    return key


def _damaged(what: str) -> Unavailable:
    return Unavailable("keys-broken", f"密钥文件已损坏（{what}）。", remedy="请从备份恢复密钥文件，不要手工修改。")


def _new_secret(purpose: Purpose, suite: str) -> bytes:
    chosen = suites.suite(suite)
    if purpose == Purpose.SIGNING:
        return chosen.signing.new_secret()
    return secrets.token_bytes(chosen.key_bytes if purpose == Purpose.DATA else _MAC_BYTES)


def _demo_secret(purpose: Purpose, suite: str) -> bytes:
    """Known to everybody who reads this line."""
    digest = hashlib.sha256(f"gongxin demonstration key, not a secret: {purpose} {suite}".encode()).digest()
    return digest[: suites.suite(suite).key_bytes] if purpose == Purpose.DATA else digest


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
