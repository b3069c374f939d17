"""What the rules look at in a decision, and which case of a rule it falls under; for one decision and for columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeVar

from gongxin.policy.model import CodeList
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import (
    PublicityCap,
    PublicityCase,
    PublicityFacts,
    PublicityRegime,
    PublicityRules,
    SeverityCase,
    SeverityRegime,
    SeverityRules,
    When,
)

ENDED: Final = "ended"
_SURE_MARKS: Final = re.compile("[;；]")
_OTHER_MARKS: Final = re.compile("[,，、]")


@dataclass(frozen=True, slots=True)
class Facts:
    """One decision in the words of the rules: severity and procedure in English, kinds as codes; empty for unknown."""

    severity: str
    procedure: str
    field_of_law: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """One upper bound of the interval. last: last public day, None for no end, before the decision for «not at all».

    later: the rule began after the decision, so that the bound is the eve of its first day at the earliest.
    """

    last: date | None
    rule: PublicityCase | PublicityCap
    regime: PublicityRegime | None
    later: bool


class _Case(Protocol):
    @property
    def when(self) -> When: ...


Chosen = TypeVar("Chosen", bound=_Case)


def facts_of(pack: Pack, given: PublicityFacts, kinds: str) -> Facts:
    """The facts in the words of the rules. kinds: id of the code list of the kinds, "" where they do not matter."""
    return Facts(
        severity=meaning(pack, "severity", given.severity),
        procedure=meaning(pack, "procedure", given.procedure),
        field_of_law=given.field_of_law,
        kinds=split_kinds(pack.code_lists.get(kinds), ";".join(given.kinds)),
    )


def meaning(pack: Pack, list_id: str, text: str) -> str:
    """The rules' word for a code, label or alias of a list; "" where there is none (an unknown word, nothing)."""
    found = pack.code_lists.get(list_id)
    entry = found.resolve(text) if found and text else None
    return entry.means if entry else ""


def meanings(code_list: CodeList | None) -> dict[str, str]:
    """Every code, label and alias of a list with the rules' word for it."""
    entries = code_list.codes if code_list else ()
    return {word: entry.means for entry in entries for word in (entry.code, entry.label, *entry.aliases) if entry.means}


def remark_pattern(code_list: CodeList | None) -> str:
    """A regular expression for codes with a remark behind («其他-说明»), up to the next semicolon; "" if none."""
    entries = code_list.codes if code_list else ()
    words = [re.escape(word) for entry in entries if entry.with_remark for word in (entry.code, *entry.aliases)]
    return f"({'|'.join(words)})[ ]*[-—－:：(（][^;；]*" if words else ""


def split_kinds(code_list: CodeList | None, text: str) -> tuple[str, ...]:
    """The kinds in a cell as codes, sorted; words that are no codes stay as they are.

    Semicolons part kinds always; commas and 、 only where the whole is no code, as codes of the old law contain 、.
    """
    if code_list is None:
        return ()
    pattern = remark_pattern(code_list)
    plain = re.sub(pattern, r"\1", text) if pattern else text
    words: list[str] = []
    for part in _SURE_MARKS.split(plain):
        entry = code_list.resolve(part.strip())
        words += [entry.code] if entry else [_code(code_list, word.strip()) for word in _OTHER_MARKS.split(part)]
    return tuple(sorted({word for word in words if word}))


def _code(code_list: CodeList, word: str) -> str:
    entry = code_list.resolve(word)
    return entry.code if entry else word


def holds(when: When, facts: Facts) -> bool:
    """True if all conditions hold. A condition on something unknown does not hold."""
    plain = (
        (when.severity, facts.severity),
        (when.procedure, facts.procedure),
        (when.field_of_law, facts.field_of_law),
    )
    kinds = set(facts.kinds)
    return (
        all(not wanted or value in wanted for wanted, value in plain)
        and (not when.any_kind or bool(kinds & set(when.any_kind)))
        and (not when.only_kinds or (bool(kinds) and kinds <= set(when.only_kinds)))
    )


def choose(cases: Iterable[Chosen], facts: Facts) -> Chosen:
    """The first case that holds; the loader guarantees that the last one always does."""
    return next(case for case in cases if holds(case.when, facts))


def severity_on(rules: SeverityRules, facts: Facts, day: date) -> SeverityCase | None:
    """The case of the classification in force on `day`; None before the first regime or where no case holds."""
    regime = next((entry for entry in rules.regimes if _in_force(entry, day)), None)
    return next((case for case in regime.cases if holds(case.when, facts)), None) if regime else None


def _in_force(regime: SeverityRegime, day: date) -> bool:
    return (regime.since or date.min) <= day <= (regime.until or date.max)


def cases_by_regime(pack: Pack, rules: PublicityRules, facts: Facts) -> Sequence[PublicityCase]:
    """The case of each regime the facts fall under. An unmarked severity is classified by the rule of that time."""
    return [choose(regime.cases, _classified(pack, rules, facts, regime.since or date.min)) for regime in rules.regimes]


def _classified(pack: Pack, rules: PublicityRules, facts: Facts, day: date) -> Facts:
    if facts.severity or not rules.severity:
        return facts
    case = severity_on(pack.severity[rules.severity], facts, day)
    severity = case.severity if case else ""
    return Facts(severity, facts.procedure, facts.field_of_law, facts.kinds)
