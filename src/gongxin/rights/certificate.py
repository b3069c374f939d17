"""The certificate of a repair training as PDF: the same facts give the same bytes. It names an organisation only."""

from __future__ import annotations

from typing import Final

from gongxin.clock import CIVIL_TIME
from gongxin.policy.model import Principle
from gongxin.rights.models import Certificate
from gongxin.typesetting import Document

TITLE: Final = "信用修复培训证明"
_PLATFORM: Final = "公信 公共信用信息平台"


def filename(held: Certificate) -> str:
    """A name for the file, by its number."""
    return f"{TITLE}-{held.number}.pdf"


def pdf(held: Certificate, rule: Principle) -> bytes:
    """The certificate, one page. rule: how many class hours are asked for, with its source. Reads `held.course`,
    `held.organisation`.
    """
    made_at = held.issued_at.astimezone(CIVIL_TIME)
    document = Document(TITLE, made_at=made_at, footer=f"{_PLATFORM} · {TITLE}")
    document.add_page()
    document.ln(18)
    document.passage(TITLE, size=24, bold=True, align="C")
    document.ln(2)
    document.passage(held.number, size=11, align="C")
    document.ln(12)
    about = held.organisation
    code = f"（统一社会信用代码 {about.uscc}）" if about.uscc else ""
    document.passage(
        f"{about.name}{code}参加“{held.course.title}”，共完成 {held.hours} 个学时，"
        f"达到规定的 {held.asked} 个学时，特此证明。",
        size=14,
    )
    document.ln(8)
    source = rule.reference
    mark = "（来源待核实）" if source.confidence == "L" else ""
    document.passage(f"依据：《{source.title}》{source.article}{mark}", size=10)
    if source.note:
        document.passage(f"说明：{source.note}。", size=10)
    document.passage("本证明属于信用主体，不记载参加人员的姓名；培训和证明不收取任何费用。", size=10)
    document.ln(18)
    for text in (held.course.department.name, f"{made_at.year}年{made_at.month}月{made_at.day}日"):
        document.passage(text, size=12, align="R")
    return bytes(document.output())
