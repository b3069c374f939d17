"""Signatures of the node over what it hands out, under the active signing key. The ledger has a key of its own."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from gongxin.secrecy import sources, suites
from gongxin.secrecy.keyring import Purpose

MARK: Final = "sg1."


def sign(message: bytes) -> str:
    """``sg1.<key id>.<base64 of the signature>``. Raises Unavailable without keys."""
    key = sources.current().active(Purpose.SIGNING)
    signature = suites.suite(key.suite).signing.sign(key.secret, message)
    return f"{MARK}{key.id}.{base64.b64encode(signature).decode()}"


def verify(message: bytes, signature: str) -> bool:
    """Whether this node signed the message, with this key or one before. Raises Unavailable if it is no key of ours."""
    if not signature.startswith(MARK) or signature.count(".") != 2:
        return False
    _, key_id, body = signature.split(".")
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error:
        return False
    key = sources.current().key(key_id)
    signing = suites.suite(key.suite).signing
    return signing.verify(signing.public(key.secret), message, raw)


def public_key(key_id: str = "") -> tuple[str, str, bytes]:
    """Id, suite and public half of a signing key; without an id, of the active one."""
    ring = sources.current()
    key = ring.key(key_id) if key_id else ring.active(Purpose.SIGNING)
    return key.id, key.suite, suites.suite(key.suite).signing.public(key.secret)
