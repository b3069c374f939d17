"""What tests of secrecy share: a ring of a suite, in force for the test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gongxin.secrecy import keyring, private_files
from gongxin.secrecy.keyring import KeyRing

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)


@pytest.fixture(params=["intl", "gm"])
def suite_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test that asks for it runs once with each suite."""
    monkeypatch.setenv("GONGXIN_SUITE", request.param)
    return str(request.param)


@pytest.fixture
def ring_file(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's node keeps its keys: nothing there yet."""
    for name in ("GONGXIN_KEYRING", "GONGXIN_KEY_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    settings.KEYS_FILE = tmp_path / "keys" / "ring.json"
    settings.DEMO = False
    return tmp_path / "keys" / "ring.json"


@pytest.fixture
def use(ring_file: Path) -> Callable[[KeyRing], KeyRing]:
    """Puts a ring in force."""

    def put(ring: KeyRing) -> KeyRing:
        private_files.write(ring_file, ring.text())
        return ring

    return put


@pytest.fixture
def ring(suite_name: str, use: Callable[[KeyRing], KeyRing]) -> KeyRing:
    """A new ring of the suite, in force."""
    return use(keyring.new(suite_name, at=AT))
