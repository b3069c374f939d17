"""Identity documents: what a kind and a number are folded to, and what is wrong with them. Pure."""

from __future__ import annotations

import re
from typing import Final

from gongxin.subjects.identifiers import folded_code, resident_id_valid

# The code list of the kinds, and what it calls a resident ID.
KINDS: Final = "id-type"
RESIDENT_ID: Final = "身份证"
# Passports, permits and others: letters and digits; their check digits are many and mostly unpublished.
OTHER_SHAPE: Final = r"^[A-Z0-9]{5,30}$"


def is_sound(kind: str, number: str) -> bool:
    """Whether a number, folded, can be one of a document of this kind; of a resident ID, 18 places with check digit."""
    folded = folded_code(number)
    if kind == RESIDENT_ID:
        return resident_id_valid(folded)
    return bool(kind) and re.match(OTHER_SHAPE, folded) is not None


def identity(kind: str, number: str) -> str:
    """What a file is found by: kind and folded number (half-width, upper case, without blanks and hyphens)."""
    return f"{kind}\n{folded_code(number)}"
