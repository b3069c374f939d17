"""Readers of the dated rules: publicity terms, the cap, classification of severity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, get_args

from gongxin.policy.lists import period, reference, title_en
from gongxin.policy.model import CodeList, Severity
from gongxin.policy.reading import Node
from gongxin.policy.regimes import (
    PublicityCap,
    PublicityCase,
    PublicityRegime,
    PublicityRules,
    SeverityCase,
    SeverityRegime,
    SeverityRules,
    When,
)

SEVERITIES = get_args(Severity)
PROCEDURES: Final = ("simple", "ordinary")
_CONDITIONS: Final = ("severity", "procedure", "field_of_law", "any_kind", "only_kinds")
_TERM_KEYS: Final = ("published", "min", "max", "anchor", "while_in_force", "exit_shown")


@dataclass(frozen=True)
class Vocabulary:
    """The code lists that conditions may draw their words from, and the classifications that terms may name."""

    code_lists: dict[str, CodeList]
    severity: Collection[str] = ()

    def codes(self, list_id: str) -> list[str]:
        """The codes of a list, none where the pack has no such list."""
        found = self.code_lists.get(list_id)
        return [entry.code for entry in found.codes] if found else []


def publicity_rules(node: Node, pack: str, *, words: Vocabulary) -> PublicityRules:
    """A set of publicity terms: regimes without gap or overlap."""
    keys = node.mapping(
        ["id", "title", "regimes"], ["title_en", "severity", "kinds", "unknown_end", "capped", "replaces"]
    )
    kinds = words.codes(keys["kinds"].choice(words.code_lists)) if "kinds" in keys else []
    nodes = keys["regimes"].sequence()
    regimes = tuple(_publicity_regime(member, words, kinds) for member in nodes)
    check_dates([(regime.since, regime.until) for regime in regimes], nodes, node)
    _check_case_ids(regimes, nodes)
    return PublicityRules(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        regimes=regimes,
        severity=keys["severity"].choice(words.severity) if "severity" in keys else "",
        kinds=keys["kinds"].text() if "kinds" in keys else "",
        unknown_end=keys["unknown_end"].choice(("decided_on", "open")) if "unknown_end" in keys else "decided_on",
        capped=keys["capped"].boolean() if "capped" in keys else False,
        pack=pack,
    )


def _publicity_regime(node: Node, words: Vocabulary, kinds: list[str]) -> PublicityRegime:
    keys = node.mapping(["from", "title", "cases"], ["until", "title_en"])
    since, until = period(keys, "from")
    cases = tuple(_publicity_case(member, words, kinds) for member in keys["cases"].sequence())
    return PublicityRegime(since, until, keys["title"].text(), title_en(keys), cases)


def _publicity_case(node: Node, words: Vocabulary, kinds: list[str]) -> PublicityCase:
    keys = node.mapping(["id", "title", "term", "reference"], ["title_en", "when"])
    term = keys["term"].mapping([], _TERM_KEYS)
    minimum = term["min"].optional_integer() if "min" in term else None
    maximum = term["max"].optional_integer() if "max" in term else None
    if minimum is not None and maximum is not None and maximum < minimum:
        raise term["max"].error(
            "pack-term-reversed", f"最长 {maximum} 个月短于最短 {minimum} 个月。", remedy="请核对两个期限（单位为月）。"
        )
    return PublicityCase(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        when=when(keys["when"], words, kinds) if "when" in keys else When(),
        published=term["published"].boolean() if "published" in term else True,
        minimum=minimum,
        maximum=maximum,
        anchor=term["anchor"].choice(("decided_on", "acted_until")) if "anchor" in term else "decided_on",
        while_in_force=term["while_in_force"].boolean() if "while_in_force" in term else False,
        exit_shown=term["exit_shown"].boolean() if "exit_shown" in term else True,
        reference=reference(keys["reference"]),
    )


def when(node: Node, words: Vocabulary, kinds: list[str]) -> When:
    """Conditions; every word must be one the facts can have."""
    keys = node.mapping([], _CONDITIONS)
    allowed = {
        "severity": list(SEVERITIES),
        "procedure": list(PROCEDURES),
        "field_of_law": words.codes("field-of-law"),
        "any_kind": kinds,
        "only_kinds": kinds,
    }
    return When(**{name: value.choices(allowed[name]) for name, value in keys.items()})


def cap(node: Node, pack: str) -> PublicityCap:
    """An upper limit in months from the end of the act."""
    keys = node.mapping(["id", "title", "from", "months", "reference"], ["title_en", "until", "replaces"])
    since, until = period(keys, "from")
    return PublicityCap(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        since=since,
        until=until,
        months=keys["months"].integer(),
        reference=reference(keys["reference"]),
        pack=pack,
    )


def severity_rules(node: Node, pack: str, *, words: Vocabulary) -> SeverityRules:
    """A dated classification."""
    keys = node.mapping(["id", "title", "kinds", "regimes"], ["title_en", "replaces"])
    kinds = keys["kinds"].choice(words.code_lists)
    nodes = keys["regimes"].sequence()
    regimes = tuple(_severity_regime(member, words, words.codes(kinds)) for member in nodes)
    check_dates([(regime.since, regime.until) for regime in regimes], nodes, node)
    return SeverityRules(keys["id"].text(), keys["title"].text(), title_en(keys), kinds, regimes, pack)


def _severity_regime(node: Node, words: Vocabulary, kinds: list[str]) -> SeverityRegime:
    keys = node.mapping(["from", "cases"], ["until"])
    since, until = period(keys, "from")
    return SeverityRegime(
        since, until, tuple(_severity_case(member, words, kinds) for member in keys["cases"].sequence())
    )


def _severity_case(node: Node, words: Vocabulary, kinds: list[str]) -> SeverityCase:
    keys = node.mapping(["severity", "reference"], ["when"])
    return SeverityCase(
        when=when(keys["when"], words, kinds) if "when" in keys else When(),
        severity=keys["severity"].choice(SEVERITIES),
        reference=reference(keys["reference"]),
    )


def check_dates(periods: list[tuple[date | None, date | None]], nodes: list[Node], whole: Node) -> None:
    """Regimes follow each other day on day; only the first may be open at its start and only the last at its end."""
    if not periods:
        raise whole.error("pack-no-regime", "没有任何时段。", remedy="请至少写一个时段（from、cases）。")
    for number in range(1, len(periods)):
        ended, began, node = periods[number - 1][1], periods[number][0], nodes[number]
        if ended is None or began is None or began <= ended:
            raise node.error(
                "pack-overlapping-dates",
                f"时段自 {began or '最早'} 起，与上一时段（至 {ended or '不限'}）重叠。",
                remedy="请把上一时段的 until 写成本时段 from 的前一天，并按日期先后排列。",
            )
        if began != ended + timedelta(days=1):
            raise node.error(
                "pack-gap-in-dates",
                f"{ended} 与 {began} 之间没有规则。",
                remedy="请让时段首尾相接；确无规则的期间也要写成一个时段并说明。",
            )
    if periods[-1][1] is not None:
        raise nodes[-1].error(
            "pack-gap-in-dates",
            f"{periods[-1][1]} 之后没有规则。",
            remedy="最后一个时段请写 until: null，或者补上后续时段。",
        )


def _check_case_ids(regimes: tuple[PublicityRegime, ...], nodes: list[Node]) -> None:
    """Ids are named in records: unique in the rule set; the last case of a regime takes everything that is left."""
    taken: set[str] = set()
    for regime, node in zip(regimes, nodes, strict=True):
        for case in regime.cases:
            if case.id in taken:
                raise node.error(
                    "pack-duplicate-id", f"规则编号“{case.id}”用了两次。", remedy="请给每条规则不同的编号。"
                )
            taken.add(case.id)
        if not regime.cases or regime.cases[-1].when != When():
            raise node.error(
                "pack-no-default",
                "最后一条规则仍带有条件，有的情形没有规则。",
                remedy="请在最后加一条不带 when 的规则。",
            )
