"""Child processes of a command that runs in the foreground: started together, watched, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import typer

from gongxin.errors import Unavailable

_PATIENCE = 15.0
# A child that keeps failing is started again more and more rarely: after 2 s, 4 s, … 1 minute.
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0


@dataclass
class Child:
    """A program to run. comes_back: start it again if it ends; otherwise its end ends everything."""

    name: str
    command: Sequence[str]
    comes_back: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    pause: float = field(default=_FIRST_PAUSE, init=False)

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C reaches the parent only, which ends the children in order."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)

    def start_again(self) -> bool:
        """Start it again if it is time to; False if not yet."""
        lived = time.monotonic() - self.started
        if lived < self.pause:
            return False
        self.pause = _FIRST_PAUSE if lived > _LONGEST_PAUSE else min(2 * self.pause, _LONGEST_PAUSE)
        self.start()
        return True

    def ended(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.process.poll() if self.process else None


class Children:
    """A context: children run inside it and none is left after it."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children

    def __enter__(self) -> Children:
        try:
            for child in self._children:
                child.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def watch(self) -> None:
        """Stay until something ends for good; start again what comes back. Raises Unavailable then."""
        while True:
            self.check()
            time.sleep(0.5)

    def check(self) -> None:
        """One look at all of them."""
        for child in self._children:
            code = child.ended()
            if code is None:
                continue
            if not child.comes_back:
                raise Unavailable(
                    "process-ended",
                    f"进程 {child.name} 意外结束（退出码 {code}）。",
                    remedy="请查看上面的输出后重试。See the lines above and try again.",
                )
            if child.start_again():
                typer.echo(f"进程 {child.name} 已结束（退出码 {code}），重新启动。Started again.", err=True)

    def _end(self) -> None:
        """Ask everybody, wait, then insist; whole groups, so that nothing they started is left either."""
        running = [child.process for child in self._children if child.process]
        for process in running:
            if process.poll() is None:
                process.terminate()
        give_up = time.monotonic() + _PATIENCE
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, give_up - time.monotonic()))
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
