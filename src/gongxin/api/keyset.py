"""Positions in lists: ``after=2026-03-02~<record id>``, stable while records come and go."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from ninja import Query

from gongxin.errors import InvalidInput

_FORM: Final = re.compile(r"(\d{4}-\d{2}-\d{2})~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)

After = Annotated[
    str,
    Query(
        max_length=47,
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}~[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$",
        description="Position to go on from, as the `next` address of the page before holds it.",
    ),
]


def position(after: str) -> dict[str, Any]:
    """The day and id of a position, both None for the beginning. Raises InvalidInput."""
    if not after:
        return {"day": None, "id": None}
    found = _FORM.fullmatch(after)
    try:
        if found:
            return {"day": date.fromisoformat(found[1]), "id": UUID(found[2])}
    except ValueError:
        pass
    raise InvalidInput(
        "invalid", "翻页位置 after 无效。", remedy="请使用上一页 next 给出的地址，或者不带 after 从头读取。"
    )
