"""A notice of a case as a document to keep: PDF, with when it was made available, read and mailed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fpdf.enums import WrapMode, XPos, YPos

from gongxin.clock import CIVIL_TIME
from gongxin.correspondence.messages import Entry
from gongxin.rights.models import Notice
from gongxin.typesetting import FAMILY, Document

_PLATFORM: Final = "公信 公共信用信息平台"
TITLE: Final = "办件通知"


def pdf(entry: Entry, notice: Notice) -> bytes:
    """One page; the same facts give the same bytes."""
    document = Document(TITLE, made_at=entry.at.astimezone(CIVIL_TIME), footer=f"{_PLATFORM} · {TITLE}")
    document.add_page()
    line(document, TITLE, size=20, bold=True)
    document.ln(2)
    line(document, f"{notice.case.number}　{notice.case.organisation.name}", size=11)
    line(document, f"统一社会信用代码：{notice.case.organisation.uscc or '—'}", size=11)
    document.ln(4)
    line(document, notice.zh, size=12)
    document.ln(4)
    for said in delivered(entry):
        line(document, said, size=10)
    document.ln(10)
    for said in (notice.case.department.name, instant(entry.at)[:10]):
        document.set_font(FAMILY, size=12)
        document.cell(0, 8, said, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
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


def line(document: Document, text: str, *, size: int, bold: bool = False) -> None:
    """A paragraph over the width of the page."""
    document.set_font(FAMILY, "B" if bold else "", size)
    document.multi_cell(0, size * 0.62, text, align="L", wrapmode=WrapMode.CHAR, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
