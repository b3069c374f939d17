"""两书同达: with each new penalty or list entry, the notice how to repair it or how to be removed, for the provider to
serve.

Made on demand from the rules of the pack in force on the day it is asked for; nothing is stored for it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from typing_extensions import Buffer

from gongxin import ids
from gongxin.clock import CIVIL_TIME
from gongxin.errors import InvalidInput, NotFound
from gongxin.intake.models import Submission
from gongxin.policy import packs, repair
from gongxin.policy.casework import Ground, RepairRegime, RepairRules
from gongxin.policy.model import Reference
from gongxin.policy.publicity import add_months
from gongxin.policy.repair import Eligibility
from gongxin.records import archiving, explaining
from gongxin.records.models import Record
from gongxin.rights import eligibility
from gongxin.typesetting import Document

TITLE: Final = "信用修复告知书"
# Of an entry of a list, which is left by a procedure of its own.
REMOVAL_TITLE: Final = "移出名单告知书"
# Notices in one file; more are fetched part by part, so that a request stays short.
PART: Final = 200
_PLATFORM: Final = "公信 公共信用信息平台"
# Clocks of machines differ, and rows are shaped before they are counted.
_MARGIN: Final = timedelta(hours=1)
# The procedure by which records are repaired; whatever else rules name is a way off a list.
_REPAIR: Final = "repair"


@dataclass(frozen=True, slots=True)
class RepairNotice:
    """What the notice says; page and PDF show the same. papers: what an application needs. grounds: of a list, on which
    removal may rest, each with the day from which it holds.
    """

    record: Record
    organisation: str
    code: str
    item: str
    document: str
    department: str
    text: str
    text_en: str
    papers: tuple[str, ...]
    found: Eligibility
    references: tuple[Reference, ...]
    day: date
    title: str = TITLE
    grounds: tuple[tuple[Ground, date], ...] = ()

    @property
    def filename(self) -> str:
        """A name for the file, by the number of the document."""
        kept = "".join(sign for sign in self.document if sign.isalnum() or sign in "〔〕号第")
        return f"{self.title}-{kept or self.record.pk.hex[-12:]}.pdf"


_PAPERS: Final = {
    "duties": "履行行政决定确定的义务、纠正违法行为的证明",
    "commitment": "信用承诺书",
    "training": "信用修复培训的证明",
}


def facts(held: Record, *, day: date) -> RepairNotice:
    """The notice of a record. Raises NotFound for records that are not repaired (licences, honours …)."""
    pack = packs.current()
    item = pack.item(held.item)
    rules = repair.rules_of(pack, item)
    if rules is None or not archiving.is_at_hand(held, day):
        raise NotFound(
            "repair-notice-none",
            "这条记录没有信用修复告知书。",
            remedy="只有行政处罚、严重失信主体名单等负面信息需要告知修复办法。",
        )
    found, regime = eligibility.of(held, day=day), rules.on(day)
    words, grounds = _words(held, found), _grounds(rules, held, found)
    return RepairNotice(
        record=held,
        organisation=held.organisation.name,
        code=held.organisation.uscc or "",
        item=item.title,
        document=held.document_no,
        department=held.provider.name,
        text=regime.notice_zh.format(**words[0]),
        text_en=regime.notice_en.format(**words[1]),
        papers=tuple(_PAPERS[paper] for paper in regime.papers),
        found=found,
        references=_references(regime, found, grounds),
        day=day,
        title=TITLE if rules.procedure == _REPAIR else REMOVAL_TITLE,
        grounds=grounds,
    )


def pdf(notice: RepairNotice, *, at: datetime) -> bytes:
    """The notice to serve, one page; the same facts give the same bytes."""
    document = Document(notice.title, made_at=at.astimezone(CIVIL_TIME), footer=f"{_PLATFORM} · {notice.title}")
    _set(document, notice)
    return bytes(document.output())


def batch(submission_id: UUID, *, at: datetime, part: int = 1) -> Iterator[bytes]:
    """A ZIP of the notices of a submission's new records, a PDF each, in parts as they are made.

    part: which PART of them, from 1. Raises NotFound where there is none. Reads two queries, whatever their number.
    """
    day = at.astimezone(CIVIL_TIME).date()
    notices = [facts(held, day=day) for held in _new(submission_id, part, day)]
    if not notices:
        raise NotFound(
            "repair-notices-none",
            "该批次没有需要告知修复办法的新记录。",
            remedy="只有行政处罚、严重失信主体名单等负面信息需要告知；已更新的记录此前已经告知。",
        )
    return _zipped(notices, at)


def parts(submission: Submission) -> int:
    """How many parts the notices of a submission make; 0 for none. Asks nothing of the database."""
    item = packs.current().items.get(submission.item)
    if item is None or repair.rules_of(packs.current(), item) is None:
        return 0
    return -(-submission.accepted // PART)


def _new(submission_id: UUID, part: int, day: date) -> QuerySet[Record]:
    if part < 1:
        raise InvalidInput("repair-notices-part", "没有这一部分。", remedy="请从第 1 部分开始下载。")
    # In the order of the file, which is that of the ids: no part sorts the whole hand-in.
    found = _of_submission(submission_id, day).select_related("organisation", "provider").order_by("id")
    return found[(part - 1) * PART : part * PART]


def _of_submission(submission_id: UUID, day: date) -> QuerySet[Record]:
    pack = packs.current()
    items = [item.id for item in pack.items.values() if repair.rules_of(pack, item) is not None]
    found = Record.objects.filter(archiving.at_hand(day), submission_id=submission_id, item__in=items, revision=1)
    return found.filter(pk__range=_made_within(submission_id))


def _made_within(submission_id: UUID) -> tuple[UUID, UUID]:
    """The first and the last id that a record of a submission can have: ids sort by time, and a new record gets its own
    while its submission is processed. By them the primary key finds the records; an index on `submission_id` would cost
    every load (docs/adr/0003). Where it is not known when the submission was worked on: every id.
    """
    made = Submission.objects.filter(pk=submission_id, completed_at__isnull=False).first()
    if made is None or made.completed_at is None:
        return UUID(int=0), UUID(int=(1 << 128) - 1)
    begin = ids.milliseconds(made.pk) - int(_MARGIN.total_seconds() * 1000)
    took = max(made.completed_at - made.received_at, timedelta()) + 2 * _MARGIN
    return ids.earliest(begin), ids.earliest(begin + int(took.total_seconds() * 1000))


class _Sink(io.RawIOBase):
    """What an archive is written to when it is sent as it is made: nothing can be read back or written over."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, part: Buffer) -> int:
        """Keep a part until it is sent."""
        self._written.append(bytes(part))
        return len(self._written[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        whole = b"".join(self._written)
        self._written.clear()
        return whole


def _zipped(notices: Sequence[RepairNotice], at: datetime) -> Iterator[bytes]:
    sink, taken = _Sink(), dict[str, int]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for notice in notices:
            archive.writestr(_entry(notice.filename, taken, at), pdf(notice, at=at))
            yield sink.taken()
    yield sink.taken()


def _entry(name: str, taken: dict[str, int], at: datetime) -> zipfile.ZipInfo:
    """A name that no other entry has, with the day of the notices."""
    taken[name] = taken.get(name, 0) + 1
    unique = name if taken[name] == 1 else name.replace(".pdf", f"-{taken[name]}.pdf")
    return zipfile.ZipInfo(unique, at.astimezone(CIVIL_TIME).timetuple()[:6])


def _words(held: Record, found: Eligibility) -> tuple[dict[str, str], dict[str, str]]:
    """What the placeholders stand for, Chinese and English."""
    pack = packs.current()
    item = pack.item(held.item)
    term = explaining.term(held)
    same = {"organisation": held.organisation.name, "document": held.document_no, "department": held.provider.name}
    until = term.published_until
    if until:
        ends, ends_en = f"该信息公示至{_day(until)}，届满自动停止公示", f"It is public until {until}"
    elif term.published:
        ends, ends_en = "该信息在有效期间公示", "It is public while it is in force"
    else:
        ends, ends_en = "该信息按规定不予公示", "It is not public"
    way = "信用修复" if found.procedure == _REPAIR else "移出名单"
    open_from = f"自{_day(found.since)}起可以申请{way}" if found.since else found.reason.rstrip("。")
    open_en = f"repair may be asked for from {found.since}" if found.since else found.reason_en.rstrip(".")
    zh = {"item": item.title, "repairable": open_from, "ends": ends}
    en = {"item": item.title_en, "repairable": open_en, "ends": ends_en}
    return same | zh, same | en


def _grounds(rules: RepairRules, held: Record, found: Eligibility) -> tuple[tuple[Ground, date], ...]:
    """On what removal may rest, from which day; empty where the record is repaired and not removed."""
    known = packs.current().procedure(rules.procedure).grounds_of(held.item)
    return tuple((ground, _holds_from(ground, held, found)) for ground in known)


def _holds_from(ground: Ground, held: Record, found: Eligibility) -> date:
    """A ground that asks for eligibility holds when that begins."""
    reached = add_months(held.decided_on, ground.after)
    return max(reached, found.since) if ground.eligible and found.since else reached


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _references(
    regime: RepairRegime, found: Eligibility, grounds: tuple[tuple[Ground, date], ...]
) -> tuple[Reference, ...]:
    """The sources, each title and article once, the surest of them."""
    by_name: dict[tuple[str, str], Reference] = {}
    named = (regime.reference, *found.references, *(ground.reference for ground, _ in grounds))
    for entry in sorted(named, key=lambda entry: "HML".index(entry.confidence)):
        by_name.setdefault((entry.title, entry.article), entry)
    return tuple(by_name.values())


def _set(document: Document, notice: RepairNotice) -> None:
    document.add_page()
    document.passage(notice.title, size=20, bold=True)
    document.ln(2)
    document.passage(f"与“{notice.item}”{notice.document}一并送达", size=11)
    document.passage(f"统一社会信用代码：{notice.code or '—'}", size=11)
    document.ln(4)
    document.passage(notice.text, size=12)
    document.ln(4)
    document.passage("申请需要的材料", size=13, bold=True)
    for number, paper in enumerate(notice.papers, start=1):
        document.passage(f"{number}. {paper}", size=11)
    document.ln(3)
    document.passage("什么时候可以申请", size=13, bold=True)
    document.passage(notice.found.reason, size=11)
    for ground, day in notice.grounds:
        mark = "（来源待核实）" if ground.reference.confidence == "L" else ""
        document.passage(f"· {ground.title}：自{_day(day)}起{mark}", size=11)
    document.ln(3)
    document.passage("依据", size=13, bold=True)
    for reference in notice.references:
        mark = "（来源待核实）" if reference.confidence == "L" else ""
        document.passage(f"《{reference.title}》{reference.article}{mark}", size=10)
    document.ln(10)
    document.signed(f"{notice.department}（盖章）", _day(notice.day))
