"""Files of intake's tests go into a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.intake.hand_ins import unmarked


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> Path:
    """Where originals are kept."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def _persons_unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The items of the pack are not kept for persons."""
    unmarked(monkeypatch)
