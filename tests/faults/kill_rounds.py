"""Rounds of kill -9 under load: web, worker, a database process, the database server; at random moments."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.faults.judging import Verdict, idle, judge
from tests.faults.load import Load
from tests.faults.node import Node, kill_group, until, up

# How often each is killed, of a hundred.
# The web processes least: to start them is what takes the time.
SHARES = {"web worker": 16, "web": 8, "intake worker": 24, "database process": 28, "database server": 24}


def victims(rounds: int, seed: int) -> list[str]:
    """Who is killed in which round: the shares, in random order."""
    chance = random.Random(seed)
    drawn = [name for name, share in SHARES.items() for _ in range(-(-share * rounds // 100))]
    chance.shuffle(drawn)
    return drawn[:rounds] if len(drawn) > rounds else drawn


class Rounds:
    """The rounds of one run."""

    def __init__(self, node: Node, load: Load, seed: int) -> None:
        self.node, self.load = node, load
        self.done: Counter[str] = Counter()
        self.slowest: dict[str, float] = {}
        self._chance = random.Random(seed + 1)

    def one(self, victim: str) -> None:
        """Kill, start again what a supervisor would, and wait until both kinds of request are answered again."""
        time.sleep(self._chance.uniform(0.02, 0.3))
        killers: dict[str, Callable[[], None]] = {
            "web worker": self._web_worker,
            "web": self._web,
            "intake worker": self._worker,
            "database process": self._backend,
            "database server": self._postmaster,
        }
        killers[victim]()
        killed = time.monotonic()
        until(self._answered_since(killed), f"answers after {victim} was killed")
        self.done[victim] += 1
        self.slowest[victim] = max(self.slowest.get(victim, 0.0), time.monotonic() - killed)

    def _answered_since(self, instant: float) -> Callable[[], bool]:
        def answered() -> bool:
            self.node.tend()
            return all(self.load.acknowledged(kind, instant) for kind in ("intake", "check"))

        return answered

    def _web_worker(self) -> None:
        until(lambda: bool(self.node.web_workers()), "a web worker to kill")
        _kill(self._chance.choice(self.node.web_workers()))

    def _web(self) -> None:
        if self.node.web:
            kill_group(self.node.web)

    def _worker(self) -> None:
        if self.node.worker:
            kill_group(self.node.worker)

    def _backend(self) -> None:
        until(lambda: up(self.node) and bool(self.node.backends()), "a database process to kill")
        _kill(self._chance.choice(self.node.backends()))

    def _postmaster(self) -> None:
        _kill(self.node.postmaster())
        self.node.start_database()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def _telling(load: Load, say: Callable[[str], None]) -> Iterator[None]:
    """Where something is waited for in vain, what the clients were told last."""
    try:
        yield
    except TimeoutError:
        say(f"answers: {dict(load.told.statuses)}; last failures: {load.failed[-3:]}")
        raise


def run(*, rounds: int, seed: int, seconds: float, say: Callable[[str], None]) -> tuple[Rounds, Load, Verdict]:
    """All rounds, then the drain and the judgement. Raises TimeoutError where something never comes back."""
    begun = time.monotonic()
    with Node() as node:
        with Load(node, seed) as load, _telling(load, say):
            until(lambda: all(load.acknowledged(kind, begun) for kind in ("intake", "check")), "the first answers")
            say(f"  node is up, {time.monotonic() - begun:.0f} s")
            turns = Rounds(node, load, seed)
            for number, victim in enumerate(victims(rounds, seed), start=1):
                if time.monotonic() - begun > seconds:
                    say(f"out of time after {number - 1} rounds")
                    break
                turns.one(victim)
                if number % 10 == 0:
                    say(f"  {number} rounds, {time.monotonic() - begun:.0f} s")
        say(f"  clients ended, {time.monotonic() - begun:.0f} s")
        node.tend()
        until(lambda: idle(node), "every submission finished", 120)
        say(f"  all work done, {time.monotonic() - begun:.0f} s")
        if load.told.wrong:
            say(node.faults("web"))
        return turns, load, judge(node, load.told)
