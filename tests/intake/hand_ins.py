"""Small made-up files of penalties, and the department that hands them in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.made_up import code, csv_of, nameless, penalty, person

from gongxin.identity.models import Department
from gongxin.intake import submissions
from gongxin.intake.models import Channel, Submission
from gongxin.policy import packs

__all__ = ["AT", "code", "csv_of", "department", "hand_in", "nameless", "penalty", "person", "unmarked"]

AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)


def department(department_code: str = "market", **facts: Any) -> Department:
    """A department that may hand in penalties."""
    usual = {"name": f"虚构部门{department_code}", "items": ["penalty", "licence"]}
    return Department.objects.get_or_create(code=department_code, defaults=usual | facts)[0]


def hand_in(rows: Sequence[dict[str, str]] | bytes, **facts: Any) -> Submission:
    """Hand the rows in and have them processed."""
    content = rows if isinstance(rows, bytes) else csv_of(rows)
    usual = {
        "filename": "处罚.csv",
        "item": "penalty",
        "provider": facts.pop("provider", None) or department(),
        "channel": Channel.CLI,
        "acting_user": None,
        "at": AT,
        "mode": "now",
    }
    return submissions.submit(io.BytesIO(content), **(usual | facts))


def unmarked(patch: pytest.MonkeyPatch) -> None:
    """Nothing is kept for persons: no item of the pack is marked."""
    pack = packs.current()
    plain = replace(pack, items={name: replace(item, persons=()) for name, item in pack.items.items()})
    patch.setattr(packs, "current", lambda: plain)
