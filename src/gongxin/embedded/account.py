"""The account that PostgreSQL runs under. It refuses to be root, so root's server runs as somebody without rights."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gongxin.errors import Unavailable

_UNPRIVILEGED = ("postgres", "nobody")
# Nothing of the caller's environment reaches the server: no LD_LIBRARY_PATH, no PG*, no secrets.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


@dataclass(frozen=True)
class Account:
    """A user of this machine that programs are run as."""

    name: str
    uid: int
    gid: int


def choose(existing: Path) -> Account | None:
    """The account for a server whose data is (or will be) at `existing`; None: the caller itself, who is not root.

    For root: the owner of the data that is already there, else the user behind sudo, else `postgres`, else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if existing.exists() and existing.stat().st_uid != 0:
        return _by_uid(existing.stat().st_uid)
    behind_sudo = int(os.environ.get("SUDO_UID") or 0)
    if behind_sudo:
        return _by_uid(behind_sudo)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Unavailable(
        "database-account-missing",
        "PostgreSQL 不能以 root 身份运行，而本机没有 postgres 或 nobody 账户。",
        remedy="请改用普通用户运行，或设置 DATABASE_URL。Run as an ordinary user, or set DATABASE_URL.",
    )


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # A number without a name (containers): its group is taken to have the same number.
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def run(
    command: Sequence[str | Path], account: Account | None, *, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a program as `account` from the root folder with a clean environment and its output captured.

    A failing program raises nothing. Raises Unavailable where the machine does not let root change accounts.
    """
    try:
        # The caller's folder may be closed to the account, hence cwd.
        return subprocess.run(
            [str(part) for part in command],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            env=_ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except PermissionError as error:
        raise Unavailable(
            "database-account-refused",
            f"无法以账户 {account.name if account else os.geteuid()} 运行 {command[0]}：{error.strerror}。",
            remedy="请改用普通用户运行，或设置 DATABASE_URL。Run as an ordinary user, or set DATABASE_URL.",
        ) from error


def reaches(account: Account | None, path: Path, access: str) -> bool:
    """Whether the account can use `path`, asked of the machine itself (parents, ACLs, mounts). access: r, w or x."""
    if account is None:
        return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[access])
    return run(["/bin/sh", "-c", f'test -{access} "$1"', "sh", path], account).returncode == 0
