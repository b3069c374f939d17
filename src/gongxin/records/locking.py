"""The lock under which records of an item are written in bulk."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Cursor

# First half of the two-part advisory lock key of an item; the second is a hash of its id.
ITEM_LOCK: Final = 0x67786974


def hold_item(cursor: Cursor[Any], item: str) -> None:
    """Wait for other bulk writers of the item; the lock ends with the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ITEM_LOCK, item])
