"""How grave a decision is, where its provider did not say."""

from __future__ import annotations

from datetime import date

import polars as pl

from gongxin.policy import weighing
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import PublicityFacts, SeverityRules

_CLASS = ("severity", "procedure", "field_of_law", "kinds")


def classify(pack: Pack, item: Item, facts: PublicityFacts) -> str:
    """`minor`, `ordinary`, `serious` or `gravest`: as marked, else by the rule in force on the day of the decision.

    "" where neither says anything.
    """
    rules = rules_of(pack, item)
    if rules is None:
        return weighing.meaning(pack, "severity", facts.severity)
    weighed = weighing.facts_of(pack, facts, rules.kinds)
    if weighed.severity:
        return weighed.severity
    case = weighing.severity_on(rules, weighed, facts.decided_on)
    return case.severity if case else ""


def classify_columns(pack: Pack, item: Item, frame: pl.DataFrame) -> pl.Series:
    """The same for whole columns, named as for `publicity.term_columns`: a series `severity` in the rules' words."""
    days = frame["decided_on"]
    texts = [
        frame[name].fill_null("") if name in frame.columns else pl.repeat("", frame.height, eager=True)
        for name in _CLASS
    ]
    rules = rules_of(pack, item)
    spans = [(regime.since, regime.until) for regime in rules.regimes] if rules else []
    keyed = pl.DataFrame([text.alias(name) for text, name in zip(texts, _CLASS, strict=True)]).with_columns(
        regime=_regime_numbers(days, spans), day=days
    )
    keys = [*_CLASS, "regime"]
    # A day stands for all days of its regime: one answer a class and regime.
    distinct = keyed.group_by(keys).agg(pl.col("day").first())
    answers = [
        classify(pack, item, PublicityFacts(day, severity, procedure, (kinds,) if kinds else (), field_of_law))
        for severity, procedure, field_of_law, kinds, day in distinct.select(*_CLASS, "day").iter_rows()
    ]
    answered = distinct.select(keys).with_columns(answer=pl.Series(answers, dtype=pl.String))
    return keyed.join(answered, on=keys, how="left", maintain_order="left")["answer"].alias("severity")


def rules_of(pack: Pack, item: Item) -> SeverityRules | None:
    """The classification that belongs to the item's publicity rules."""
    return pack.severity.get(pack.publicity[item.publicity].severity)


def _regime_numbers(days: pl.Series, spans: list[tuple[date | None, date | None]]) -> pl.Series:
    numbers = pl.repeat(-1, days.len(), dtype=pl.Int16, eager=True)
    for number, (since, until) in enumerate(spans):
        inside = pl.repeat(value=True, n=days.len(), eager=True)
        inside = inside & (days >= since) if since else inside
        inside = inside & (days <= until) if until else inside
        numbers = numbers.set(inside, number)
    return numbers
