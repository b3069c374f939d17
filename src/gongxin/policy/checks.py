"""Is a pack fit for use: every rule tested, every test passing, nothing left without a rule.

That every rule has a reference is held by the loader: a pack with a rule without one cannot be loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gongxin.policy import packs, rehearsal
from gongxin.policy.model import Reference
from gongxin.policy.pack import Pack


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right. kind: test, untested, cap, repair, calendar."""

    kind: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found. uncertain: rules whose source is marked L, for the reader's information."""

    pack: Pack
    problems: tuple[Problem, ...]
    tests: int
    rules: int
    uncertain: int


def check(name: str, folder: Path) -> Report:
    """Check the pack and its parents. Raises PackError if one of them cannot be loaded at all."""
    pack = packs.load(name, folder)
    outcomes = [outcome for link in pack.chain for outcome in rehearsal.rehearse(packs.load(link, folder), folder)]
    tested = {rule for outcome in outcomes for rule in outcome.rules}
    problems = (
        *(
            Problem("test", outcome.where, f"{outcome.situation}：{missed}")
            for outcome in outcomes
            for missed in outcome.missed
        ),
        *_untested(pack, tested),
        *_uncapped(pack),
        *_unrepaired(pack),
        *(Problem("calendar", f"{year} 年", "工作日历缺这一年") for year in pack.calendar.gaps()),
    )
    uncertain = sum(entry.confidence == "L" for entry in _cited(pack))
    return Report(pack, problems, len(outcomes), len(pack.rules()), uncertain)


def _cited(pack: Pack) -> Iterator[Reference]:
    """Every source the pack names, as often as it rests something on it."""
    yield from (rule.reference for rule in pack.rules())
    yield from (entry.reference for entry in pack.code_lists.values())
    yield from (entry.reference for entry in pack.categories.values())
    yield from (entry.reference for entry in pack.prohibited)
    yield from (basis for entry in pack.items.values() for basis in entry.basis)
    yield from (basis for entry in pack.purposes.values() for basis in entry.basis)


def _untested(pack: Pack, tested: set[str]) -> Iterator[Problem]:
    """Terms, caps, clocks, rules of repair and of keeping, and steps of procedures that no test names."""
    for rule in pack.rules():
        if rule.group in {"terms", "cap", "clock", "repair", "procedure", "retention"} and rule.id not in tested:
            yield Problem("untested", f"规则 {rule.id}", "没有任何测试涉及这条规则")


def _uncapped(pack: Pack) -> Iterator[Problem]:
    """Adverse items whose rules could leave a record public for ever although the pack knows no limit."""
    for item in pack.items.values():
        latest = pack.publicity[item.publicity].regimes[-1]
        endless = any(case.published and case.maximum is None and not case.while_in_force for case in latest.cases)
        if item.adverse and endless and not pack.caps:
            yield Problem("cap", f"目录项 {item.id}", "负面信息没有公示上限")


def _unrepaired(pack: Pack) -> Iterator[Problem]:
    """Adverse items of which no rule says whether they can be repaired, and items of which two rules do."""
    for item in pack.items.values():
        found = sum(item.id in rules.items for rules in pack.repair.values())
        if found > 1 or (item.adverse and not found):
            yield Problem("repair", f"目录项 {item.id}", f"有 {found} 组修复规则，应当恰有一组")
