"""How long a record is public: one interval, exact for every day, past and future.

A record is judged by the rules in force on the day of its decision. A rule that came later applies from its own first
day where it is more favourable to the party (principle `transition` of the pack); what has ended does not come back.
The record is therefore public from its decision up to the smallest of these bounds: the end under the rule of its own
time; for each later rule, the end under that rule, but not before the eve of its first day; the limit on adverse
information, likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from gongxin.policy import publicity_reasons, weighing
from gongxin.policy.model import Item
from gongxin.policy.months import add_months
from gongxin.policy.pack import Pack
from gongxin.policy.publicity_columns import term_columns
from gongxin.policy.regimes import (
    PublicityCap,
    PublicityCase,
    PublicityFacts,
    PublicityRegime,
    PublicityRules,
    PublicityTerm,
)
from gongxin.policy.weighing import Bound

__all__ = ["add_months", "term", "term_columns"]

_ONE_DAY = timedelta(days=1)


def term(pack: Pack, item: Item, facts: PublicityFacts) -> PublicityTerm:
    """When a record with these facts is public, by which rule, with reasons in Chinese and English."""
    rules = pack.publicity[item.publicity]
    if weighing.meaning(pack, "status", facts.status) == weighing.ENDED:
        return publicity_reasons.ended(pack.principles["ended-status"])
    sound = _without_open_end(pack, facts)
    weighed = weighing.facts_of(pack, sound, rules.kinds)
    cases = weighing.cases_by_regime(pack, rules, weighed)
    bounds = [*_case_bounds(rules, cases, sound), *_cap_bounds(pack, item, rules, sound)]
    binding = min(bounds, key=lambda bound: bound.last or date.max)
    published = binding.last is None or binding.last >= sound.decided_on
    account = publicity_reasons.Account(
        pack=pack,
        rules=rules,
        facts=sound,
        own=bounds[0],
        binding=binding,
        classified=bool(rules.severity) and not weighed.severity,
    )
    return PublicityTerm(
        published=published,
        published_from=sound.decided_on if published else None,
        published_until=binding.last if published else None,
        repairable_from=None if _capped_away(binding, published) else _repairable(rules, cases, sound, binding.last),
        rule=binding.rule.id,
        reason=publicity_reasons.chinese(account),
        reason_en=publicity_reasons.english(account),
        references=publicity_reasons.references(account),
        notes=publicity_reasons.notes(account),
        rule_at_decision=bounds[0].rule.id,
    )


def _without_open_end(pack: Pack, facts: PublicityFacts) -> PublicityFacts:
    """The placeholder for «no end» becomes no end (principle `open-end`)."""
    open_end = date.fromisoformat(pack.principles["open-end"].value)
    if facts.effective_until is None or facts.effective_until < open_end:
        return facts
    return replace(facts, effective_until=None)


def _case_bounds(rules: PublicityRules, cases: Sequence[PublicityCase], facts: PublicityFacts) -> list[Bound]:
    """The bounds of the regime of the decision and of every later one, in order of time."""
    return [
        _bound(case, regime, regime.since, _case_end(case, facts), facts.decided_on)
        for regime, case in zip(rules.regimes, cases, strict=True)
        if regime.until is None or regime.until >= facts.decided_on
    ]


def _case_end(case: PublicityCase, facts: PublicityFacts) -> date | None:
    """The last public day under one case alone; None: no end; `date.min`: not public."""
    if not case.published:
        return date.min
    ends: list[date] = []
    if case.maximum is not None:
        anchor = facts.acted_until if case.anchor == "acted_until" else None
        ends.append(add_months(anchor or facts.decided_on, case.maximum))
    if case.while_in_force and facts.effective_until is not None:
        ends.append(facts.effective_until if case.exit_shown else facts.effective_until - _ONE_DAY)
    return min(ends, default=None)


def _cap_bounds(pack: Pack, item: Item, rules: PublicityRules, facts: PublicityFacts) -> list[Bound]:
    anchor = facts.acted_until or (facts.decided_on if rules.unknown_end == "decided_on" else None)
    if anchor is None or not (item.adverse or rules.capped):
        return []
    return [
        _bound(cap, None, cap.since, add_months(anchor, cap.months), facts.decided_on)
        for cap in pack.caps
        if cap.until is None or cap.until >= facts.decided_on
    ]


def _bound(
    rule: PublicityCase | PublicityCap,
    regime: PublicityRegime | None,
    since: date | None,
    end: date | None,
    decided: date,
) -> Bound:
    if since is None or since <= decided:
        return Bound(end, rule, regime, later=False)
    return Bound(None if end is None else max(end, since - _ONE_DAY), rule, regime, later=True)


def _capped_away(binding: Bound, published: bool) -> bool:
    """True if the limit on adverse information was over before the decision: there is nothing left to repair."""
    return isinstance(binding.rule, PublicityCap) and not published


def _repairable(
    rules: PublicityRules, cases: Sequence[PublicityCase], facts: PublicityFacts, until: date | None
) -> date | None:
    """The first day on which the minimum of a rule in force is over; None: no rule names one, or it ends first."""
    days = [
        max(add_months(facts.decided_on, case.minimum), regime.since or date.min)
        for regime, case in zip(rules.regimes, cases, strict=True)
        if case.minimum is not None and (regime.until is None or regime.until >= facts.decided_on)
    ]
    first = min(days, default=None)
    over = first is not None and until is not None and until >= facts.decided_on and first > until
    return None if over else first
