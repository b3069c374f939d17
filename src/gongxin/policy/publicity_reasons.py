"""Why a record is public until when, or why not: sentences that name the rule and its article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gongxin.policy.model import Principle, Reference
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import PublicityCap, PublicityCase, PublicityFacts, PublicityRules, PublicityTerm
from gongxin.policy.weighing import Bound


@dataclass(frozen=True, slots=True)
class Account:
    """What the rules found. own: the bound of the rule of the decision's time; binding: the smallest bound.

    classified: the provider did not mark the severity, the rule did.
    """

    pack: Pack
    rules: PublicityRules
    facts: PublicityFacts
    own: Bound
    binding: Bound
    classified: bool

    @property
    def published(self) -> bool:
        """True if there is a day on which the record is public."""
        return self.binding.last is None or self.binding.last >= self.facts.decided_on


def ended(principle: Principle) -> PublicityTerm:
    """The outcome for a record whose provider says that it is no longer in force."""
    return PublicityTerm(
        published=False,
        published_from=None,
        published_until=None,
        repairable_from=None,
        rule=principle.id,
        reason=f"不予公示：{principle.title}。{_ground(principle.reference)}。",
        reason_en=f"Not public: {principle.title_en}.",
        references=(principle.reference,),
        notes=_doubts((principle.reference,)),
    )


def _ground(reference: Reference) -> str:
    """The source behind a reason; where none could be read, that is said in place of a source."""
    if reference.is_absence:
        return f"说明：{reference.title}，{reference.note}" if reference.note else f"说明：{reference.title}"
    return f"依据{reference.cited}"


def chinese(account: Account) -> str:
    """The reason for readers of the page."""
    binding = account.binding
    if not account.published:
        head = "不予公示"
    elif binding.last is None:
        head = f"自 {account.facts.decided_on} 起公示，没有截止日"
    else:
        head = f"公示至 {binding.last}"
    since = f"自 {_first_day(binding)} 起适用对当事人更有利的规定，" if binding.later else ""
    return f"{head}：{since}{_says(account)}。{_ground(binding.rule.reference)}。"


def english(account: Account) -> str:
    """The reason for readers of English."""
    binding = account.binding
    if not account.published:
        head = "Not public"
    elif binding.last is None:
        head = f"Public from {account.facts.decided_on} with no end"
    else:
        head = f"Public until {binding.last}"
    since = f"the more favourable rule applies from {_first_day(binding)}; " if binding.later else ""
    regime = binding.regime.title_en if binding.regime and len(account.rules.regimes) > 1 else ""
    return f"{head}: {since}{_says_en(account)}{f' ({regime})' if regime else ''}."


def references(account: Account) -> tuple[Reference, ...]:
    """The sources of the outcome: the binding rule, the rule of the decision's own time, the way of counting."""
    found = [account.binding.rule.reference, account.own.rule.reference]
    if account.binding.later:
        found.append(account.pack.principles["transition"].reference)
    if _months(account.binding.rule) is not None:
        found.append(account.pack.principles["month-counting"].reference)
    return tuple(dict.fromkeys(found))


def notes(account: Account) -> tuple[str, ...]:
    """What the reader should know: sources that are uncertain, choices made where no rule could be read."""
    found = list(_doubts(references(account)))
    if account.binding.later:
        found.append(f"{account.pack.principles['transition'].title}（推定）。")
    if account.classified:
        found.append("处罚机关没有标注失信程度，由平台依规则分类；处罚机关的标注优先。")
    if isinstance(account.binding.rule, PublicityCap) and account.facts.acted_until is None:
        found.append("没有报送失信行为终止日期，五年上限从决定日期起算。")
    return tuple(found)


def _doubts(used: tuple[Reference, ...]) -> tuple[str, ...]:
    return tuple(
        f"{entry.cited}（依据待核实）{f'：{entry.note}' if entry.note else ''}。"
        for entry in used
        if entry.confidence == "L"
    )


def _first_day(binding: Bound) -> date | None:
    return binding.regime.since if binding.regime else getattr(binding.rule, "since", None)


def _months(rule: PublicityCase | PublicityCap) -> int | None:
    return rule.months if isinstance(rule, PublicityCap) else rule.maximum if rule.published else None


def _says(account: Account) -> str:
    rule = account.binding.rule
    if isinstance(rule, PublicityCap):
        anchor = account.facts.acted_until
        start = f"失信行为终止之日 {anchor}" if anchor else f"决定之日 {account.facts.decided_on}"
        return f"{rule.title}，自{start} 起 {rule.months} 个月"
    if not rule.published:
        return f"{rule.title}不予公示"
    if rule.maximum is None or _ended_with_force(account):
        return rule.title
    comma = "，" if rule.while_in_force else ""
    return f"{rule.title}{comma}最长公示 {rule.maximum} 个月，自{_anchor(rule, account.facts)} 起算"


def _ended_with_force(account: Account) -> bool:
    """True if the record's own effect ends first, so that the months of the rule say nothing."""
    rule, last = account.binding.rule, account.facts.effective_until
    in_force = isinstance(rule, PublicityCase) and rule.while_in_force
    return in_force and last is not None and account.binding.last in (last, last - timedelta(days=1))


def _anchor(rule: PublicityCase, facts: PublicityFacts) -> str:
    if rule.anchor == "acted_until" and facts.acted_until:
        return f"失信行为终止之日 {facts.acted_until}"
    return f"决定之日 {facts.decided_on}"


def _says_en(account: Account) -> str:
    rule = account.binding.rule
    if isinstance(rule, PublicityCap):
        anchor = account.facts.acted_until or account.facts.decided_on
        return f"{rule.title_en}, {rule.months} months from {anchor}"
    if not rule.published:
        return f"{rule.title_en}: not published"
    if rule.maximum is None or _ended_with_force(account):
        return rule.title_en
    return f"{rule.title_en}: at most {rule.maximum} months from {account.facts.decided_on}"
