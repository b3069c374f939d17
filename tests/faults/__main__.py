"""`make test-faults`: kill -9, a restarted database, a full disk. Exit code 1 if anything is lost or half done."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import time

from tests.faults import full_disk, kill_rounds, restart
from tests.faults.judging import Verdict
from tests.faults.node import Node

_PARTS = ("kill", "restart", "disk")


def main() -> int:
    """Run what was asked for; 0 if nothing was lost, half done or stuck."""
    asked = _arguments()
    # Whoever ends us early ends what we started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begun = time.monotonic()
    _say(f"seed {asked.seed} (python -m tests.faults --seed {asked.seed})")
    parts = {"kill": _kill, "restart": _restart, "disk": _disk}
    outcomes = [parts[name](asked) for name in _PARTS if name in asked.parts]
    good = all(outcomes)
    _say(f"{'all well' if good else 'FAILED'} after {time.monotonic() - begun:.0f} s")
    return 0 if good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=_PARTS, help="kill, restart, disk (default: all)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600, help="No round begins after this time.")
    parser.add_argument("--some", action="store_true", help="Fewer rounds than asked for are enough, if all is well.")
    return parser.parse_args()


def _kill(asked: argparse.Namespace) -> bool:
    _say("kill -9 under load")
    turns, load, verdict = kill_rounds.run(rounds=asked.rounds, seed=asked.seed, seconds=asked.seconds, say=_say)
    _say(f"  {'killed':<18}{'rounds':>8}{'slowest to answer again, s':>30}")
    for name in kill_rounds.SHARES:
        _say(f"  {name:<18}{turns.done[name]:>8}{turns.slowest.get(name, 0.0):>30.1f}")
    total = sum(turns.done.values())
    _say(f"  {'in all':<18}{total:>8}")
    _say("  answers: " + ", ".join(f"{kind} {status}: {n}" for (kind, status), n in sorted(load.told.statuses.items())))
    return _judged(verdict, sorted(set(load.told.wrong))) and total >= (1 if asked.some else asked.rounds)


def _restart(asked: argparse.Namespace) -> bool:
    _say("database restarted under load")
    with Node() as node:
        seen, verdict = restart.run(node, seed=asked.seed)
    away = ", ".join(f"{seconds:.1f}" for seconds in seen.away)
    _say(f"  away {away} s; {seen.told} requests told 503 with Retry-After; {len(seen.late)} failed later")
    return _judged(verdict, [*seen.wrong, *(f"late: {answer}" for answer in seen.late)])


def _disk(asked: argparse.Namespace) -> bool:
    _say("full disk")
    with full_disk.small_disk() as disk:
        if disk is None:
            _say("  SKIPPED: this machine does not let us mount a tmpfs")
            return True
        found, verdict = full_disk.run(disk, seed=asked.seed)
    _say(f"  while full: {full_disk.told(found)}")
    return _judged(verdict, found.wrong)


def _judged(verdict: Verdict, wrong: list[str]) -> bool:
    _say(f"  acknowledged: {verdict.acknowledged} submissions, {verdict.checks} checks")
    _say(f"  lost: {len(verdict.lost)}   half done: {len(verdict.half)}   longest stuck: {verdict.longest:.1f} s")
    counted, most = verdict.interruptions
    _say(f"  interruptions counted: {counted}, {most} at most against one file   refused for them: {verdict.refused}")
    for line in [*verdict.lost, *verdict.half, *wrong][:20]:
        _say(f"  ! {line}")
    return verdict.good and not wrong


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
