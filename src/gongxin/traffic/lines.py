"""Lines of requests on their way to standard error: gathered for a tenth of a second, then written at once.

Writing lets go of the interpreter; with several threads at work, a write for every request cost a look-up more than
everything else at the door together. A thread of its own writes instead. A process that is killed loses the lines of
its last tenth of a second; what has to be kept is in the ledger, in the transaction of what it tells.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from typing import Final

# How long a line waits at most, in seconds.
PAUSE: Final = 0.1


class Lines:
    """A gatherer. Starts its thread with the first line, in the process that writes it (also after a fork)."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._there = threading.Event()
        self._starting = threading.Lock()
        self._owner = 0

    def add(self, line: str) -> None:
        """Take a line, its end included."""
        self._waiting.append(line)
        if not self._there.is_set():
            self._there.set()
        if self._owner != os.getpid():
            self._start()

    def flush(self) -> None:
        """Write what waits now."""
        gathered = []
        while self._waiting:
            try:
                gathered.append(self._waiting.popleft())
            # Another thread was quicker.
            except IndexError:
                break
        if gathered:
            sys.stderr.write("".join(gathered))
            sys.stderr.flush()

    def _start(self) -> None:
        with self._starting:
            if self._owner != os.getpid():
                self._owner = os.getpid()
                threading.Thread(target=self._write, name="lines of requests", daemon=True).start()
                atexit.register(self.flush)

    def _write(self) -> None:
        while True:
            self._there.wait()
            time.sleep(PAUSE)
            self._there.clear()
            self.flush()


gathered: Final = Lines()
