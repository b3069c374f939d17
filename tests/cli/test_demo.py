"""`gongxin demo` from nothing to a served page and back to nothing, as a newcomer runs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from pytest_django import Settings
from typer.testing import CliRunner

from gongxin import embedded
from gongxin.cli import demo
from gongxin.embedded.server import answers, remove

_PATIENCE = 180


@pytest.fixture
def var_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gongxin-demo-")).resolve()
    folder.chmod(0o755)
    yield folder / "var"
    found = embedded.find(folder / "var")
    if found:
        remove(found)
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """A running `gongxin demo`; whatever happens in the block, it and its children are gone afterwards."""

    def __init__(self, var_dir: Path) -> None:
        self.port = free_port()
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"GONGXIN_VAR": str(var_dir), "PORT": str(self.port), "GONGXIN_SAMPLE_ORGANISATIONS": "300"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gongxin", "demo"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def __enter__(self) -> Demo:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def until_ready(self) -> str:
        """What it said until Ctrl-C was offered."""
        assert self.process.stdout is not None
        too_long = threading.Timer(_PATIENCE, self.process.terminate)
        too_long.start()
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C" in line:
                break
        too_long.cancel()
        text = "".join(self.said)
        assert f"http://127.0.0.1:{self.port}/" in text, text
        return text

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        return self.process.returncode


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [(int(child), int(parent)) for child, parent in (line.split() for line in listed.splitlines())]
    found = [child for child, parent in parents if parent == pid]
    return found + [grandchild for child in found for grandchild in children_of(child)]


def running() -> set[int]:
    """All processes but those that have ended and wait to be collected."""
    listed = subprocess.run(["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    return {int(pid) for pid, state in (line.split() for line in listed.splitlines()) if not state.startswith("Z")}


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to count processes with")
@pytest.mark.long
def test_from_nothing_to_a_served_city_and_back(var_dir: Path) -> None:
    with Demo(var_dir) as first:
        said = first.until_ready()
        assert "market" in said, "accounts are printed"
        handed_in = [line for line in said.splitlines() if "：报送 " in line]
        assert len(handed_in) > 12
        taken = ("：新增 ", "：已接收 ")
        assert [line for line in handed_in if not any(word in line for word in taken)] == [], "processed at once"
        home = HTTPConnection("127.0.0.1", first.port, timeout=20)
        home.request("GET", "/")
        answer = home.getresponse()
        assert answer.status == 200
        assert "公信" in answer.read().decode()
        home.close()
        found = embedded.find(var_dir)
        assert found is not None
        assert answers(found.url)
        children = children_of(first.process.pid)
        assert len(children) >= 2, "the web server and the worker"
        assert f"http://127.0.0.1:{first.port}/" in refused_while_running(var_dir)
        assert first.end(signal.SIGINT) == 0
    assert not answers(found.url)
    assert set(children) & running() == set()
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        attempt.bind(("127.0.0.1", first.port))

    with Demo(var_dir) as second:
        assert "：新增 " not in second.until_ready(), "what was handed in is not handed in again"
        assert second.end(signal.SIGTERM) == 0
    assert not answers(found.url)


def refused_while_running(var_dir: Path) -> str:
    with Demo(var_dir) as other:
        said, _ = other.process.communicate(timeout=60)
        assert other.process.returncode == 1
    return said


def test_taken_port_is_said_before_anything_is_started(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = CliRunner().invoke(demo.app, ["--port", str(port)])
    assert outcome.exit_code == 1
    assert "port-taken" in outcome.output
    assert f"PORT={port + 1} make demo" in outcome.output
    assert "准备数据库" not in outcome.output
