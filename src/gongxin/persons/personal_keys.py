"""A person's own key: what it seals is bound to table, column and row; what it tags is equal within one file only.

``ps1.<base64 of nonce ‖ ciphertext ‖ tag>`` under the suite the key was made for. The node's ring seals the key;
whoever destroys the key has destroyed the file, in every copy of the database that is made from then on.
"""

from __future__ import annotations

import binascii
import os
import secrets
from dataclasses import dataclass, field
from typing import Final

from gongxin.errors import Conflict
from gongxin.secrecy import suites
from gongxin.secrecy.suites import NONCE_BYTES, TAG_BYTES, Aead, Suite, TagMismatch

MARK: Final = "ps1."
# The two keys made from the one that is kept: one key serves one purpose only.
_SEALING: Final = b"gongxin persons sealing"
_TAGGING: Final = b"gongxin persons tagging"


def new() -> str:
    """A new key as it is kept: suite and 32 random bytes."""
    return f"{suites.chosen()}.{secrets.token_hex(32)}"


@dataclass(slots=True)
class PersonalKey:
    """The key of one file, opened."""

    text: str = field(repr=False)
    _suite: Suite = field(init=False, repr=False)
    _aead: Aead = field(init=False, repr=False)
    _tagging: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name, _, digits = self.text.partition(".")
        root = bytes.fromhex(digits)
        self._suite = suites.suite(name)
        self._aead = self._suite.aead(self._suite.mac(root, _SEALING)[: self._suite.key_bytes])
        self._tagging = self._suite.mac(root, _TAGGING)

    def tag(self, text: str) -> str:
        """64 hexadecimal digits that are equal for equal texts of this person, and say nothing else."""
        return self._suite.mac(self._tagging, text.encode()).hex()

    def seal(self, text: str, *, table: str, row: str) -> str:
        """The text, sealed for its row."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, text.encode(), _place(table, row))
        return MARK + binascii.b2a_base64(sealed, newline=False).decode()

    def open(self, sealed: str, *, table: str, row: str) -> str:
        """What `seal` sealed for this row. Raises Conflict for what was changed, or sealed for another row."""
        try:
            raw = _raw(sealed)
            return self._aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(table, row)).decode()
        except (TagMismatch, ValueError):
            raise Conflict(
                "seal-broken",
                "档案中有一项加密内容打不开：与其位置不符，或者已被截断、改动。",
                remedy="请保留数据库现状并报告安全管理员，再从备份恢复。",
                facts={"table": table, "row": row},
            ) from None


def _raw(sealed: str) -> bytes:
    """Nonce, ciphertext and tag. Raises ValueError for what has another form."""
    raw = binascii.a2b_base64(sealed.removeprefix(MARK), strict_mode=True)
    if not sealed.startswith(MARK) or len(raw) < NONCE_BYTES + TAG_BYTES:
        raise ValueError("not of the form")
    return raw


def _place(table: str, row: str) -> bytes:
    return f"{MARK}|{table}|{row}".encode()
