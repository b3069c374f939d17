"""Blind indexes: finding a sealed value by what it exactly is, without the database learning it.

``bi1.<key id>.<base64url of HMAC>``. Equal texts have equal indexes within one purpose: use it for values that are hard
to guess or where equality may be known. What counts as equal (case, blanks) is the caller's to fold before.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from gongxin.secrecy import sources, suites
from gongxin.secrecy.keyring import Key, Purpose, State

MARK: Final = "bi1."


def blind_index(text: str, *, purpose: str) -> str:
    """The index of a text under the active key. purpose: what is looked up, e.g. ``mandate.document``; indexes of two
    purposes never meet.
    """
    return blind_many([text], purpose=purpose)[0]


def blind_many(texts: Sequence[str], *, purpose: str) -> list[str]:
    """The indexes of many texts under the active key."""
    key = sources.current().active(Purpose.BLIND_INDEX)
    return [_index(key, text, purpose) for text in texts]


def blind_candidates(text: str, *, purpose: str) -> list[str]:
    """Every index that the text may have while a rotation is under way: compare with ``__in``."""
    keys = sources.current().of(Purpose.BLIND_INDEX, State.ACTIVE, State.HELD)
    return [_index(key, text, purpose) for key in keys]


def _index(key: Key, text: str, purpose: str) -> str:
    mac = suites.suite(key.suite).mac(key.secret, purpose.encode() + b"\x00" + text.encode())
    return f"{MARK}{key.id}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
