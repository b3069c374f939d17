"""What a credit report says: base information, ten sections in the order of the pack, advice. No page, no signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from gongxin.enquiries.models import Version
from gongxin.policy import packs
from gongxin.policy.model import Field, Item, ReportSection
from gongxin.policy.pack import Pack
from gongxin.records import explaining
from gongxin.records.models import Record
from gongxin.subjects.models import Kind, Organisation

# Records a section lists at most; it says how many there are.
MOST: Final = 500
# Base information comes from the register; this category would say it twice.
_REGISTER: Final = "registration"
_OF_A_PARTY: Final = ("party_", "person_", "representative_", "source_")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as a report shows it (第 n 条). lines: label and text of each field that has content."""

    record: UUID
    revision: int
    item: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One of the ten sections. entries: at most MOST of `total`. advice: sentences, in the section that gives it."""

    id: str
    title: str
    total: int
    entries: tuple[Entry, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a report says of an organisation on a day."""

    organisation: UUID
    name: str
    uscc: str
    version: Version
    day: date
    basics: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    def shown(self) -> list[list[object]]:
        """Record and revision of every entry."""
        return [[str(entry.record), entry.revision] for section in self.sections for entry in section.entries]


def content(about: Organisation, records: Iterable[Record], *, version: Version, day: date) -> Content:
    """The report on `about` from these records, each with its organisation and provider at hand."""
    pack = packs.current()
    known = [(record, pack.items[record.item]) for record in records if record.item in pack.items]
    filled = {section.id: _records(section, known, pack) for section in pack.report.values()}
    sections = tuple(
        Section(section.id, section.title, 0, advice=tuple(_advice(filled, pack, day)))
        if section.content == "advice"
        else _section(section, filled[section.id])
        for section in pack.report.values()
    )
    return Content(about.pk, about.name, about.uscc or "", version, day, tuple(basics(about)), sections)


def basics(about: Organisation) -> Iterator[tuple[str, str]]:
    """Label and text of the base information (基础信息).

    A sole trader's operator is a person and its address may be a home: neither is in it.
    """
    trader = about.kind == Kind.SOLE_TRADER
    yield "机构名称", about.name
    yield "统一社会信用代码", about.uscc or "登记名册未载明"
    if not trader and _representative_published() and about.legal_representative:
        yield "法定代表人／负责人", about.legal_representative
    yield "主体类型", about.type_name or Kind(about.kind).label
    yield "登记状态", about.status
    if not trader and about.address:
        yield "住所", about.address
    if about.established_on:
        yield "成立日期", chinese_day(about.established_on)
    yield from ((label, text) for label, text in (("注册资本", about.capital), ("业务范围", about.scope)) if text)


def basics_hash(about: Organisation) -> str:
    """SHA-256 of the base information: whether it is still what a report showed."""
    return hashlib.sha256(json.dumps(list(basics(about)), ensure_ascii=False).encode()).hexdigest()


def chinese_day(day: date) -> str:
    """2026年4月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _representative_published() -> bool:
    """Whether the catalogue publishes an organisation's representative with its registration."""
    items = (item for item in packs.current().items.values() if item.category == _REGISTER)
    fields = (item.by_role("party_representative") for item in items)
    return any(field is not None and explaining.visible(field, Kind.ENTERPRISE) for field in fields)


Known = Sequence[tuple[Record, Item]]


def _records(section: ReportSection, known: Known, pack: Pack) -> list[tuple[Record, Item]]:
    """The records of a section, in the order of the catalogue, newest first."""
    if section.content == "advice":
        return []
    named = {name for other in pack.report.values() for name in (*other.items, *other.categories)} | {_REGISTER}
    items = {name for other in pack.report.values() for name in other.items}

    def belongs(item: Item) -> bool:
        if section.content == "others":
            return item.id not in named and item.category not in named
        return item.id in section.items or (item.category in section.categories and item.id not in items)

    order = {name: place for place, name in enumerate(pack.items)}
    return sorted(
        (pair for pair in known if belongs(pair[1])),
        key=lambda pair: (order[pair[0].item], -pair[0].decided_on.toordinal(), pair[0].pk.hex),
    )


def _section(section: ReportSection, found: Known) -> Section:
    return Section(section.id, section.title, len(found), tuple(_entry(*pair) for pair in found[:MOST]))


def _entry(record: Record, item: Item) -> Entry:
    """What anybody may see of the record; the party itself stands at the head of the report."""
    lines = [
        (field.label, _said(field, text))
        for field, text in explaining.public_fields(record)
        if not (field.role or "").startswith(_OF_A_PARTY)
    ]
    until = record.publicity_until
    if until and not any(label.startswith("公示截止") for label, _ in lines):
        lines.append(("公示截止日期", chinese_day(until)))
    source = record.provider
    lines.append(("数据来源", source.name))
    lines.append(("数据来源统一社会信用代码", source.uscc or f"（单位代码 {source.code}）"))
    return Entry(record.pk, record.revision, item.title, tuple(lines))


def _said(field: Field, text: str) -> str:
    """A day as people write it; every other text as it is."""
    try:
        return chinese_day(date.fromisoformat(text)) if field.type == "date" else text
    except ValueError:
        return text


def _advice(filled: dict[str, list[tuple[Record, Item]]], pack: Pack, day: date) -> Iterator[str]:
    """What the organisation can do about each adverse record, and on which ground."""
    for section in pack.report.values():
        for place, (record, item) in enumerate(filled[section.id][:MOST], start=1):
            if item.adverse:
                yield f"{section.title}第{place}条（{record.document_no or item.title}）：{_remedy(record, day)}"


def _remedy(record: Record, day: date) -> str:
    term = explaining.term(record)
    cited = next((entry for entry in term.references if entry.confidence != "L"), None)
    grounded = f"（依据{cited.title}{cited.article}）" if cited else ""
    if term.repairable_from is not None:
        since = "现在" if term.repairable_from <= day else f"自{chinese_day(term.repairable_from)}起"
        return f"纠正违法失信行为并履行全部义务后，{since}可以向认定单位申请信用修复，不收取费用{grounded}。"
    if record.publicity_until:
        return f"公示至{chinese_day(record.publicity_until)}，期满自动停止公示{grounded}。"
    return f"请向数据来源单位了解移出或者修复的条件和程序{grounded}。"
