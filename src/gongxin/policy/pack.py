"""A loaded policy pack: everything the rules of one node say, parents included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gongxin.errors import NotFound
from gongxin.policy.calendar import WorkingCalendar
from gongxin.policy.casework import ROLE_WORDS, Procedure, RepairRegime, RepairRules
from gongxin.policy.commitments import CommitmentKind
from gongxin.policy.model import (
    Category,
    Clock,
    CodeList,
    DatedRule,
    Duty,
    Item,
    Principle,
    ProhibitedCategory,
    Purpose,
    ReportSection,
)
from gongxin.policy.regimes import SEVERITY_WORDS, PublicityCap, PublicityRules, SeverityRules
from gongxin.policy.retention import Retention

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Pack:
    """The rules of one node.

    version: 16 hex digits of SHA-256 over the files of the whole chain. chain: ids from the root down.
    """

    name: str
    title: str
    version: str
    chain: tuple[str, ...]
    items: dict[str, Item]
    code_lists: dict[str, CodeList]
    purposes: dict[str, Purpose]
    clocks: dict[str, Clock]
    categories: dict[str, Category]
    prohibited: tuple[ProhibitedCategory, ...]
    calendar: WorkingCalendar
    publicity: dict[str, PublicityRules]
    caps: tuple[PublicityCap, ...]
    severity: dict[str, SeverityRules]
    principles: dict[str, Principle]
    duties: dict[str, Duty]
    report: dict[str, ReportSection]
    procedures: dict[str, Procedure]
    repair: dict[str, RepairRules]
    commitments: dict[str, CommitmentKind]
    retention: dict[str, Retention]

    def item(self, item_id: str) -> Item:
        """The catalogue item; NotFound (with the ids there are) if the catalogue has none of that id."""
        said = f"目录中没有“{item_id}”这一项。", f"请从目录中选择：{'、'.join(sorted(self.items))}。"
        return _found(self.items, item_id, "item", said)

    def purpose(self, code: str) -> Purpose:
        """The purpose of a credit check; NotFound (with the codes there are) if the pack has none of that code."""
        said = f"没有“{code}”这个查询用途。", f"请从查询用途中选择：{'、'.join(sorted(self.purposes))}。"
        return _found(self.purposes, code, "purpose", said)

    def clock(self, clock_id: str) -> Clock:
        """The time limit; NotFound (with the ids there are) if the pack has none of that id."""
        said = f"没有“{clock_id}”这个时限。", f"请从时限中选择：{'、'.join(sorted(self.clocks))}。"
        return _found(self.clocks, clock_id, "clock", said)

    def procedure(self, procedure_id: str) -> Procedure:
        """The procedure; NotFound (with the ids there are) if the pack has none of that id."""
        said = f"没有“{procedure_id}”这个程序。", f"请从程序中选择：{'、'.join(sorted(self.procedures))}。"
        return _found(self.procedures, procedure_id, "procedure", said)

    def rules(self) -> tuple[DatedRule, ...]:
        """Every dated rule with its reference: terms, caps, severity, repair, procedures, clocks, terms of keeping,
        principles (not the calendar).
        """
        return (
            *self._term_rules(),
            *self._severity_rules(),
            *self._repair_rules(),
            *self._procedure_rules(),
            *self._limit_rules(),
            *self._retention_rules(),
        )

    def _term_rules(self) -> Iterator[DatedRule]:
        for rules in self.publicity.values():
            for regime in rules.regimes:
                for case in regime.cases:
                    yield DatedRule(
                        id=case.id,
                        group="terms",
                        title=f"{rules.title}：{case.title}",
                        title_en=f"{rules.title_en}: {case.title_en}",
                        since=regime.since,
                        until=regime.until,
                        outcome=case.outcome(),
                        reference=case.reference,
                        pack=rules.pack,
                    )
        for cap in self.caps:
            outcome = f"自失信行为终止之日起最长 {cap.months} 个月"
            yield DatedRule(
                cap.id, "cap", cap.title, cap.title_en, cap.since, cap.until, outcome, cap.reference, cap.pack
            )

    def _severity_rules(self) -> Iterator[DatedRule]:
        for rules in self.severity.values():
            for number, regime in enumerate(rules.regimes, start=1):
                for case in regime.cases:
                    yield DatedRule(
                        id=f"{rules.id}-{number}-{case.severity}",
                        group="severity",
                        title=rules.title,
                        title_en=rules.title_en,
                        since=regime.since,
                        until=regime.until,
                        outcome=f"{case.when.sentence()}：{SEVERITY_WORDS[case.severity]}",
                        reference=case.reference,
                        pack=rules.pack,
                    )

    def _repair_rules(self) -> Iterator[DatedRule]:
        for rules in self.repair.values():
            for regime in rules.regimes:
                yield DatedRule(
                    id=regime.id,
                    group="repair",
                    title=f"{rules.title}：{regime.title}",
                    title_en=f"{rules.title_en}: {regime.title_en}",
                    since=regime.since,
                    until=regime.until,
                    outcome=_minimum_said(regime),
                    reference=regime.reference,
                    pack=rules.pack,
                )

    def _procedure_rules(self) -> Iterator[DatedRule]:
        for procedure in self.procedures.values():
            for row in procedure.transitions:
                who = "、".join(ROLE_WORDS[role] for role in row.roles)
                apart = "，与经办人不得为同一人" if row.not_by else ""
                yield DatedRule(
                    id=procedure.rule_id(row.action),
                    group="procedure",
                    title=f"{procedure.title}：{row.title}",
                    title_en=f"{procedure.title_en}: {row.title_en}",
                    since=None,
                    until=None,
                    outcome=f"由{who}办理{apart}，办件转为“{procedure.state(row.to).title}”",
                    reference=row.reference,
                    pack=procedure.pack,
                )
            yield from _ground_rules(procedure)

    def _limit_rules(self) -> Iterator[DatedRule]:
        for clock in self.clocks.values():
            unit = "个工作日" if clock.unit == "working-day" else "日"
            outcome = f"{clock.anchor}起 {clock.limit} {unit}"
            yield DatedRule(
                clock.id,
                "clock",
                clock.title,
                clock.title_en,
                clock.since,
                clock.until,
                outcome,
                clock.reference,
                clock.pack,
            )
        for principle in self.principles.values():
            yield DatedRule(
                principle.id,
                "principle",
                principle.title,
                principle.title_en,
                None,
                None,
                principle.value,
                principle.reference,
                principle.pack,
            )

    def _retention_rules(self) -> Iterator[DatedRule]:
        for rule in self.retention.values():
            yield DatedRule(
                rule.id,
                "retention",
                rule.title,
                rule.title_en,
                rule.since,
                rule.until,
                rule.outcome(),
                rule.reference,
                rule.pack,
            )


def _ground_rules(procedure: Procedure) -> Iterator[DatedRule]:
    """The grounds on which a case of the procedure may rest."""
    for ground in procedure.grounds:
        early = f"自决定之日起满 {ground.after} 个月" if ground.after else "随时"
        eligible = "，并且符合修复规则规定的条件" if ground.eligible else ""
        yield DatedRule(
            id=procedure.rule_id(ground.id),
            group="procedure",
            title=f"{procedure.title}的事由：{ground.title}",
            title_en=f"{procedure.title_en}, ground: {ground.title_en}",
            since=None,
            until=None,
            outcome=f"{early}可以提出{eligible}",
            reference=ground.reference,
            pack=procedure.pack,
        )


def _minimum_said(regime: RepairRegime) -> str:
    if regime.minimum is None:
        return "不能在本平台申请修复"
    if regime.minimum == "publicity":
        return "最短公示期届满、义务履行后可以申请"
    return f"自决定之日起满 {regime.minimum} 个月、义务履行后可以申请" if regime.minimum else "义务履行后即可申请"


def _found(table: Mapping[str, T], key: str, noun: str, said: tuple[str, str]) -> T:
    """The entry, or NotFound with what is said (title, remedy), the key and the keys there are."""
    if key not in table:
        title, remedy = said
        raise NotFound(f"{noun}-unknown", title, remedy=remedy, facts={noun: key, f"{noun}s": sorted(table)})
    return table[key]
