"""Readers of the plain parts of a pack: references, code lists, clocks, purposes, prohibited data, calendar …"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Final, get_args

from gongxin.policy.model import (
    CalendarYear,
    Category,
    Clock,
    Code,
    CodeList,
    Confidence,
    DisclosureClass,
    Duty,
    Principle,
    ProhibitedCategory,
    Purpose,
    Reference,
    ReportSection,
)
from gongxin.policy.reading import Node

CONFIDENCES = get_args(Confidence)
DISCLOSURES = get_args(DisclosureClass)
MEANINGS: Final = ("minor", "ordinary", "serious", "gravest", "simple", "ended")
# The principles the code knows, each with the ways it can count; a pack chooses and says on what ground.
PRINCIPLES: Final[dict[str, tuple[str, ...]]] = {
    "month-counting": ("corresponding-day-else-month-end",),
    "rest-days": ("not-extended",),
    "transition": ("more-favourable",),
    "open-end": ("2099-12-31",),
    "ended-status": ("not-published",),
}
# Numbers that a pack may state beside them, each with its source; a pack without one does without what needs it.
NUMBERS: Final = ("training-hours",)


def reference(node: Node) -> Reference:
    """Title, article, confidence, note of a source. Confidence is never assumed."""
    keys = node.mapping(["title", "confidence"], ["article", "note"])
    return Reference(
        title=keys["title"].text(),
        article=keys["article"].text() if "article" in keys else "",
        confidence=keys["confidence"].choice(CONFIDENCES),
        note=keys["note"].text() if "note" in keys else "",
    )


def references(node: Node) -> tuple[Reference, ...]:
    """At least one reference."""
    members = node.sequence()
    if not members:
        raise node.error(
            "pack-missing-reference", "没有写明依据。", remedy="请至少写明一项依据（title、article、confidence）。"
        )
    return tuple(reference(member) for member in members)


def period(keys: dict[str, Node], first: str = "since", last: str = "until") -> tuple[date | None, date | None]:
    """The two days of a period, None where open; the last may not be before the first."""
    since = keys[first].optional_day() if first in keys else None
    until = keys[last].optional_day() if last in keys else None
    if since and until and until < since:
        raise keys[last].error("pack-dates-reversed", f"截止日 {until} 早于起始日 {since}。", remedy="请核对两个日期。")
    return since, until


def title_en(keys: dict[str, Node]) -> str:
    """The English title, "" where none is given."""
    return keys["title_en"].text() if "title_en" in keys else ""


def code_list(node: Node, pack: str) -> CodeList:
    """A closed list of values; no code, label or alias may stand for two entries at the same time."""
    keys = node.mapping(["id", "title", "reference", "codes"], ["replaces"])
    members = keys["codes"].sequence()
    codes = [_code(member) for member in members]
    taken: dict[str, Code] = {}
    for member, code in zip(members, codes, strict=True):
        for word in {code.code, code.label, *code.aliases}:
            other = taken.get(word)
            if other is not None and _overlap(other, code):
                raise member.error(
                    "pack-overlapping-codes",
                    f"“{word}”已经代表“{other.code}”，同一时间不能再代表“{code.code}”。",
                    remedy="请删去重复的代码或别名，或者用 since、until 错开日期。",
                )
            taken[word] = code
    return CodeList(keys["id"].text(), keys["title"].text(), tuple(codes), reference(keys["reference"]))


def _code(node: Node) -> Code:
    keys = node.mapping(["code"], ["label", "label_en", "aliases", "since", "until", "weight", "means", "with_remark"])
    since, until = period(keys)
    code = keys["code"].text()
    return Code(
        code=code,
        label=keys["label"].text() if "label" in keys else code,
        label_en=keys["label_en"].text() if "label_en" in keys else "",
        aliases=keys["aliases"].texts() if "aliases" in keys else (),
        since=since,
        until=until,
        weight=keys["weight"].integer() if "weight" in keys else 0,
        means=keys["means"].choice(MEANINGS) if "means" in keys else "",
        with_remark=keys["with_remark"].boolean() if "with_remark" in keys else False,
    )


def _overlap(one: Code, other: Code) -> bool:
    first = max(one.since or date.min, other.since or date.min)
    return first <= min(one.until or date.max, other.until or date.max)


def clock(node: Node, pack: str) -> Clock:
    """A time limit."""
    keys = node.mapping(
        ["id", "title", "limit", "unit", "anchor", "reference"], ["title_en", "since", "until", "replaces"]
    )
    since, until = period(keys)
    return Clock(
        id=keys["id"].text(),
        title=keys["title"].text(),
        limit=keys["limit"].integer(),
        unit=keys["unit"].choice(("working-day", "day")),
        anchor=keys["anchor"].text(),
        reference=reference(keys["reference"]),
        title_en=title_en(keys),
        since=since,
        until=until,
        pack=pack,
    )


def category(node: Node, pack: str) -> Category:
    """An information category."""
    keys = node.mapping(["id", "title", "reference"], ["title_en", "replaces"])
    return Category(keys["id"].text(), keys["title"].text(), title_en(keys), reference(keys["reference"]))


def purpose(node: Node, pack: str, *, categories: Collection[str]) -> Purpose:
    """A purpose of credit checks. No categories named: all of them."""
    keys = node.mapping(["id", "title", "disclosures", "categories", "basis"], ["title_en", "replaces"])
    return Purpose(
        code=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        disclosures=keys["disclosures"].choices(DISCLOSURES),
        categories=keys["categories"].choices(categories),
        basis=references(keys["basis"]),
    )


# The duties the code logs looks under; a pack says on what ground.
DUTIES: Final = ("own-supplies", "platform-management", "account-administration", "audit", "own-organisation")


def duty(node: Node, pack: str) -> Duty:
    """A reason to look without a credit check."""
    keys = node.mapping(["id", "title", "basis"], ["title_en", "replaces"])
    return Duty(keys["id"].choice(DUTIES), keys["title"].text(), title_en(keys), references(keys["basis"]))


def report_section(
    node: Node, pack: str, *, categories: Collection[str], items: Collection[str], taken: set[str]
) -> ReportSection:
    """A section of the credit report. taken: what earlier sections named, filled on the way."""
    keys = node.mapping(["id", "title", "content", "reference"], ["title_en", "categories", "items", "replaces"])
    named = [*(keys["categories"].choices(categories) if "categories" in keys else ())]
    single = keys["items"].choices(items) if "items" in keys else ()
    for name in (*named, *single):
        if name in taken:
            raise node.error("pack-duplicate-value", f"“{name}”已经属于前面的章节。", remedy="请只归入一个章节。")
        taken.add(name)
    return ReportSection(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        content=keys["content"].choice(("records", "advice", "others")),
        categories=tuple(named),
        items=single,
        reference=reference(keys["reference"]),
    )


def prohibited(node: Node, pack: str) -> ProhibitedCategory:
    """Data that may not be collected, with the patterns of column titles that betray it."""
    keys = node.mapping(["id", "title", "columns", "reference"], ["title_en", "allowed", "replaces"])
    for member in keys["columns"].sequence():
        try:
            re.compile(member.text())
        except re.error as error:
            raise member.error(
                "pack-bad-pattern",
                f"“{member.text()}”不是合格的正则表达式（{error}）。",
                remedy="请改正表达式，或者直接写列标题中的文字。",
            ) from None
    return ProhibitedCategory(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        columns=keys["columns"].texts(),
        allowed=keys["allowed"].texts() if "allowed" in keys else (),
        reference=reference(keys["reference"]),
    )


def principle(node: Node, pack: str) -> Principle:
    """A shared way of counting, or a number; only ways the code knows are allowed."""
    keys = node.mapping(["id", "title", "value", "reference"], ["title_en", "replaces"])
    name = keys["id"].choice([*PRINCIPLES, *NUMBERS])
    return Principle(
        id=name,
        title=keys["title"].text(),
        title_en=title_en(keys),
        value=str(keys["value"].integer()) if name in NUMBERS else keys["value"].choice(PRINCIPLES[name]),
        reference=reference(keys["reference"]),
        pack=pack,
    )


def calendar_year(node: Node, pack: str) -> CalendarYear:
    """The days off and make-up days of one year."""
    keys = node.mapping(["id", "status", "days_off", "make_up_days", "reference"], ["replaces"])
    year = keys["id"].integer()
    return CalendarYear(
        year=year,
        official=keys["status"].choice(("official", "provisional")) == "official",
        days_off=_days(keys["days_off"], year, weekend=False),
        make_up_days=_days(keys["make_up_days"], year, weekend=True),
        reference=reference(keys["reference"]),
    )


def _days(node: Node, year: int, *, weekend: bool) -> frozenset[date]:
    found: set[date] = set()
    for member in node.sequence():
        day = member.day()
        if day.year != year or (day.weekday() >= 5) != weekend:
            wanted = f"{year} 年的{'周六、周日' if weekend else '周一至周五'}"
            raise member.error(
                "pack-wrong-day",
                f"{day} 不是{wanted}。",
                allowed=wanted,
                remedy="放假日只列周一至周五，补班日只列周六、周日。",
            )
        if day in found:
            raise member.error("pack-duplicate-value", f"{day} 写了两次。", remedy="请删去重复的一个。")
        found.add(day)
    return frozenset(found)
