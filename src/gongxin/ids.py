"""UUIDv7 (RFC 9562): identifiers that sort by time, one by one and in bulk."""

from __future__ import annotations

import os
import secrets
import time
import uuid

import numpy as np
import polars as pl

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def uuid7() -> uuid.UUID:
    """One new UUIDv7."""
    return uuid.UUID(int=_new())


def uuid7_hex() -> str:
    """One new UUIDv7 as 32 hexadecimal digits, without the object, which costs as much as all the rest."""
    return f"{_new():032x}"


def _new() -> int:
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (7 << 76)
    return value & ~(0x3 << 62) | (0x2 << 62)


def milliseconds(key: uuid.UUID) -> int:
    """When a UUIDv7 was made, in milliseconds since 1970."""
    return key.int >> 80


def earliest(at: int) -> uuid.UUID:
    """What no UUIDv7 made in this millisecond or later is less than: a bound for ranges, no identifier."""
    return uuid.UUID(int=at << 80)


def uuid7_column(count: int) -> pl.Series:
    """`count` new UUIDv7 as a column of 32 hexadecimal digits, ascending (a form that PostgreSQL reads as uuid)."""
    raw = np.frombuffer(secrets.token_bytes(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    milliseconds = time.time_ns() // 1_000_000
    raw[:, :6] = np.frombuffer(milliseconds.to_bytes(6, "big"), dtype=np.uint8)
    # RFC 9562 6.2: the 12 bits after the version and 20 bits more count up, so that index pages fill from the left.
    order = np.arange(count, dtype=np.uint32)
    raw[:, 6] = 0x70 | (order >> 28).astype(np.uint8)
    raw[:, 7] = (order >> 20).astype(np.uint8)
    raw[:, 8] = 0x80 | ((order >> 14) & 0x3F).astype(np.uint8)
    raw[:, 9] = (order >> 6).astype(np.uint8)
    raw[:, 10] = ((order & 0x3F) << 2).astype(np.uint8) | (raw[:, 10] & 0x03)
    digits = np.empty((count, 32), dtype=np.uint8)
    digits[:, 0::2] = _HEX[raw >> 4]
    digits[:, 1::2] = _HEX[raw & 0x0F]
    return pl.Series("id", digits.view("S32").ravel() if count else [], dtype=pl.Binary).cast(pl.String)
