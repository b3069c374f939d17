"""Everything held about an organisation, archived or not: what the list, the page of a record and the file all say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from gongxin.ends import ending
from gongxin.ends.ending import Ending
from gongxin.enquiries import selectors as looks
from gongxin.enquiries.models import Look
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.web.desk.held import standing

# Records whose ends are looked up at once.
_STRETCH: Final = 1000
COLUMNS: Final = (
    "信用主体", "内容", "目录项", "文书号", "决定日期", "数据来源", "记录状态", "公示", "异议核查中",
    "归档", "归档日期", "归档事由", "归档办件", "保存至", "保存依据", "记录编号",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A record with what is said of it. ending: how it ended; None while it is in use."""

    record: Any
    title: str
    public: bool
    sentence: str
    ending: Ending | None

    @property
    def label(self) -> str:
        """«已归档», «暂时屏蔽», or nothing."""
        if self.ending is None:
            return ""
        return _("暂时屏蔽") if self.ending.shielded else _("已归档")


def lines(found: Sequence[Record], day: date) -> list[Line]:
    """The records as the list says them; how they ended is looked up for all at once."""
    endings, items = ending.of([held.pk for held in found], day=day), packs.current().items
    return [
        Line(
            held,
            items[held.item].title if held.item in items else held.item,
            *standing(held, day),
            endings.get(held.pk),
        )
        for held in found
    ]


def line(held: Record, day: date) -> Line:
    """One record as the list says it."""
    return lines([held], day)[0]


def readers(entry: Line) -> list[Look]:
    """Who was shown an archived record since it ended, and why; nobody of one that is in use."""
    if entry.ending is None:
        return []
    return looks.who_read(entry.record.organisation_id, entry.record.pk, since=entry.ending.ended_on)


def rows(found: QuerySet[Any], day: date) -> Iterator[list[str]]:
    """The records as texts under COLUMNS, as the list says them."""
    stretch: list[Record] = []
    for held in found.iterator(chunk_size=_STRETCH):
        stretch.append(held)
        if len(stretch) == _STRETCH:
            yield from map(_row, lines(stretch, day))
            stretch = []
    yield from map(_row, lines(stretch, day))


def _row(entry: Line) -> list[str]:
    held, end = entry.record, entry.ending
    kept = "" if end is None or end.rule is None else (end.kept_until.isoformat() if end.kept_until else "长期")
    rule = end.rule if end else None
    return [
        held.organisation.name,
        held.title,
        entry.title,
        held.document_no,
        held.decided_on.isoformat(),
        held.provider.name,
        held.get_state_display(),
        entry.sentence,
        "是" if held.contested else "",
        entry.label,
        end.ended_on.isoformat() if end else "",
        end.title if end else "",
        end.case if end else "",
        kept,
        f"{rule.title}：{rule.reference.title} {rule.reference.article}".strip() if rule else "",
        str(held.pk),
    ]
