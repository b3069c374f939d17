"""What tests of the web pages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.web import desk_world

from gongxin.secrecy import keyring

_RING = keyring.demonstration("intl").text()


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where originals are kept."""
    monkeypatch.setenv("GONGXIN_KEYRING", _RING)
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def world(db: None) -> desk_world.World:
    """Two departments with their officers, the credit office, a submission with rejected rows."""
    return desk_world.build()
