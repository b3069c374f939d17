"""A notice of a case as a document to keep: PDF, with when it was made available, read and mailed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gongxin.clock import CIVIL_TIME
from gongxin.correspondence.messages import Entry
from gongxin.rights.models import Notice
from gongxin.typesetting import Document

_PLATFORM: Final = "公信 公共信用信息平台"
TITLE: Final = "办件通知"


def pdf(entry: Entry, notice: Notice) -> bytes:
    """One page; the same facts give the same bytes."""
    document = Document(TITLE, made_at=entry.at.astimezone(CIVIL_TIME), footer=f"{_PLATFORM} · {TITLE}")
    document.add_page()
    document.passage(TITLE, size=20, bold=True)
    document.ln(2)
    document.passage(f"{notice.case.number}　{notice.case.organisation.name}", size=11)
    document.passage(f"统一社会信用代码：{notice.case.organisation.uscc or '—'}", size=11)
    document.ln(4)
    document.passage(notice.zh, size=12)
    document.ln(4)
    for said in delivered(entry):
        document.passage(said, size=10)
    document.ln(10)
    document.signed(notice.case.department.name, instant(entry.at)[:10])
    return bytes(document.output())


def delivered(entry: Entry) -> list[str]:
    """When it was delivered, in words."""
    said = [f"网上送达：{instant(entry.at)}"]
    said.append(f"首次打开：{instant(entry.read_at)}" if entry.read_at else "首次打开：尚未打开")
    if entry.mailed_at:
        said.append(f"邮件提醒：{instant(entry.mailed_at)}")
    return said


def instant(at: datetime) -> str:
    """An instant in China's civil time."""
    return f"{at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}"
