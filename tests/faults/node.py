"""A node under test: its own embedded server with durable settings, web processes and a worker, all in one folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg

from gongxin import embedded
from gongxin.embedded.server import Server, answers, remove

HERE = Path(__file__).resolve().parent
# Files of more rows than this go to the worker.
INLINE_BYTES = 4096
_PATIENCE = 60.0


def quietly(_line: str) -> None:
    """Where the data lie is of no interest here."""


class Node:
    """Start it with `with`; whatever happens inside, nothing of it is left."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = Path(tempfile.mkdtemp(prefix="gongxin-faults-")).resolve()
        self._own.chmod(0o755)
        self.var = (folder or self._own) / "var"
        self.port = _free_port()
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "GONGXIN_VAR": str(self.var),
            "GONGXIN_DEMO": "1",
            "GONGXIN_INTAKE_INLINE_BYTES": str(INLINE_BYTES),
            "GONGXIN_LIMITS": "submit=none,check=none,lookup=none,page=none",
            "DJANGO_SETTINGS_MODULE": "gongxin.settings",
        }
        self.server: Server
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.key = self.purpose = ""

    def __enter__(self) -> Node:
        try:
            self.server = embedded.start(self.var, echo=quietly)
            self.run("-m", "gongxin", "database", "migrate")
            self.run("-m", "gongxin", "ledger", "keys", "faults.example/ledger")
            told = json.loads(self.run(str(HERE / "prepare.py")))
            self.key, self.purpose = told["key"], told["purpose"]
            self.start_web()
            self.start_worker()
            until(lambda: self.get("/livez") == HTTPStatus.OK, "the web server")
        except BaseException:
            self._tell()
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._tell()
        self._end()

    def run(self, *arguments: str, check: bool = True) -> str:
        """What a Python program of this node says."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout if done.returncode == 0 else done.stdout + done.stderr

    def log(self, name: str) -> Path:
        """Where a process of the node writes."""
        return self._own / f"{name}.log"

    def get(self, path: str) -> int:
        """The status of a page; 0 where nobody answers."""
        caller = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            caller.request("GET", path)
            response = caller.getresponse()
            response.read()
        except (OSError, HTTPException):
            return 0
        finally:
            caller.close()
        return response.status

    def _tell(self) -> None:
        for name in ("web", "worker"):
            sys.stderr.write(f"--- {name}\n{self.tail(name)}\n")

    def tail(self, name: str, lines: int = 30) -> str:
        """The last that a process of the node wrote."""
        path = self.log(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def faults(self, name: str, lines: int = 60) -> str:
        """The last errors that a process of the node wrote, with what stands below them."""
        path = self.log(name)
        told = path.read_text(errors="replace").splitlines() if path.exists() else []
        starts = [place for place, line in enumerate(told) if " error " in line]
        return "\n".join(line for place in starts[-4:] for line in told[place : place + lines // 4])

    def start_web(self) -> None:
        """As `gongxin demo` runs it."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "2", "--blocking-threads", "2", "--no-ws"]
        command += ["--log-level", "warning", "--respawn-failed-workers", "--workers-kill-timeout", "5"]
        self.web = self._started("web", [*command, "gongxin.wsgi:application"])

    def start_worker(self) -> None:
        """The worker with a short patience."""
        self.worker = self._started("worker", [sys.executable, str(HERE / "worker.py")])

    def _started(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as log:
            return subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def tend(self) -> None:
        """What a supervisor does: start again what has ended."""
        if self.web and self.web.poll() is not None:
            kill_group(self.web)
            self.start_web()
        if self.worker and self.worker.poll() is not None:
            self.start_worker()

    def start_database(self) -> None:
        """After its postmaster was killed."""
        self.server = embedded.start(self.var, echo=quietly)

    def postmaster(self) -> int:
        """Process id of the database server."""
        return int((self.server.place.data / "postmaster.pid").read_text().splitlines()[0])

    def backends(self) -> list[int]:
        """Processes of the database server that work for the node."""
        question = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        with psycopg.connect(self.server.url, connect_timeout=5) as connection:
            return [pid for (pid,) in connection.execute(question.encode())]

    def web_workers(self) -> list[int]:
        """Processes that answer requests."""
        if self.web is None:
            return []
        listed = subprocess.run(["ps", "-axo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return [int(row[0]) for row in rows if int(row[1]) == self.web.pid and "resource_tracker" not in row[2]]

    def ask(self, question: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows of the node's database."""
        with psycopg.connect(self.server.url, connect_timeout=5) as connection:
            return connection.execute(question.encode(), parameters or None).fetchall()

    def _end(self) -> None:
        for process in (self.web, self.worker):
            if process is not None:
                kill_group(process)
        found = embedded.find(self.var)
        if found is not None:
            with suppress(Exception):
                remove(found)
        shutil.rmtree(self._own, ignore_errors=True)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """kill -9 a process and everything it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE) -> None:
    """Wait for it. Raises TimeoutError naming it."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.05)


def up(node: Node) -> bool:
    """Whether its database answers."""
    return answers(node.server.url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
