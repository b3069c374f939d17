"""Document numbers and the keys of records: the digits of the number stand at the head of the key.

So one index serves both: the keys of a file lie together in it (a load touches few of its pages), and a record is found
by its document number through a range of keys. An index over the numbers themselves cost a sixth of a load.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import polars as pl
from django.db.models import Q

# Decimal digits of the number that stand at the head of a key, as hexadecimal ones.
DIGITS: Final = 12
_REST: Final = 32 - DIGITS
_KNOWN: Final = frozenset("0123456789０１２３４５６７８９")


def serial(document_no: str) -> str:
    """The last digits of a document number (half or full width): «泽监罚〔2026〕15号» → 000000202615."""
    digits = "".join(str(int(sign)) for sign in document_no if sign in _KNOWN)
    return digits[-DIGITS:].zfill(DIGITS)


def serial_expr(folded: pl.Expr) -> pl.Expr:
    """`serial` for a column of half-width texts without nulls."""
    return folded.str.replace_all(r"[^0-9]+", "").str.tail(DIGITS).str.zfill(DIGITS)


def with_number(*spellings: str) -> Q:
    """Records whose document number is one of the spellings."""
    wanted = Q(pk__in=[])
    for head in sorted({serial(spelling) for spelling in spellings}):
        wanted |= Q(key_hash__range=(UUID(head + "0" * _REST), UUID(head + "f" * _REST)), document_no__in=spellings)
    return wanted
