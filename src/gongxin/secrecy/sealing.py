"""Sealed texts: ``gs1.<key id>.<base64 of nonce ‖ ciphertext ‖ tag>``, bound to table, field and row.

A sealed text opens only in the place it was sealed for: copied into another row, cut or changed, it is refused. It does
not hide how long the text is. Nonces are random: at most 2³² texts under one key (NIST SP 800-38D, 8.3), so a node that
writes more than a milliard values a year rotates its key every few years.
"""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import Sequence
from typing import Final

from gongxin.errors import Conflict
from gongxin.secrecy import sources, suites
from gongxin.secrecy.keyring import KeyRing, Purpose
from gongxin.secrecy.suites import NONCE_BYTES, TAG_BYTES, Aead, TagMismatch

MARK: Final = "gs1."
_NAME: Final = re.compile(r"[a-z0-9_]+")


def seal(text: str, *, table: str, field: str, row: str) -> str:
    """The text, sealed for this place under the active key. Raises Unavailable without keys."""
    return seal_many([text], table=table, field=field, rows=[row])[0]


def open_sealed(sealed: str, *, table: str, field: str, row: str) -> str:
    """What `seal` sealed for this place.

    Raises Conflict for a text that was sealed for another place, cut or changed; Unavailable without its key.
    """
    return open_many([sealed], table=table, field=field, rows=[row])[0]


def seal_many(texts: Sequence[str], *, table: str, field: str, rows: Sequence[str]) -> list[str]:
    """Texts of one field, each sealed for its row. ValueError when there are not as many rows as texts."""
    head = _head(table, field)
    key = sources.current().active(Purpose.DATA)
    encrypt, prefix, encoded = _aead(key.suite, key.secret).encrypt, f"{MARK}{key.id}.", binascii.b2a_base64
    random = os.urandom(NONCE_BYTES * len(texts))
    nonces = [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]
    return [
        prefix + encoded(nonce + encrypt(nonce, text.encode(), head + row.encode()), newline=False).decode()
        for nonce, text, row in zip(nonces, texts, rows, strict=True)
    ]


def open_many(sealed: Sequence[str], *, table: str, field: str, rows: Sequence[str]) -> list[str]:
    """What `seal_many` sealed. Raises as `open_sealed` does, naming the first row that does not open."""
    opened = []
    for text, row in zip(open_each(sealed, table=table, field=field, rows=rows), rows, strict=True):
        if text is None:
            raise _broken(table, field, row)
        opened.append(text)
    return opened


def open_each(sealed: Sequence[str], *, table: str, field: str, rows: Sequence[str]) -> list[str | None]:
    """What `seal_many` sealed; None for what does not open. Raises Unavailable where a key is missing."""
    head, opener = _head(table, field), _Opener(sources.current())
    return [opener.opened(text, head + row.encode()) for text, row in zip(sealed, rows, strict=True)]


def key_of(sealed: str) -> str:
    """The id of the key that sealed a text; empty for a text that is not sealed."""
    return sealed.split(".", 2)[1] if is_sealed(sealed) else ""


def is_sealed(text: str) -> bool:
    """Whether a text has the form of a sealed one."""
    return text.startswith(MARK) and text.count(".") == 2


class _Opener:
    """Keeps the cipher of each key that is met."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._ciphers: dict[str, Aead] = {}

    def opened(self, text: str, associated: bytes) -> str | None:
        if not is_sealed(text):
            return None
        _, key_id, body = text.split(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            key = self._ring.key(key_id)
            cipher = self._ciphers[key_id] = _aead(key.suite, key.secret)
        try:
            raw = binascii.a2b_base64(body, strict_mode=True)
            # The last digit may have bits that say nothing: only one way of writing them is ours.
            if len(raw) < NONCE_BYTES + TAG_BYTES or binascii.b2a_base64(raw, newline=False).decode() != body:
                return None
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], associated).decode()
        except (TagMismatch, ValueError):
            return None


def _aead(suite: str, secret: bytes) -> Aead:
    return suites.suite(suite).aead(secret)


def _head(table: str, field: str) -> bytes:
    """What the seal is bound to, up to the row. The names hold no bar, so no two places look alike."""
    if not _NAME.fullmatch(table) or not _NAME.fullmatch(field):
        raise ValueError(f"not the name of a table and a field: {table}, {field}")
    return f"{MARK}|{table}|{field}|".encode()


def _broken(table: str, field: str, row: str) -> Conflict:
    return Conflict(
        "seal-broken",
        f"加密内容打不开：{table}.{field}（{row}）与其位置不符，或者已被截断、改动。",
        remedy="请保留数据库现状并报告安全管理员，再从备份恢复这一行。",
        facts={"table": table, "field": field, "row": row},
    )
