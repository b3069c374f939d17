"""Where the embedded server keeps its files.

var/pg/            notes of the node: `url`, `app-url` (0600, with passwords), `home` (where the rest is), `lock`
home/              0700, owned by the account of the server: data/  programs/  socket/  log
home               is var/pg/server; where root's server account cannot reach that, /var/tmp/gongxin-<hash of var>
socket             is home/socket; where that path is too long for a socket, <temp>/gongxin-<hash of var>
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gongxin.embedded.account import Account, reaches
from gongxin.errors import Unavailable

PORT = 5432
# sun_path holds 104 bytes on macOS, 108 on Linux; the closing zero and PostgreSQL's lock file need a few.
_LONGEST_SOCKET = 99
# Shared folders on purpose: what is made in them is 0700 and checked for its owner before it is used.
_OUTSIDE = Path("/var/tmp")  # noqa: S108
_SHORTEST = Path("/tmp").resolve()  # noqa: S108


@dataclass(frozen=True)
class Place:
    """The files of one embedded server. `moved`: home had to leave var because the account cannot get in."""

    notes: Path
    home: Path
    sockets: Path
    moved: bool

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def programs(self) -> Path:
        return self.home / "programs"


def url_file(var_dir: Path) -> Path:
    """The file that holds the address and password of the embedded database."""
    return var_dir / "pg" / "url"


def app_url_file(var_dir: Path) -> Path:
    """The file that holds the address by which web and worker reach the database, whichever it is (gongxin.walls)."""
    return var_dir / "pg" / "app-url"


def known(var_dir: Path) -> Place | None:
    """The place chosen at an earlier start; None before the first one. Changes nothing."""
    notes = var_dir / "pg"
    if not (notes / "home").exists():
        return None
    home, sockets = (Path(line) for line in (notes / "home").read_text().splitlines())
    return Place(notes, home, sockets, moved=home.parent != notes)


def data_folder(var_dir: Path) -> Path:
    """Where the data of `var_dir` are, or would first be looked for."""
    place = known(var_dir)
    return place.data if place else var_dir / "pg" / "server" / "data"


def prepare(var_dir: Path, account: Account | None) -> Place:
    """Make the folders, private to the account. Permissions of folders that were there before are left alone."""
    notes = var_dir / "pg"
    notes.mkdir(parents=True, exist_ok=True)
    before = known(var_dir)
    home = _home(before.home if before else notes / "server", var_dir, account)
    sockets = before.sockets if before and before.home == home else _socket_folder(var_dir, home, account)
    private_folder(sockets, account)
    note(notes / "home", f"{home}\n{sockets}\n", account)
    return Place(notes, home, sockets, moved=home.parent != notes)


def _home(wanted: Path, var_dir: Path, account: Account | None) -> Path:
    """`wanted`, made private to the account, or a folder of its own where the account cannot reach `wanted`."""
    private_folder(wanted, account)
    if reaches(account, wanted, "x"):
        return wanted
    if not any(wanted.iterdir()):
        wanted.rmdir()
    elsewhere = _OUTSIDE / _name(var_dir)
    private_folder(elsewhere, account)
    return elsewhere


def private_folder(folder: Path, account: Account | None) -> None:
    """Make `folder`, 0700 and owned by the account; one that is there already must be exactly that, never a link."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
            raise Unavailable(
                "database-folder-foreign",
                f"{folder} 已存在，但不是账户 {owner} 的私有目录。",
                remedy="请用建立它的账户启动，或移走该目录。"
                f"Start as the user it belongs to (uid {found.st_uid}), or move it away.",
                facts={"folder": str(folder), "owner": found.st_uid},
            ) from None
        return
    if account:
        os.chown(folder, account.uid, account.gid)


def note(path: Path, text: str, account: Account | None) -> None:
    """Write a small 0600 file anew, owned by the account; whatever stood at its path is replaced, never followed."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if account:
            os.fchown(file.fileno(), account.uid, account.gid)
        file.write(text)


def _name(var_dir: Path) -> str:
    return f"gongxin-{hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]}"


def _socket_folder(var_dir: Path, home: Path, account: Account | None) -> Path:
    """The first folder whose socket path is short enough and which the account can reach."""
    temporary = Path(tempfile.gettempdir()).resolve()
    candidates = [home / "socket", temporary / _name(var_dir), _SHORTEST / _name(var_dir)]
    for folder in candidates:
        short = len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET
        if short and reaches(account, folder.parent, "x"):
            return folder
    raise Unavailable(
        "database-socket-path",
        f"套接字路径过长：{home}。",
        remedy="请把 GONGXIN_VAR 设为较短的路径。Set GONGXIN_VAR to a shorter path.",
    )
