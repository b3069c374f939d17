"""Identity documents: what a kind and a number are folded to, and what is wrong with them. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gongxin.subjects.identifiers import resident_id_valid

# As the code list `id-type` writes it.
RESIDENT_ID: Final = "身份证"
# Passports, permits and others: letters and digits; their check digits are many and mostly unpublished.
_OTHER: Final = re.compile(r"[A-Z0-9]{5,30}")
_BLANKS: Final = re.compile(r"[\s\u200b\ufeff-]")


def folded(number: str) -> str:
    """A number as it is compared: half-width, upper case, without blanks and hyphens."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", number)).upper()


def is_sound(kind: str, number: str) -> bool:
    """Whether a folded number can be one of a document of this kind; of a resident ID, 18 places with check digit."""
    if kind == RESIDENT_ID:
        return resident_id_valid(number)
    return bool(kind) and _OTHER.fullmatch(number) is not None


def identity(kind: str, number: str) -> str:
    """What a file is found by: kind and folded number."""
    return f"{kind}\n{folded(number)}"
