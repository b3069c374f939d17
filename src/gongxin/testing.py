"""A pytest plugin (`-p gongxin.testing`): one throw-away embedded server for the whole run, in a folder of its own.

The run has keys of its own, too, so that it can seal what a node seals.

It has to act before pytest-django reads the settings, which is earlier than any conftest.py; therefore it is a module
of the package. Workers of pytest-xdist inherit the two environment variables and start nothing.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType

import pytest

from gongxin import clock, embedded
from gongxin.embedded.server import remove
from gongxin.secrecy import keyring, private_files, suites

# Objects made before the collector looks, and how many looks make one of the next kind: a seventh of a run's time.
_GARBAGE = (50_000, 20, 100)
_LOOKING_ONLY = ("--help", "-h", "--version", "-V", "--collect-only", "--co", "--fixtures", "--markers")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None, None, None]:
    """Set GONGXIN_VAR (always) and DATABASE_URL (unless given) before the settings are read."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _prepare(looking_only=any(argument in _LOOKING_ONLY for argument in args))
    yield


def pytest_collection_finish() -> None:
    """What has been imported by now stays to the end: the collector of garbage need not walk over it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _prepare(*, looking_only: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="gongxin-test-")).resolve()
    owner = os.getpid()
    os.environ["GONGXIN_VAR"] = str(folder / "var")
    # What goes well is no news, in this process and in those that tests start; warnings and errors are.
    os.environ.setdefault("GONGXIN_LOG_LEVEL", "WARNING")
    # Frames of a few rows gain nothing from threads, which only get in the way of the other tests.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # No thread of the ledger beside the tests: whoever imports gongxin.wsgi would start it.
    os.environ["GONGXIN_LEDGER_WATCH"] = "0"
    # Registered first, so run last: the server goes before its folder.
    _at_exit_of(owner, lambda: shutil.rmtree(folder, ignore_errors=True))
    private_files.write(folder / "var" / "keys" / "ring.json", keyring.new(suites.chosen(), at=clock.now()).text())
    if os.environ.get("DATABASE_URL") or looking_only:
        return
    # A run that is told to end still takes its server with it.
    signal.signal(signal.SIGTERM, _end)
    server = embedded.start(folder / "db", throw_away=True, echo=_silently)
    _at_exit_of(owner, lambda: remove(server))
    os.environ["DATABASE_URL"] = server.url


def _at_exit_of(owner: int, action: Callable[[], object]) -> None:
    """Run at the end of this process, and not at the end of processes forked from it."""
    atexit.register(lambda: action() if os.getpid() == owner else None)


def _silently(_line: str) -> None:
    """A test run puts its data where it likes and need not say so."""


def _end(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)
