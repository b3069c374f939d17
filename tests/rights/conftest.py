"""What tests of rights share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.rights import world as worlds


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> Path:
    """Where evidence is kept."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def world(db: None) -> worlds.World:
    """Two departments with their officers, the credit office, a representative, a penalty."""
    return worlds.build()
