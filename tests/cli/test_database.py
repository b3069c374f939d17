"""`gongxin database`: start, ask, stop; and what it says where it does not apply."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from typer.testing import CliRunner, Result

from gongxin import embedded
from gongxin.cli import database
from gongxin.embedded.server import answers, remove


def gongxin_database(*arguments: str) -> Result:
    return CliRunner().invoke(database.app, list(arguments))


@pytest.fixture
def own_node(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A node without DATABASE_URL; the connections of the test run are not touched."""
    folder = Path(tempfile.mkdtemp(prefix="gongxin-cli-")).resolve()
    folder.chmod(0o755)
    settings.VAR_DIR = folder / "var"
    monkeypatch.setitem(settings.DATABASES, "default", dict(settings.DATABASES["default"]))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield folder / "var"
    found = embedded.find(folder / "var")
    if found:
        remove(found)
    shutil.rmtree(folder)


@pytest.mark.django_db
def test_start_status_url_stop(own_node: Path, settings: Settings) -> None:
    assert gongxin_database("status").exit_code == 1
    assert "started" in gongxin_database("start").output
    assert settings.DATABASES["default"]["HOST"].startswith(str(own_node))
    assert "already running" in gongxin_database("start").output
    assert gongxin_database("status").exit_code == 0
    url = gongxin_database("url").output.strip()
    assert answers(url)
    assert "stopped" in gongxin_database("stop").output
    assert "not running" in gongxin_database("stop").output
    assert not answers(url)


def test_url_before_the_first_start(own_node: Path) -> None:
    outcome = gongxin_database("url")
    assert outcome.exit_code == 1
    assert "database-not-made" in outcome.output


@pytest.mark.parametrize("command", ["start", "stop"])
def test_a_server_of_somebody_else_is_left_alone(own_node: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.internal/credit")
    outcome = gongxin_database(command)
    assert outcome.exit_code == 1
    assert "database-external" in outcome.output
    assert not own_node.exists()


def test_status_of_a_server_that_does_not_answer(own_node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    assert gongxin_database("status").exit_code == 1


@pytest.mark.django_db
def test_migrate_is_repeatable() -> None:
    assert "up to date" in gongxin_database("migrate").output


@pytest.mark.django_db
def test_server_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST_MAJOR", 999)
    outcome = gongxin_database("migrate")
    assert outcome.exit_code == 1
    assert "database-too-old" in outcome.output


@pytest.mark.django_db(transaction=True)
def test_a_node_without_keys_gets_its_own(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONGXIN_KEYS", raising=False)
    settings.KEYS_FILE, settings.DEMO = tmp_path / "keys" / "ring.json", False
    first = gongxin_database("migrate")
    assert (first.exit_code, settings.KEYS_FILE.stat().st_mode & 0o777) == (0, 0o600)
    made = settings.KEYS_FILE.read_text()
    assert gongxin_database("migrate").exit_code == 0
    assert settings.KEYS_FILE.read_text() == made
