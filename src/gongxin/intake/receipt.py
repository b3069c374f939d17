"""Receipts (回执).

What was handed in, what came of it, and the proof that the four outcomes add up to the rows handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict
from gongxin.intake.faults import FAULTS
from gongxin.intake.models import UNFINISHED, Submission, SubmissionState
from gongxin.intake.selectors import fault_of
from gongxin.policy import packs
from gongxin.typesetting import FAMILY, Document

PLATFORM: Final = "公信 公共信用信息平台"
_GREY: Final = 90


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many rows had this fault or warning, and why the platform asks."""

    code: str
    title: str
    rows: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a receipt says; page and PDF show the same. Times are civil time in China."""

    number: str
    submission: str
    item: str
    item_id: str
    provider: str
    provider_code: str
    channel: str
    submitted_by: str
    filename: str
    sha256: str
    size: int
    received_at: datetime
    completed_at: datetime | None
    outcome: str
    rows_in: int
    accepted: int
    revised: int
    unchanged: int
    rejected: int
    # Rows of natural persons, taken over into their own files.
    received: int
    rejections: tuple[CodeCount, ...]
    warnings: tuple[CodeCount, ...]
    # Of a refused file: code, what is wrong, next step.
    fault: tuple[str, str, str] | None
    corrects: str
    # By which rules it was judged (packs and program); empty for a file refused unread.
    rules: str

    @property
    def adds_up(self) -> bool:
        """Whether every row has exactly one outcome."""
        return self.rows_in == self.accepted + self.revised + self.unchanged + self.rejected + self.received


def number(submission: Submission) -> str:
    """The receipt's number: HZ, the day of receipt in China and the last twelve digits of the submission's id."""
    return f"HZ{submission.received_at.astimezone(CIVIL_TIME):%Y%m%d}-{submission.pk.hex[-12:].upper()}"


def facts(submission: Submission) -> Receipt:
    """What the receipt of a finished submission says. Conflict while it is still being processed."""
    if submission.state in UNFINISHED:
        raise Conflict("still-processing", "该批次还在处理，尚无回执。", remedy="请稍候，处理完成后再下载回执。")
    fault = fault_of(submission)
    item = packs.current().items.get(submission.item)
    user = submission.submitted_by
    return Receipt(
        number=number(submission),
        submission=str(submission.pk),
        item=item.title if item else submission.item,
        item_id=submission.item,
        provider=submission.provider.name,
        provider_code=submission.provider.code,
        channel=submission.get_channel_display(),
        submitted_by=user.display_name() if user else "",
        filename=submission.filename,
        sha256=submission.file_sha256,
        size=submission.file_bytes,
        received_at=submission.received_at.astimezone(CIVIL_TIME),
        completed_at=submission.completed_at.astimezone(CIVIL_TIME) if submission.completed_at else None,
        outcome=SubmissionState(submission.state).label,
        rows_in=submission.rows_in,
        accepted=submission.accepted,
        revised=submission.revised,
        unchanged=submission.unchanged,
        rejected=submission.rejected,
        received=submission.received,
        rejections=_counts(submission.rejections_by_code),
        warnings=_counts(submission.warnings_by_code),
        fault=(fault["code"], fault["detail"], fault["remedy"]) if fault else None,
        corrects=number(submission.corrects) if submission.corrects else "",
        rules=submission.rules,
    )


def _counts(by_code: dict[str, int]) -> tuple[CodeCount, ...]:
    ordered = sorted(by_code.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(CodeCount(code, FAULTS[code].title, rows, FAULTS[code].reason) for code, rows in ordered)


def pdf(submission: Submission) -> bytes:
    """The receipt as PDF; the same submission gives the same bytes."""
    receipt = facts(submission)
    document = Document(
        f"报送回执 {receipt.number}",
        made_at=receipt.completed_at or receipt.received_at,
        footer=f"{PLATFORM} · 报送回执 {receipt.number}",
    )
    document.add_page()
    _head(document, receipt)
    _pairs(document, receipt)
    _outcome(document, receipt)
    _codes(document, "退回的问题数据", receipt.rejections)
    _codes(document, "提示（已入库）", receipt.warnings)
    _foot(document, receipt)
    return bytes(document.output())


def _head(document: Document, receipt: Receipt) -> None:
    document.set_text_color(_GREY)
    _line(document, PLATFORM, size=10)
    document.set_text_color(0)
    _line(document, "公共信用信息报送回执", size=20, bold=True)
    _line(document, f"回执编号：{receipt.number}", size=10)
    document.ln(3)


def _line(document: Document, text: str, *, size: int, bold: bool = False) -> None:
    document.set_font(FAMILY, "B" if bold else "", size)
    document.multi_cell(0, size * 0.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _pairs(document: Document, receipt: Receipt) -> None:
    pairs = [
        ("信息提供单位", f"{receipt.provider}（{receipt.provider_code}）"),
        ("目录项", f"{receipt.item}（{receipt.item_id}）"),
        ("报送方式", receipt.channel + (f"，{receipt.submitted_by}" if receipt.submitted_by else "")),
        ("文件", f"{receipt.filename}（{receipt.size:,} 字节）"),
        ("文件 SHA-256", receipt.sha256),
        ("接收时间", _moment(receipt.received_at)),
        ("处理完成时间", _moment(receipt.completed_at)),
        ("批次号", receipt.submission),
    ]
    if receipt.corrects:
        pairs.append(("改正的批次", receipt.corrects))
    if receipt.rules:
        pairs.append(("处理所依规则", receipt.rules))
    document.set_font(FAMILY, size=10)
    with document.table(
        first_row_as_headings=False,
        col_widths=(26, 100),
        text_align=("L", "L"),
        line_height=6.5,
        borders_layout="HORIZONTAL_LINES",
    ) as table:
        for name, value in pairs:
            row = table.row()
            row.cell(name, style=FontFace(color=_GREY))
            row.cell(value)
    document.ln(5)


def _outcome(document: Document, receipt: Receipt) -> None:
    _line(document, f"处理结果：{receipt.outcome}", size=13, bold=True)
    document.ln(1)
    document.set_font(FAMILY, size=10)
    if receipt.fault:
        code, detail, remedy = receipt.fault
        document.multi_cell(0, 6.5, f"{code}　{detail}\n下一步：{remedy}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        document.ln(3)
        return
    names = ("报送行数", "新增", "更新", "未变化", "退回", "已接收")
    ends = (receipt.accepted, receipt.revised, receipt.unchanged, receipt.rejected, receipt.received)
    counts = (receipt.rows_in, *ends)
    with document.table(text_align="CENTER", line_height=7.5) as table:
        table.row(names)
        table.row([f"{count:,}" for count in counts])
    document.set_text_color(_GREY)
    _line(document, f"{counts[0]:,} = " + " + ".join(f"{count:,}" for count in counts[1:]), size=9)
    document.set_text_color(0)
    document.ln(4)


def _codes(document: Document, title: str, counts: tuple[CodeCount, ...]) -> None:
    if not counts:
        return
    _line(document, title, size=13, bold=True)
    document.ln(1)
    document.set_font(FAMILY, size=9)
    with document.table(
        col_widths=(14, 38, 16, 90), text_align=("L", "L", "R", "L"), line_height=5.5, repeat_headings=1
    ) as table:
        table.row(("代码", "问题", "行数", "原因"))
        for count in counts:
            table.row((count.code, count.title, f"{count.rows:,}", count.reason))
    document.ln(4)


def _foot(document: Document, receipt: Receipt) -> None:
    document.set_text_color(_GREY)
    if receipt.received:
        _line(document, "已接收：自然人的信息，只归入其本人的档案，不再显示。", size=9)
    _line(document, "每条退回数据的行号、字段和修改建议见批次页面的问题数据下载。", size=9)
    document.set_text_color(0)


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}（北京时间）" if value else "—"
