"""Until when an entry of a personal file is kept, by which rule of the pack. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from gongxin.policy import packs, retention
from gongxin.policy.model import Item
from gongxin.policy.retention import Retention, What

WHAT: Final[What] = "person-entry"
# Months that are told apart; days outside count as in the first or the last of them.
FIRST: Final = date(1990, 1, 1)
LAST: Final = date(2100, 12, 31)
# In the place of a month, where the decision is valid without end.
OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Kept:
    """How long an entry is kept. anchor: the day the term counts from, None where the decision is valid without end;
    over_from: the first day after the term, None where there is none yet.
    """

    rule: Retention
    item: str
    anchor: date | None
    over_from: date | None

    def is_over(self, day: date) -> bool:
        """Whether no duty to keep it is left on `day`."""
        return self.over_from is not None and self.over_from <= day

    @property
    def month(self) -> str:
        """What the blind index is made of: item, what counts, and the month."""
        return text_of(self.rule, self.item, self.anchor)


def rule_of(item: str, day: date) -> Retention | None:
    """The rule for an item in force on `day`."""
    return retention.rule_of(packs.current(), WHAT, item, day)


def kept(item: Item, given: dict[str, str], *, recorded_on: date, day: date) -> Kept | None:
    """The term of a decision with these values (by field name); None where the pack has no rule: then it is kept."""
    rule = rule_of(item.id, day)
    if rule is None:
        return None
    anchor = _anchor(rule, item, given, recorded_on)
    return Kept(rule, item.id, anchor, rule.over_from(anchor) if anchor else None)


def over(rows: pl.DataFrame, *, item: Item, day: date) -> pl.Series:
    """Of rows handed in (`payload`: JSON array of the item's fields), whose term is over already on `day`."""
    rule = rule_of(item.id, day)
    by = rule.ended_by(day) if rule else None
    fields = [field for role in (rule.counts_from if rule else ()) if (field := item.by_role(role))]
    if by is None or not fields:
        return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    texts = [pl.col("payload").str.json_path_match(f"$[{item.fields.index(field)}]") for field in fields]
    anchor = pl.coalesce([pl.when(text != "").then(text) for text in texts])
    return rows.select(over=(anchor.str.to_date("%Y-%m-%d", strict=False) <= by).fill_null(value=False))["over"]


def text_of(rule: Retention, item: str, anchor: date | None) -> str:
    """Item, what its term counts from, and the month of that day."""
    month = OPEN if anchor is None else f"{min(max(anchor, FIRST), LAST):%Y-%m}"
    return f"{item}|{','.join(rule.counts_from)}|{month}"


def texts(rule: Retention, item: str, until: date = LAST) -> Iterator[str]:
    """The same of every month up to and including that of `until`."""
    month = FIRST
    while month <= min(max(until, FIRST), LAST):
        yield text_of(rule, item, month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def over_by_month(text: str, day: date) -> bool:
    """Whether the term of what has this text is surely over on `day`, whichever day of the month it counts from."""
    item, _, rest = text.partition("|")
    month = rest.rpartition("|")[2]
    rule = rule_of(item, day)
    if rule is None or month == OPEN:
        return False
    first = date.fromisoformat(f"{month}-01")
    last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    over_from = rule.over_from(last)
    return over_from is not None and over_from <= day


def _anchor(rule: Retention, item: Item, given: dict[str, str], recorded_on: date) -> date | None:
    open_end = packs.current().principles["open-end"].value
    for role in rule.counts_from:
        field = item.by_role(role)
        text = given.get(field.name, "") if field else ""
        if text:
            return None if text == open_end else date.fromisoformat(text)
    return recorded_on
