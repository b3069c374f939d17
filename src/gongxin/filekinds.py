"""Kinds of files that people hand in as evidence: told by the first bytes, never by the name alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

# How a file of the kind begins, its media type, the endings its name may have.
_KINDS: Final = (
    (b"%PDF-", "application/pdf", ("pdf",)),
    (b"\x89PNG\r\n\x1a\n", "image/png", ("png",)),
    (b"\xff\xd8\xff", "image/jpeg", ("jpg", "jpeg")),
)
# As the `accept` of a form's field says it.
ACCEPTED: Final = ".pdf,.png,.jpg,.jpeg"


def media_type(content: bytes, filename: str) -> str | None:
    """The media type of a PDF, PNG or JPEG whose name ends accordingly; None for anything else."""
    ending = Path(filename).suffix.lower().removeprefix(".")
    for beginning, kind, endings in _KINDS:
        if content.startswith(beginning) and ending in endings:
            return kind
    return None
