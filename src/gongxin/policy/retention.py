"""How long what has ended is kept, and what happens to it then (保存期限和销毁).

Nothing is destroyed by a rule alone: a rule says from which day on an official may decide it (`gongxin.ends`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from gongxin.policy import lists
from gongxin.policy.model import FieldRole, Reference
from gongxin.policy.months import add_months
from gongxin.policy.reading import Node

if TYPE_CHECKING:
    from gongxin.policy.pack import Pack

# What a rule is about; the code knows these and no others.
What = Literal[
    "record", "rejected-row", "original", "look", "log", "message", "delivery", "person-entry", "person-letter"
]
# What happens after the term: officials decide on destruction, a job removes it, nothing ever, or another program's.
Then = Literal["decided", "removed", "kept", "elsewhere"]
# What goes when officials decide so.
Part = Literal["payload", "revisions", "reasons", "notices", "evidence", "cells", "contents"]
WHATS: Final = get_args(What)
_PARTS: Final[dict[What, tuple[Part, ...]]] = {
    "record": ("payload", "revisions", "reasons", "notices", "evidence"),
    "rejected-row": ("cells",),
    "message": ("contents",),
    "delivery": ("contents",),
    "person-entry": ("contents",),
}
# Days of a decision on a person from which a term may count: the first of them that the decision has.
_DAYS: Final[tuple[FieldRole, ...]] = ("acted_until", "effective_until", "decided_on")
_THEN_SAID: Final[dict[Then, str]] = {
    "decided": "期满后经两名工作人员先后决定销毁",
    "removed": "期满后自动清除",
    "kept": "长期保存，不销毁",
    "elsewhere": "由日志留存系统保存，本平台不另存",
}


@dataclass(frozen=True, slots=True)
class Retention:
    """A term of keeping. items: the catalogue items it is for, none: all that no other rule names. keep: in `unit`,
    None: for ever. anchor: from which day it counts, in words; counts_from: the same as roles of fields, where the day
    is one of the entry itself, the first that has one. destroys: what goes.
    """

    id: str
    title: str
    title_en: str
    what: What
    items: tuple[str, ...]
    keep: int | None
    unit: Literal["month", "day"]
    anchor: str
    then: Then
    destroys: tuple[Part, ...]
    reference: Reference
    since: date | None = None
    until: date | None = None
    pack: str = ""
    counts_from: tuple[FieldRole, ...] = ()

    def over_from(self, anchor: date) -> date | None:
        """The first day after the term that counts from `anchor`; None: there is none."""
        if self.keep is None:
            return None
        last = add_months(anchor, self.keep) if self.unit == "month" else anchor + timedelta(days=self.keep)
        return last + timedelta(days=1)

    def ended_by(self, day: date) -> date | None:
        """The last day such that the term of what ended then is over on `day`; None: there is none."""
        if self.keep is None:
            return None
        back = -self.keep if self.unit == "month" else 0
        found = add_months(day, back) - timedelta(days=self.keep if self.unit == "day" else 0)
        # Months differ in length: the corresponding day may be one of several, or none.
        while self._is_over(found + timedelta(days=1), day):
            found += timedelta(days=1)
        while not self._is_over(found, day):
            found -= timedelta(days=1)
        return found

    def _is_over(self, anchor: date, day: date) -> bool:
        over = self.over_from(anchor)
        return over is not None and over <= day

    def in_force(self, day: date) -> bool:
        """Whether the rule is in force on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def outcome(self) -> str:
        """What the rule says, in a sentence."""
        if self.keep is None:
            return _THEN_SAID[self.then]
        return f"{self.term()}，{_THEN_SAID[self.then]}"

    def term(self) -> str:
        """How long it keeps, in words; empty where it has no end."""
        unit = "个月" if self.unit == "month" else "日"
        return f"自{self.anchor}起 {self.keep} {unit}" if self.keep is not None else ""


def rules(pack: Pack, what: What, day: date) -> tuple[Retention, ...]:
    """The rules about `what` in force on `day`, those that name items first."""
    found = (rule for rule in pack.retention.values() if rule.what == what and rule.in_force(day))
    return tuple(sorted(found, key=lambda rule: not rule.items))


def rule_of(pack: Pack, what: What, item: str, day: date) -> Retention | None:
    """The rule for an item in force on `day`: one that names it, else the one for all others."""
    return next((rule for rule in rules(pack, what, day) if item in rule.items or not rule.items), None)


def retention(node: Node, pack: str, *, items: Collection[str]) -> Retention:
    """Read one rule."""
    keys = node.mapping(
        ["id", "title", "what", "keep", "unit", "anchor", "then", "reference"],
        ["title_en", "items", "destroys", "since", "until", "replaces", "from"],
    )
    since, until = lists.period(keys)
    what: What = keys["what"].choice(WHATS)
    then: Then = keys["then"].choice(get_args(Then))
    found = Retention(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=lists.title_en(keys),
        what=what,
        items=keys["items"].choices(items) if "items" in keys else (),
        keep=keys["keep"].optional_integer(),
        unit=keys["unit"].choice(("month", "day")),
        anchor=keys["anchor"].text(),
        then=then,
        destroys=keys["destroys"].choices(_PARTS.get(what, ())) if "destroys" in keys else (),
        reference=lists.reference(keys["reference"]),
        since=since,
        until=until,
        pack=pack,
        counts_from=keys["from"].choices(_DAYS) if "from" in keys else (),
    )
    if bool(found.counts_from) != (what == "person-entry"):
        raise node.error(
            "pack-retention-from",
            "个人档案条目的保存期限没有写明从哪一日起算（from），或者其他对象写了。",
            remedy=f"what: person-entry 的规定写 from，按先后列出字段含义（{'、'.join(_DAYS)}）；其他的不写。",
        )
    if (found.keep is None) != (then == "kept") or bool(found.destroys) != (then == "decided"):
        raise node.error(
            "pack-retention-unclear",
            "保存期限（keep）、期满后的处理（then）和销毁范围（destroys）互相矛盾。",
            remedy="长期保存的写 keep: null、then: kept；由人决定销毁的写明 destroys，其他的不写 destroys。",
        )
    return found
