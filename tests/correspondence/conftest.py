"""What tests of messages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.rights import world as worlds

from gongxin.secrecy import keyring

_RING = keyring.demonstration("intl").text()


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files are kept, keys for addresses, a mail server that keeps what it gets."""
    monkeypatch.setenv("GONGXIN_KEYRING", _RING)
    settings.FILES_DIR = tmp_path / "files"
    settings.MAIL, settings.ORIGIN = True, "https://credit.example.cn"


@pytest.fixture
def world(db: None) -> worlds.World:
    """Two departments with their officers, a representative, a penalty."""
    return worlds.build()
