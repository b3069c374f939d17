"""The database server is restarted under load: nobody but those in flight notices, and nobody restarts the web."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.judging import Verdict, idle, judge
from tests.faults.load import Answer, Load
from tests.faults.node import Node, until, up

from gongxin.embedded.account import choose
from gongxin.embedded.account import run as run_program
from gongxin.embedded.programs import find

# After the server answers again, a connection that was being made may still learn of the outage.
_GRACE = 1.0


@dataclass
class Restarts:
    """What came of it. away: seconds each restart took; told: requests answered 503; late: failures after the end."""

    away: list[float] = field(default_factory=list)
    told: int = 0
    late: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def run(node: Node, *, seed: int, times: int = 3) -> tuple[Restarts, Verdict]:
    """Restart `times` times while clients hand in, ask and read. Raises TimeoutError where no answer comes back."""
    seen = Restarts()
    with Load(node, seed) as load:
        until(_answered(load, time.monotonic()), "the first answers")
        web = (node.web.pid if node.web else 0, set(node.web_workers()))
        for _ in range(times):
            _one(node, load, seen)
        if (node.web.pid if node.web else 0, set(node.web_workers())) != web:
            seen.wrong.append("the web processes are not the same any more")
    node.tend()
    until(lambda: idle(node), "every submission finished", 120)
    seen.wrong += sorted(set(load.told.wrong))
    return seen, judge(node, load.told)


def _one(node: Node, load: Load, seen: Restarts) -> None:
    time.sleep(0.5)
    begun, before = time.monotonic(), len(load.failed)
    _restart(node)
    until(lambda: up(node), "the database server")
    back = time.monotonic()
    seen.away.append(back - begun)
    until(_answered(load, back + _GRACE, node), "answers after the restart")
    failed = load.failed[before:]
    seen.told += sum(answer.status == 503 for answer in failed)
    seen.late += [answer for answer in failed if answer.began > back + _GRACE]
    seen.wrong += [
        f"no answer at all, began {answer.began - begun:.1f} s after" for answer in failed if not answer.status
    ]


def _answered(load: Load, instant: float, node: Node | None = None) -> Callable[[], bool]:
    def answered() -> bool:
        if node is not None and node.worker and node.worker.poll() is not None:
            node.tend()
        return all(load.acknowledged(kind, instant) for kind in ("intake", "check", "page"))

    return answered


def _restart(node: Node) -> None:
    """As an operator does it: pg_ctl restart."""
    place = node.server.place
    account = choose(place.data)
    major = int((place.data / "PG_VERSION").read_text())
    programs = find(account, copies=place.programs, major=major)
    command = [programs / "pg_ctl", "restart", "-D", place.data, "-l", place.log, "-m", "fast", "-w"]
    done = run_program(command, account, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
