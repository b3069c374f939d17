"""A production node does not start on what everybody knows: tried with real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.secrecy.conftest import AT

from gongxin.errors import Unavailable
from gongxin.secrecy import keyring, starting
from gongxin.secrecy.keyring import KeyRing, Purpose

GOOD = "x7" * 30


@pytest.fixture
def environment(ring_file: Path, tmp_path: Path) -> dict[str, str]:
    """That of a production node whose database is not even asked."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GONGXIN_")}
    return kept | {
        "GONGXIN_VAR": str(tmp_path / "var"),
        "GONGXIN_KEYS": str(ring_file),
        "GONGXIN_SECRET_KEY": GOOD,
        "GONGXIN_LEDGER_WATCH": "0",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    }


def served(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a server process does with the application; «up» if it gets it."""
    program = "import gongxin.wsgi; print('up')"
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_with_keys_of_its_own_it_starts(environment: dict[str, str], use: Callable[[KeyRing], KeyRing]) -> None:
    use(keyring.new("intl", at=AT))
    started = served(environment)
    assert (started.returncode, started.stdout) == (0, "up\n"), started.stderr


@pytest.mark.parametrize(
    ("ring", "changes", "code"),
    [
        (None, {}, "keys-missing"),
        (keyring.new("intl", at=AT), {"GONGXIN_SECRET_KEY": "demo-" + GOOD}, "secret-key-of-demonstration"),
    ],
)
def test_it_refuses_and_says_why(
    environment: dict[str, str], use: Callable[[KeyRing], KeyRing], ring: KeyRing | None, changes: dict, code: str
) -> None:
    if ring is not None:
        use(ring)
    refused = served(environment | changes)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith(code + " ")
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_the_server_and_the_worker_of_production_refuse(
    environment: dict[str, str], use: Callable[[KeyRing], KeyRing]
) -> None:
    """The very commands of the manual, with a folder that a demonstration made."""
    use(keyring.demonstration("intl"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    server = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port, "gongxin.wsgi:application"]
    for command in (server, ["gongxin", "intake", "work", "--once"]):
        refused = subprocess.run(
            [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, timeout=90, check=False
        )
        said = refused.stdout + refused.stderr
        assert refused.returncode != 0, said
        assert "keys-of-demonstration" in said
        assert "gongxin keys rotate" in said


def test_keys_of_another_suite_than_the_setting_are_refused(
    ring: KeyRing, suite_name: str, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECRET_KEY = GOOD
    monkeypatch.setenv("GONGXIN_SUITE", "gm" if suite_name == "intl" else "intl")
    with pytest.raises(Unavailable, match="keys rotate") as refused:
        starting.judge()
    assert refused.value.code == "keys-of-other-suite"


def test_a_demonstration_starts_on_anything(ring_file: Path, settings) -> None:
    settings.DEMO, settings.SECRET_KEY = True, "demo"
    starting.judge()


@pytest.mark.parametrize("secret", ["short", "demo-" + GOOD, "django-insecure-" + GOOD])
def test_known_and_short_secrets_of_sessions_are_refused(ring: KeyRing, settings, secret: str) -> None:
    settings.SECRET_KEY = GOOD
    starting.judge()
    settings.SECRET_KEY = secret
    with pytest.raises(Unavailable) as refused:
        starting.judge()
    assert refused.value.code == "secret-key-of-demonstration"


def test_demonstration_keys_that_were_rotated_away_are_in_nobodys_way(
    use: Callable[[KeyRing], KeyRing], suite_name: str, settings
) -> None:
    settings.SECRET_KEY = GOOD
    demo = keyring.demonstration(suite_name)
    ring = demo
    for purpose in Purpose:
        ring = ring.with_new(purpose, suite_name, at=AT)
    use(ring)
    with pytest.raises(Unavailable, match="演示密钥"):
        starting.judge()
    use(ring.with_retired([key.id for key in demo.keys], at=AT))
    starting.judge()
