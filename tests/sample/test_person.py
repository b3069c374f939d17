"""The made-up person of the demonstration has a file that can be seen, made once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gongxin.identity.models import User
from gongxin.persons import opening, selectors
from gongxin.persons.models import Version
from gongxin.sample import city, person

AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_the_file_is_there_and_is_made_once(tmp_path: Path, settings: Any) -> None:
    settings.FILES_DIR = tmp_path / "files"
    city._departments(at=AT)
    city._accounts(at=AT)
    told: list[str] = []
    for _again in range(2):
        person.prepare(tmp_path, at=AT, echo=told.append)
    assert len(told) == Version.objects.count() == 3
    user = User.objects.get(username=person.ACCOUNT)
    records = opening.open_own(acting_user=user, at=AT).records
    assert sorted(record.item for record in records) == ["licence", "licence", "penalty"]
    assert [told.kind for told in selectors.openings(user)] == ["own", "code"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
