"""Start, find and stop the embedded server: `initdb` once, `pg_ctl` after that, one start at a time."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from gongxin.embedded import account as accounts
from gongxin.embedded import place as places
from gongxin.embedded import programs
from gongxin.embedded.account import Account
from gongxin.embedded.configuration import configuration
from gongxin.embedded.place import Place
from gongxin.errors import Conflict, Unavailable

ROLE = DATABASE = "gongxin"
_START_SECONDS = 90
_ATTEMPTS = 10
# Higher than any process number of Linux (2**22) and macOS (99999), lower than what PostgreSQL reads as a number.
_NOBODY = 2**31 - 2
# The first that the machine has: character classes must know Chinese (pg_trgm asks them). Order is by code point.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "zh_CN.UTF-8", "C")


@dataclass(frozen=True)
class Server:
    """An embedded server. fresh: this start brought it up, so whoever started it may stop it."""

    place: Place
    url: str
    fresh: bool

    def stop(self, *, immediately: bool = False) -> bool:
        """Stop it and wait; False if it was not running. immediately: without a checkpoint (throw-away data)."""
        return _stop(self.place, "immediate" if immediately else "fast")


def find(var_dir: Path) -> Server | None:
    """The server of this folder if it has ever been started, running or not."""
    place = places.known(var_dir)
    if place is None or not places.url_file(var_dir).exists():
        return None
    return Server(place, places.url_file(var_dir).read_text().strip(), fresh=False)


def answers(url: str) -> bool:
    """Whether a server answers a question at `url` (a real round trip)."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def start(var_dir: Path, *, throw_away: bool = False, echo: Callable[[str], None] = print) -> Server:
    """The running server of `var_dir`: made if new, started if stopped, found if it runs already.

    throw_away: data of a test run, which need not survive a power cut. echo: told what is out of the ordinary.
    Raises Unavailable (programs or account missing, server does not come up) or Conflict (another start hangs).
    """
    var_dir = var_dir.resolve()
    account = accounts.choose(places.data_folder(var_dir))
    var_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(var_dir / "pg" / "lock"):
        place = places.prepare(var_dir, account)
        running = find(var_dir)
        if running and answers(running.url):
            return running
        if place.moved:
            echo(
                f"数据库文件放在 {place.home}（服务账户无法进入 {var_dir}）。"
                f"The database is kept there: its account cannot enter {var_dir}."
            )
        return _bring_up(place, account, throw_away=throw_away)


def _bring_up(place: Place, account: Account | None, *, throw_away: bool) -> Server:
    _disown_dead_server(place, account)
    version = place.data / "PG_VERSION"
    major = int(version.read_text()) if version.exists() else None
    chosen = programs.find(account, copies=place.programs, major=major)
    if major is None:
        password = _initialise(chosen, place, account, throw_away=throw_away)
        url = f"postgresql://{ROLE}:{password}@/{DATABASE}?host={quote(str(place.sockets), safe='')}&port={places.PORT}"
        places.note(place.notes / "url", f"{url}\n", account)
    settings = configuration(place, throw_away=throw_away)
    places.note(place.data / "gongxin.conf", settings, account)
    _run_server(chosen, place, account)
    url = (place.notes / "url").read_text().strip()
    _ensure_database(url)
    return Server(place, url, fresh=True)


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    give_up = time.monotonic() + _START_SECONDS * 2
    with lock.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise Conflict(
                        "database-start-waits",
                        "另一个进程正在启动或停止数据库，等待超时。",
                        remedy=f"请结束占用 {lock} 的进程后重试。Another start holds {lock}.",
                    ) from None
                time.sleep(0.1)
        yield


