"""Made-up identifiers that cannot belong to a real body: division 000000, check digits by GB 32100 and GB 11714."""

from __future__ import annotations

import numpy as np
import polars as pl

FICTIONAL_DIVISION = "000000"

_USCC_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
_USCC_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ORG_CHECKS = np.frombuffer(b"0X987654321", dtype=np.uint8)


def unified_codes(prefixes: np.ndarray, serials: np.ndarray) -> pl.Series:
    """18-character codes of `prefixes` (two characters, e.g. ``91``), division 000000 and an organisation code.

    serials: whole numbers below 10⁸ (as many as prefixes), unique where the codes must be.
    """
    count = len(serials)
    code = np.empty((count, 18), dtype=np.uint8)
    code[:, :2] = np.asarray(prefixes, dtype="S2").view(np.uint8).reshape(count, 2)
    code[:, 2:8] = ord("0")
    digits = (serials[:, None] // 10 ** np.arange(7, -1, -1)) % 10
    code[:, 8:16] = digits + ord("0")
    code[:, 16] = _ORG_CHECKS[(digits @ _ORG_WEIGHTS) % 11]
    values = np.searchsorted(_USCC_ALPHABET, code[:, :17])
    code[:, 17] = _USCC_ALPHABET[(-(values @ _USCC_WEIGHTS)) % 31]
    return pl.Series("uscc", code.view("S18").ravel().astype("U18") if count else [], dtype=pl.String)
