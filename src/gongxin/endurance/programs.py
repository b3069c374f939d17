"""pg_dump and pg_restore of a version that fits the server, run as this account with a clean environment."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from django.db import connection
from psycopg.conninfo import make_conninfo

from gongxin.embedded.programs import client
from gongxin.errors import Unavailable

_SAID: Final = 6
_LOOK: Final = 0.3


def server_major() -> int:
    """The major version of the server behind Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def run(
    name: str,
    arguments: Sequence[str | Path],
    *,
    at_least: int,
    database: str | None = None,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Run a PostgreSQL client program; `tick` is called while it works.

    at_least: oldest major version that will do. database: connect to it on Django's server; the password goes by the
    environment, never by the command line. Raises Unavailable with what the program said when it fails.
    """
    command: list[str | Path] = [client(name, at_least=at_least)]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}
    if database is not None:
        target, password = _conninfo(database)
        command.append(f"--dbname={target}")
        environment |= {"PGPASSWORD": password} if password else {}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(part) for part in (*command, *arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _wait(process, tick)
        if process.returncode != 0:
            said.seek(0)
            raise _failed(name, said.read().decode(errors="replace"))


def _wait(process: subprocess.Popen[bytes], tick: Callable[[], None]) -> None:
    """Until it ends; a break on our side ends it too."""
    try:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_LOOK)
            tick()
    except BaseException:
        process.kill()
        process.wait()
        raise


def _conninfo(database: str) -> tuple[str, str]:
    """Where Django's server is, with another database's name; and the password apart."""
    given: dict[str, Any] = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER"}
    parts = {name: given[key] for name, key in names.items() if given[key]}
    options = {name: value for name, value in given["OPTIONS"].items() if isinstance(value, str)}
    return make_conninfo("", **parts, **options, dbname=database), str(given["PASSWORD"] or "")


def _failed(name: str, said: str) -> Unavailable:
    lines = "\n".join(said.strip().splitlines()[-_SAID:])
    full = "No space left on device" in said
    return Unavailable(
        "storage-full" if full else "database-program-failed",
        f"{name} 未能完成：\n{lines}\n",
        remedy="磁盘空间不足，请腾出空间后重试。" if full else "请按上面的提示处理后重试；原有数据没有改动。",
    )