def _initialise(chosen: programs.Programs, place: Place, account: Account | None, *, throw_away: bool) -> str:
    """A new data folder under a working name, renamed when whole: a broken-off start leaves nothing half done."""
    growing, password, pwfile = place.home / "data.new", secrets.token_urlsafe(32), place.home / "password"
    command: list[str | Path] = [
        chosen / "initdb",
        "-D",
        growing,
        "-U",
        ROLE,
        "--auth=scram-sha-256",
        f"--pwfile={pwfile}",
        "-E",
        "UTF8",
    ]
    command += ["--no-sync"] if throw_away else []
    said = ""
    places.note(pwfile, password, account)
    try:
        for character_type in _CHARACTER_TYPES:
            shutil.rmtree(growing, ignore_errors=True)
            outcome = accounts.run([*command, "--locale=C", f"--lc-ctype={character_type}"], account, timeout=300)
            if outcome.returncode == 0:
                break
            said = outcome.stdout
        else:
            raise _failed("initdb", said)
    finally:
        pwfile.unlink(missing_ok=True)
    with (growing / "postgresql.conf").open("a") as file:
        file.write("include = 'gongxin.conf'\n")
    growing.rename(place.data)
    return password


def _run_server(chosen: programs.Programs, place: Place, account: Account | None) -> None:
    command: list[str | Path] = [chosen / "pg_ctl", "start", "-D", place.data, "-l", place.log]
    for _attempt in range(_ATTEMPTS):
        outcome = accounts.run([*command, "-w", "-t", str(_START_SECONDS)], account, timeout=_START_SECONDS + 30)
        if outcome.returncode == 0:
            return
        said = "\n".join(place.log.read_text(errors="replace").splitlines()[-8:]) if place.log.exists() else ""
        # Processes of a killed server notice its death and end, each when it next looks up from its work.
        if "pre-existing shared memory block" not in said:
            break
        time.sleep(1)
    raise _failed("pg_ctl start", f"{outcome.stdout.strip()}\n{said}")


def _failed(program: str, said: str) -> Unavailable:
    return Unavailable(
        "database-start-failed",
        f"数据库未能启动（{program}）：\n{said.strip()}\n",
        remedy="请按上面的提示处理后重试，或设置 DATABASE_URL。See the lines above, or set DATABASE_URL.",
    )


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _postmaster(place: Place) -> int | None:
    """The process id in postmaster.pid if that process is a server of this data folder."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return pid if str(place.data) in _command_line(pid) else None


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    # No /proc (macOS): there, ps is part of the system.
    return subprocess.run(
        ["/bin/ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


def _disown_dead_server(place: Place, account: Account | None) -> None:
    """Make the notes of a killed server harmless: PostgreSQL cannot tell whether its number is somebody else's by now.

    Only the number is replaced, not the note removed: from the rest PostgreSQL sees whether processes of the killed
    server still work on the data.
    """
    if _postmaster(place) is not None:
        return
    note = place.data / "postmaster.pid"
    if note.exists():
        lines = note.read_text().splitlines()
        places.note(note, "\n".join([str(_NOBODY), *lines[1:]]) + "\n", account)
    for leftover in place.sockets.glob(".s.PGSQL.*"):
        leftover.unlink()


def _stop(place: Place, mode: str) -> bool:
    account = accounts.choose(place.data)
    with _one_at_a_time(place.notes / "lock"):
        if _postmaster(place) is None:
            return False
        major = int((place.data / "PG_VERSION").read_text())
        chosen = programs.find(account, copies=place.programs, major=major)
        command: list[str | Path] = [
            chosen / "pg_ctl",
            "stop",
            "-D",
            place.data,
            "-m",
            mode,
            "-w",
            "-t",
            str(_START_SECONDS),
        ]
        outcome = accounts.run(command, account, timeout=_START_SECONDS + 30)
        if outcome.returncode != 0:
            raise _failed("pg_ctl stop", outcome.stdout)
        return True


def remove(server: Server) -> None:
    """Stop a throw-away server and remove all its files, those outside of var included."""
    server.stop(immediately=True)
    for folder in (server.place.sockets, server.place.home, server.place.notes):
        shutil.rmtree(folder, ignore_errors=True)
