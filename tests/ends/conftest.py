"""What tests of the ends of life share: a world of rights about penalties that were really handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from tests.ends.city import City, build


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    cache.clear()


@pytest.fixture
def city(db: None) -> City:
    """A penalty that is public, one whose term is over, one that was repaired."""
    return build()
