"""Setting a credit report as a PDF of A4 pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.report_content import Content, Section, chinese_day
from gongxin.typesetting import FAMILY, Document

TITLE: Final = "公共信用信息报告"
NOTHING: Final = "查询期内无相关信息"
PLATFORM: Final = "公信 公共信用信息平台"
_GREY: Final = 95
# The seal red of the pages (gongxin.css).
_SEAL: Final = (150, 34, 47)
_RULE: Final = (205, 200, 192)
_NUMERALS: Final = "一二三四五六七八九十"
_QR_MM: Final = 30.0
_TEXT_PT: Final = 9.5
_LINE_MM: Final = 5.8
_LABEL_MM: Final = 46
_VALUE_MM: Final = 128
# A heading does not stand alone at the foot of a page.
_KEPT_TOGETHER_MM: Final = 34


@dataclass(frozen=True, slots=True)
class Imprint:
    """What identifies a report. address: of its verification page. purpose: why it was asked for."""

    number: str
    issuer: str
    issued_at: datetime
    address: str
    purpose: str


def pdf(content: Content, imprint: Imprint) -> bytes:
    """The report, not yet signed."""
    document = _Report(content, imprint)
    document.add_page()
    _head(document, content, imprint)
    _basics(document, content)
    _overview(document, content)
    for place, section in enumerate(content.sections):
        _section(document, _NUMERALS[place], section)
    _foot(document, content, imprint)
    return bytes(document.output())


class _Report(Document):
    """A4 with the organisation's name at the head of every page after the first."""

    def __init__(self, content: Content, imprint: Imprint) -> None:
        super().__init__(
            f"{TITLE} {content.name}",
            made_at=imprint.issued_at,
            footer=f"{PLATFORM}　报告编号 {imprint.number}",
        )
        self.content = content
        self.set_subject(f"{TITLE} {imprint.number}")
        self.set_draw_color(*_RULE)

    def header(self) -> None:
        """Running head."""
        if self.page_no() == 1:
            return
        self.set_font(FAMILY, size=8)
        self.set_text_color(_GREY)
        self.cell(0, 5, f"{TITLE}　{self.content.name}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)
        self.line(self.l_margin, self.get_y() + 1, self.w - self.r_margin, self.get_y() + 1)
        self.ln(5)


def line(document: Document, text: str, *, size: float, bold: bool = False, grey: bool = False) -> None:
    """A paragraph over the whole width; size in points."""
    document.set_font(FAMILY, "B" if bold else "", size)
    document.set_text_color(_GREY if grey else 0)
    width = document.w - document.l_margin - document.r_margin - 2
    document.multi_cell(0, size * 0.62, document.wrapped(text, width), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    document.set_text_color(0)


def _head(document: Document, content: Content, imprint: Imprint) -> None:
    """Title and imprint on the left, the code that leads to the verification page on the right."""
    top = document.get_y()
    document.set_fill_color(*_SEAL)
    document.rect(document.l_margin, top, 26, 1.6, style="F")
    document.set_y(top + 6)
    width = document.w - document.l_margin - document.r_margin
    document.set_right_margin(document.r_margin + _QR_MM + 8)
    line(document, TITLE, size=25, bold=True)
    document.ln(2)
    line(document, content.name, size=14, bold=True)
    if content.uscc:
        line(document, f"统一社会信用代码 {content.uscc}", size=10)
    document.ln(2)
    for label, text in _imprint(content, imprint):
        line(document, f"{label}：{text}", size=9.5, grey=True)
    bottom = document.get_y()
    document.set_right_margin(document.r_margin - _QR_MM - 8)
    left = document.l_margin + width - _QR_MM
    _code(document, imprint.address, left=left, top=top + 4)
    document.set_xy(left - 4, top + 5 + _QR_MM)
    document.set_font(FAMILY, size=8)
    document.set_text_color(_GREY)
    document.cell(_QR_MM + 8, 5, "扫码验证本报告", align="C")
    document.set_text_color(0)
    document.set_xy(document.l_margin, max(bottom, top + 12 + _QR_MM) + 3)


def _imprint(content: Content, imprint: Imprint) -> list[tuple[str, str]]:
    issued = imprint.issued_at.astimezone(CIVIL_TIME)
    said = [
        ("报告编号", imprint.number),
        ("报告版本", content.version.label),
        ("签发单位", imprint.issuer),
        ("签发时间", f"{chinese_day(issued.date())} {issued:%H:%M:%S}（北京时间）"),
    ]
    return [*said, ("查询用途", imprint.purpose)] if imprint.purpose else said


def _code(document: Document, address: str, *, left: float, top: float) -> None:
    """The QR code as vectors: each row's dark runs as one rectangle."""
    matrix = segno.make(address, error="m", micro=False).matrix
    size = _QR_MM / len(matrix)
    document.set_fill_color(0, 0, 0)
    for row, modules in enumerate(matrix):
        start = 0
        while start < len(modules):
            end = start
            while end < len(modules) and modules[end]:
                end += 1
            if end > start:
                # A hair wider than the grid, so that no viewer shows gaps between rows.
                document.rect(left + start * size, top + row * size, (end - start) * size, size * 1.02, style="F")
            start = max(end, start + 1)


def heading(document: Document, text: str, note: str = "") -> None:
    """The heading of a section, kept together with what follows; note: beside it in grey."""
    if document.get_y() > document.h - document.b_margin - _KEPT_TOGETHER_MM:
        document.add_page()
    document.ln(3)
    top = document.get_y()
    document.set_fill_color(*_SEAL)
    document.rect(document.l_margin, top + 1.2, 1.4, 6, style="F")
    document.set_x(document.l_margin + 4)
    document.set_font(FAMILY, "B", 13)
    document.cell(document.get_string_width(text) + 3, 8.4, text)
    document.set_font(FAMILY, size=9)
    document.set_text_color(_GREY)
    document.cell(0, 8.4, note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    document.set_text_color(0)
    document.ln(1)


def pairs(document: Document, texts: Sequence[tuple[str, str]], title: str = "") -> None:
    """A table of labels and texts; with its title on one page where it fits on one."""
    document.set_font(FAMILY, size=_TEXT_PT)
    # The table's own padding on both sides.
    inner = 2.6
    set_pairs = [
        (document.wrapped(label, _LABEL_MM - inner), document.wrapped(text or "—", _VALUE_MM - inner))
        for label, text in texts
    ]
    rows = (max(label.count("\n"), text.count("\n")) + 1 for label, text in set_pairs)
    height = sum(lines * _LINE_MM + 1.4 for lines in rows) + 9
    room = document.h - document.b_margin - document.get_y()
    if height > room and height < document.h - document.t_margin - document.b_margin - 12:
        document.add_page()
    if title:
        line(document, title, size=10.5, bold=True)
        document.ln(0.5)
        document.set_font(FAMILY, size=_TEXT_PT)
    document.set_fill_color(255)
    with document.table(
        first_row_as_headings=False,
        col_widths=(_LABEL_MM, _VALUE_MM),
        text_align=("L", "L"),
        line_height=_LINE_MM,
        borders_layout="HORIZONTAL_LINES",
        padding=(0.7, 1),
    ) as table:
        for label, text in set_pairs:
            row = table.row()
            row.cell(label, style=FontFace(color=_GREY))
            row.cell(text)
    document.ln(2.5)


def _basics(document: Document, content: Content) -> None:
    heading(document, "基础信息")
    pairs(document, content.basics)


def _overview(document: Document, content: Content) -> None:
    """How many entries each section holds."""
    heading(document, "信息概览")
    counted = [(place, section) for place, section in enumerate(content.sections) if not section.advice]
    document.set_font(FAMILY, size=_TEXT_PT)
    document.set_fill_color(255)
    with document.table(
        col_widths=(14, 90, 30),
        text_align=("C", "L", "R"),
        line_height=5.8,
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD", color=0),
        padding=(0.6, 1),
    ) as table:
        table.row(("序号", "章节", "条数"))
        for place, section in counted:
            table.row((_NUMERALS[place], section.title, f"{section.total:,}"))
    document.ln(2)


def _section(document: Document, numeral: str, section: Section) -> None:
    count = f"共 {section.total:,} 条" if section.total else ""
    more = f"，列出其中 {len(section.entries):,} 条" if section.total > len(section.entries) else ""
    heading(document, f"{numeral}、{section.title}", count + more)
    if section.advice:
        for place, sentence in enumerate(section.advice, start=1):
            line(document, f"第 {place} 条　{sentence}", size=_TEXT_PT)
            document.ln(1)
    elif not section.entries:
        line(document, NOTHING, size=_TEXT_PT, grey=True)
    for place, entry in enumerate(section.entries, start=1):
        pairs(document, entry.lines, title=f"第 {place} 条　{entry.item}")


def _foot(document: Document, content: Content, imprint: Imprint) -> None:
    heading(document, "说明")
    seen = (
        "本报告列出签发时依法向社会公示的信息，任何人都可以免费查询。"
        if content.version == "public"
        else "本报告列出签发时依法可以向查询人提供的信息，请勿用于查询用途以外的目的。"
    )
    for sentence in (
        seen,
        "信息由数据来源单位提供并对其真实性负责；认为有误的，可以通过平台或者向数据来源单位提出异议。",
        "本报告只反映签发时的情况，此后信息可能更正、修复或者停止公示。使用前请扫描首页二维码，或者在平台的"
        "“报告验证”页面输入报告编号、上传本文件，核对报告是否有效、文件是否被改动。",
        f"验证地址：{imprint.address}",
        "本文件带有签发单位的电子签名，任何改动都会使签名失效；打印件以验证页面显示的内容为准。",
    ):
        line(document, sentence, size=9, grey=True)
        document.ln(0.8)
