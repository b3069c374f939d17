"""Files of these tests go into a folder of their own; accounts are made in no time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> Path:
    """Where originals are kept."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"
