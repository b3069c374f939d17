"""May this record be repaired on this day, and if not, from when or why never: pure, by the dated rules of the pack.

The minimum terms are those of the publicity rules. As there, a rule that came after the decision applies from its own
first day where it is more favourable to the party (principle `transition`); that choice is said in the notes, which a
case keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from gongxin.policy import publicity, weighing
from gongxin.policy.casework import Paper, RepairRegime, RepairRules
from gongxin.policy.model import Item, Reference
from gongxin.policy.pack import Pack
from gongxin.policy.publicity import add_months
from gongxin.policy.regimes import PublicityFacts, PublicityTerm

Standing = Literal["eligible", "not_yet", "never", "needless"]

NO_RULE: Final = "no-repair-rule"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """standing: may be asked for now; from a later day (`since`); never; or not needed as publicity is over before.

    rule: id of the rule that decides. regime: the rules of repair in force on the day asked about. notes: choices made
    where no rule could be read, and rules whose source is uncertain. procedure: by which it is asked for. barred: not
    yet, because an untrue commitment was established.
    """

    standing: Standing
    since: date | None
    rule: str
    reason: str
    reason_en: str
    references: tuple[Reference, ...]
    notes: tuple[str, ...] = ()
    regime: RepairRegime | None = None
    procedure: str = "repair"
    barred: bool = False

    @property
    def shieldable(self) -> bool:
        """True if the record is one that can be repaired at some time, and nothing bars the organisation from it."""
        return self.standing in {"eligible", "not_yet"} and not self.barred

    @property
    def open(self) -> bool:
        """True if an application may be filed on the day asked about."""
        return self.standing == "eligible"


@dataclass(frozen=True, slots=True)
class _Minimum:
    """One minimum term: its first day after, its length, the rule it comes from."""

    day: date
    months: int
    rule: str
    title: str
    title_en: str
    reference: Reference
    since: date | None


def eligibility(
    pack: Pack, item: Item, facts: PublicityFacts, day: date, *, untrue_on: date | None = None
) -> Eligibility:
    """Whether a record with these facts may be repaired on `day`.

    untrue_on: day on which the organisation was last found to have given an untrue commitment, None for never.
    """
    rules = rules_of(pack, item)
    if rules is None:
        return _nothing_to_repair()
    return replace(_judged(pack, item, facts, day, rules=rules, untrue_on=untrue_on), procedure=rules.procedure)


def _judged(
    pack: Pack, item: Item, facts: PublicityFacts, day: date, *, rules: RepairRules, untrue_on: date | None
) -> Eligibility:
    regime, term = rules.on(day), publicity.term(pack, item, facts)
    found = sorted(_minimums(pack, item, facts, rules), key=lambda entry: (entry.day, entry.since or date.min))
    first = found[0] if found else None
    if first is None:
        return _never(rules.on(facts.decided_on) if regime.minimum is not None else regime)
    if _over(term, first.day, day):
        return _needless(term, regime)
    barred = _barred_until(regime, untrue_on)
    if barred is not None and max(first.day, day) < barred:
        return _barred(barred, regime, untrue_on)
    return _by_minimum(first, day, rules, _notes(pack, first, regime, facts))


def asks_for(found: Eligibility, paper: Paper) -> bool:
    """Whether the rules of repair in force on the day asked about want this paper."""
    return found.regime is not None and paper in found.regime.papers


def rules_of(pack: Pack, item: Item) -> RepairRules | None:
    """The rules of repair of an item, None where it has none."""
    return next((rules for rules in pack.repair.values() if item.id in rules.items), None)


def _minimums(pack: Pack, item: Item, facts: PublicityFacts, rules: RepairRules) -> Iterator[_Minimum]:
    """The minimum of every regime in force on the day of the decision or later."""
    for regime in rules.regimes:
        if regime.until is not None and regime.until < facts.decided_on:
            continue
        if regime.minimum == "publicity":
            yield from _publicity_minimums(pack, item, facts, regime)
        elif regime.minimum is not None:
            day = max(add_months(facts.decided_on, regime.minimum), regime.since or date.min)
            yield _Minimum(
                day, regime.minimum, regime.id, regime.title, regime.title_en, regime.reference, regime.since
            )


def _publicity_minimums(pack: Pack, item: Item, facts: PublicityFacts, regime: RepairRegime) -> Iterator[_Minimum]:
    """The minimums of the publicity regimes that fall into a regime of repair."""
    terms = pack.publicity[item.publicity]
    cases = weighing.cases_by_regime(pack, terms, weighing.facts_of(pack, facts, terms.kinds))
    for term, case in zip(terms.regimes, cases, strict=True):
        first = max(term.since or date.min, regime.since or date.min)
        last = min(term.until or date.max, regime.until or date.max)
        if case.minimum is None or first > last or last < facts.decided_on:
            continue
        day = max(add_months(facts.decided_on, case.minimum), first)
        since = term.since if term.since and term.since > facts.decided_on else None
        yield _Minimum(day, case.minimum, case.id, case.title, case.title_en, case.reference, since)


def _over(term: PublicityTerm, first: date, day: date) -> bool:
    """True if there is nothing to end early: publicity ended, or ends before the minimum does."""
    if term.published_until is not None:
        return first > term.published_until or day > term.published_until
    return not term.published and term.repairable_from is None


def _barred_until(regime: RepairRegime, untrue_on: date | None) -> date | None:
    if untrue_on is None or regime.bar_months is None:
        return None
    return add_months(untrue_on, regime.bar_months)


def _notes(pack: Pack, first: _Minimum, regime: RepairRegime, facts: PublicityFacts) -> tuple[str, ...]:
    found = []
    if first.since is not None and first.since > facts.decided_on:
        principle = pack.principles["transition"]
        found.append(f"{principle.title}（推定）：选用自 {first.since} 起施行的规则 {first.rule}。")
    doubtful = [entry for entry in dict.fromkeys((first.reference, regime.reference)) if entry.confidence == "L"]
    found += [f"{entry.cited}（依据待核实）。" for entry in doubtful]
    return tuple(found)


def _by_minimum(first: _Minimum, day: date, rules: RepairRules, notes: tuple[str, ...]) -> Eligibility:
    regime, way = rules.on(day), "修复" if rules.procedure == "repair" else "移出名单"
    ready = first.day <= day
    asked = "纠正并履行义务后即可申请" if not first.months else f"最短公示期 {first.months} 个月"
    head, head_en = ("现在可以申请", "May be asked for now") if ready else ("现在还不能申请", "Not yet")
    source = f"《{first.reference.title}》{first.reference.article}"
    return Eligibility(
        standing="eligible" if ready else "not_yet",
        since=first.day,
        rule=first.rule,
        reason=f"{head}：{first.title}，{asked}，自 {first.day} 起可以申请{way}。依据{source}。",
        reason_en=f"{head_en}: {first.title_en}, minimum {first.months} months; open from {first.day}.",
        references=tuple(dict.fromkeys((first.reference, regime.reference))),
        notes=notes,
        regime=regime,
    )


def _barred(until: date, regime: RepairRegime, untrue_on: date | None) -> Eligibility:
    return Eligibility(
        standing="not_yet",
        since=until,
        rule=regime.id,
        reason=f"现在还不能申请：{untrue_on} 认定信用承诺不实，{until} 以前不予受理修复申请。",
        reason_en=f"Not yet: an untrue commitment was found on {untrue_on}; no repair before {until}.",
        references=(regime.reference,),
        notes=("限制期限的数字待核实。",) if regime.reference.confidence == "L" else ("限制期限为推定（可信度 L）。",),
        regime=regime,
        barred=True,
    )


def _needless(term: PublicityTerm, regime: RepairRegime) -> Eligibility:
    end = f"公示期于 {term.published_until} 届满并自动停止公示" if term.published_until else "该记录不公示"
    return Eligibility(
        standing="needless",
        since=None,
        rule=term.rule,
        reason=f"不需要修复：{end}。",
        reason_en=f"No repair needed: publicity ends by itself on {term.published_until}."
        if term.published_until
        else "No repair needed: the record is not public.",
        references=term.references,
        regime=regime,
    )


def _never(regime: RepairRegime) -> Eligibility:
    return Eligibility(
        standing="never",
        since=None,
        rule=regime.id,
        reason=f"不能修复：{regime.title}。依据{regime.reference.cited}。",
        reason_en=f"Cannot be repaired: {regime.title_en}.",
        references=(regime.reference,),
        regime=regime,
    )


def _nothing_to_repair() -> Eligibility:
    return Eligibility(
        standing="never",
        since=None,
        rule=NO_RULE,
        reason="不适用信用修复：这类信息不是负面信息，或者政策包没有写明修复办法。",
        reason_en="Repair does not apply to records of this kind.",
        references=(),
    )
