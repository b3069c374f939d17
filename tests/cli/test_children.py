"""Children of a foreground command: watched, started again, and none left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from gongxin.cli import children
from gongxin.cli.children import Child, Children
from gongxin.errors import Unavailable


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


SLEEPER = python("import time; time.sleep(60)")


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and is not yet collected still has a number.
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def eventually(condition: object, seconds: float = 10) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if callable(condition) and condition():
            return True
        time.sleep(0.05)
    return False


def test_none_is_left_after_the_block() -> None:
    with Children([Child("one", SLEEPER), Child("two", SLEEPER)]) as both:
        both.check()
        pids = [child.process.pid for child in both._children if child.process]
        assert len(pids) == 2
    assert not any(runs(pid) for pid in pids)


def test_what_a_child_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_PATIENCE", 0.5)
    stubborn = (
        "import signal, subprocess, sys, pathlib, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(grandchild.pid)); time.sleep(60)"
    )
    with Children([Child("stubborn", python(stubborn))]):
        assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        grandchild = int((tmp_path / "pid").read_text())
        assert runs(grandchild)
    assert eventually(lambda: not runs(grandchild))


def test_end_of_a_child_that_does_not_come_back_is_said() -> None:
    with (
        Children([Child("web", python("raise SystemExit(3)"))]) as one,
        pytest.raises(Unavailable, match="web") as said,
    ):
        one.watch()
    assert "3" in said.value.title


def test_one_that_comes_back_is_started_again_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child("worker", python("raise SystemExit(1)"), comes_back=True)
    child.pause = 0.05
    with Children([child]) as one:
        first = child.process
        assert first is not None
        first.wait(timeout=30)
        time.sleep(0.06)
        one.check()
        assert child.process is not first
        assert child.pause == pytest.approx(0.1)
    assert "worker" in capsys.readouterr().err


def test_a_command_that_cannot_be_started_leaves_no_other_running() -> None:
    good, bad = Child("good", SLEEPER), Child("bad", ["/no/such/program"])
    with pytest.raises(FileNotFoundError), Children([good, bad]):
        pass
    assert good.process is not None
    assert good.process.poll() is not None
