"""All the node writes lies on a small disk, and that runs full: no partial write, reads go on, back by itself."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from tests.faults.judging import Verdict, idle, judge
from tests.faults.load import Answer, Load
from tests.faults.node import Node, until

_SIZE = "640m"


@dataclass
class Found:
    """What came of it: answers while the disk was full by kind, and what was wrong."""

    full: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: bool, what: str) -> None:
        """Note it unless it holds."""
        if not holds:
            self.wrong.append(what)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A tmpfs of its own; None where this machine does not let us mount one."""
    folder = Path(tempfile.mkdtemp(prefix="gongxin-small-")).resolve()
    folder.chmod(0o755)
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


def run(disk: Path, *, seed: int) -> tuple[Found, Verdict]:
    """Fill the disk under a running node, try everything, make room, try again."""
    found = Found()
    with Node(disk) as node:
        load = Load(node, seed, intake=0, checks=0, pages=0)
        _hand_in(load, 1)
        _wal_in_reserve(node)
        web = set(node.web_workers())
        with _filled(disk):
            _while_full(node, load, found, disk)
        for number, rows in ((2, 3), (3, 60), (4, 3)):
            until(partial(_taken_in, load, number, rows), "intake after room was made", 30)
        until(lambda: idle(node), "every submission finished", 120)
        found.expect(_get(node, "/healthz") == 200, "/healthz does not recover")
        node.run("-m", "gongxin", "backup", str(disk / "backup"))
        found.expect(
            "备份完整" in node.run("-m", "gongxin", "backup", "verify", str(disk / "backup")), "backup afterwards"
        )
        found.expect(set(node.web_workers()) == web, "the web processes are not the same any more")
        _whole_files(node, found)
        return found, judge(node, load.told)


def _while_full(node: Node, load: Load, found: Found, disk: Path) -> None:
    for number, rows in ((2, 3), (3, 60)):
        answer = _hand_in(load, number, rows)
        found.full[f"hand in {rows} rows"] = f"{answer.status} {answer.content.get('code', '')}"
        found.expect(answer.status == 503 and "retry-after" in answer.headers, f"hand-in on a full disk: {answer}")
    said = node.run("-m", "gongxin", "backup", str(disk / "backup"), check=False)
    found.full["backup"] = said.split()[0] if said else ""
    found.expect("storage-full" in said, f"backup on a full disk: {said}")
    found.expect(not list(disk.glob("backup*")), "a broken-off backup was left")
    for path in (
        "/",
        "/disclosures/penalty",
        "/search?q=%E6%B3%BD%E5%B7%9D",
        "/api/v1/organisations?q=91000000MA0000019X",
    ):
        status = _get(node, path)
        found.full[f"GET {path}"] = str(status)
        found.expect(status == 200, f"{path} on a full disk: {status}")
    health = _get(node, "/healthz")
    found.full["GET /healthz"] = str(health)
    found.expect(health == 503, f"/healthz on a full disk: {health}")


def _taken_in(load: Load, number: int, rows: int) -> bool:
    return _hand_in(load, number, rows).status in (201, 202)


def _hand_in(load: Load, number: int, rows: int = 3) -> Answer:
    """One file; a client that gets no acknowledgement sends it again later."""
    return load.hand_in(number, rows)


def _wal_in_reserve(node: Node) -> None:
    """The log of the server has a segment in reserve, as it has on a node that has been running for a while."""
    with psycopg.connect(node.server.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CREATE TABLE small_disk AS SELECT 1")
        connection.execute("DROP TABLE small_disk")
        connection.execute("CHECKPOINT")


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    """Not a byte is left while it lasts."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        ballast.unlink()


def _get(node: Node, path: str) -> int:
    # Longer than a round trip of /healthz holds.
    time.sleep(1.1 if path == "/healthz" else 0)
    return node.get(path)


def _whole_files(node: Node, found: Found) -> None:
    """Every kept original is what its name says, and nothing half written lies about."""
    for path in (node.var / "files").rglob("*"):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found.expect(digest == path.name, f"partial file {path.relative_to(node.var)}")


def told(found: Found) -> str:
    """What was answered while the disk was full."""
    return json.dumps(found.full, ensure_ascii=False)
