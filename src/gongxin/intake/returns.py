"""What goes back to the department: its rows with the reasons beside them, as XLSX and CSV; and recognising them when
they return.

The file is the original's columns in the original's order, then `RETURN_COLUMNS`. Correct the cells, hand the file in
again: intake ignores the added columns, judges the rows anew, and `link_corrections` marks the rejected rows that are
settled by it. A natural person's row goes back as its number and the reason with empty cells: its content was not
kept.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import xlsxwriter

from gongxin.errors import Conflict
from gongxin.intake import originals
from gongxin.intake.models import UNFINISHED, Finding, RejectedRow, Submission, SubmissionState
from gongxin.intake.originals import Row
from gongxin.intake.persons import MASKED
from gongxin.intake.selectors import field_labels, line

ROW_COLUMN: Final = "错误行号"
BATCH_COLUMN: Final = "错误批次"
# Columns added to what goes back; intake reads past them.
RETURN_COLUMNS: Final = (ROW_COLUMN, "错误代码", "错误字段", "错误原因", "修改建议", BATCH_COLUMN)

# Beside a row whose record has ended since.
ENDED: Final = "这条记录已经归档或者屏蔽，内容不再提供；不需要改正。"
_BATCH: Final = 2_000
_XLSX_ROWS: Final = 1_048_575
_XLSX_CELL: Final = 32_767
_CUT: Final = "……（内容过长，完整内容请下载 CSV）"
# Begins a formula in a spreadsheet; a plain signed number does not.
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?\d{1,11}(\.\d*)?")
# Longer than the 15 digits a spreadsheet keeps of a number.
_LONG_DIGITS: Final = re.compile(r"\d{12,}")


def rejected_workbook(submission: Submission) -> Iterator[bytes]:
    """The rejected rows as XLSX, all cells text, in parts. Conflict: more than a sheet holds, or none yet."""
    _judge_finished(submission)
    _judge_sheet(submission.rejected)
    return _workbook(_header(submission), _rejected_rows(submission))


def rejected_csv(submission: Submission) -> Iterator[bytes]:
    """The rejected rows as CSV (UTF-8 with BOM), in parts.

    A cell that a spreadsheet would take for a formula, or a number too long for it, begins with a tab: spreadsheets
    then show it as text, and intake drops the tab when the file comes back.
    """
    _judge_finished(submission)
    return _csv(_header(submission), _rejected_rows(submission))


def whole_workbook(submission: Submission, *, day: date) -> Iterator[bytes]:
    """All rows of the original with the reasons beside the rejected ones, as XLSX; of rows whose record is archived on
    `day` that it is, and nothing else.

    NotFound when the original is gone.
    """
    _judge_finished(submission)
    _judge_sheet(submission.rows_in)
    original = originals.rows(submission, day=day)
    return _workbook(_header(submission), _whole_rows(submission, original))


def whole_csv(submission: Submission, *, day: date) -> Iterator[bytes]:
    """All rows of the original with the reasons beside the rejected ones, as CSV; otherwise as `whole_workbook`.

    NotFound when the original is gone.
    """
    _judge_finished(submission)
    original = originals.rows(submission, day=day)
    return _csv(_header(submission), _whole_rows(submission, original))


def link_corrections(submission: Submission) -> int:
    """Mark rejected rows of earlier submissions whose corrected form was taken in with this one. Returns how many.

    Rows are known by the columns 错误批次 and 错误行号 of a returned file; in a file without them that names the
    submission it corrects, by the natural key as it was written. Only submissions of the same department and item
    count. Doing it twice changes nothing.
    """
    if submission.state != SubmissionState.COMPLETED:
        return 0
    if not {ROW_COLUMN, BATCH_COLUMN} <= set(submission.columns):
        earlier = submission.corrects
        return mark_corrected(earlier, originals.rows_of_same_key(earlier, submission), by=submission) if earlier else 0
    settled = originals.returned_rows(submission, BATCH_COLUMN, ROW_COLUMN)
    known = Submission.objects.filter(pk__in=settled, provider_id=submission.provider_id, item=submission.item)
    found = list(known.exclude(pk=submission.pk))
    if len(found) == 1 and submission.corrects_id is None:
        submission.corrects = found[0]
        submission.save(update_fields=["corrects"])
    return sum(mark_corrected(entry, settled[entry.pk], by=submission) for entry in found)


def mark_corrected(earlier: Submission, rows: Iterable[int], *, by: Submission) -> int:
    """Note that `by` settled these rejected rows of `earlier`; a row settled before stays with its first correction."""
    open_rows = RejectedRow.objects.filter(submission=earlier, corrected_by=None)
    return sum(open_rows.filter(row_number__in=part).update(corrected_by=by) for part in _parts(rows))


def original_columns(submission: Submission) -> list[str]:
    """The file's own column titles, without those that an earlier return added."""
    return [title for title in submission.columns if title not in RETURN_COLUMNS]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _header(submission: Submission) -> Row:
    return [*original_columns(submission), *RETURN_COLUMNS]


def _own_places(submission: Submission) -> list[int]:
    return [place for place, title in enumerate(submission.columns) if title not in RETURN_COLUMNS]


def _rejected_rows(submission: Submission) -> Iterator[Row]:
    """Rejected rows in row order, read in batches of a few thousand."""
    places, labels, after = _own_places(submission), field_labels(submission.item), -1
    found = RejectedRow.objects.filter(submission=submission).order_by("row_number")
    while batch := list(found.filter(row_number__gt=after)[:_BATCH]):
        reasons = _reasons(submission, batch[0].row_number, batch[-1].row_number)
        for entry in batch:
            cells = entry.cells or []
            own = [_text(cells[place]) if place < len(cells) else "" for place in places]
            yield own + _added(submission, entry.row_number, reasons.get(entry.row_number, []), labels)
        after = batch[-1].row_number


def _whole_rows(submission: Submission, original: Iterator[list[tuple[int, Row]]]) -> Iterator[Row]:
    """All rows of the file; a natural person's row, and one whose record is archived, with empty cells."""
    places, labels = _own_places(submission), field_labels(submission.item)
    for batch in original:
        first, last = batch[0][0], batch[-1][0]
        reasons = _reasons(submission, first, last)
        blank = set(
            RejectedRow.objects.filter(
                submission=submission, row_number__range=(first, last), cells__isnull=True
            ).values_list("row_number", flat=True)
        )
        for number, cells in batch:
            own = ["" if number in blank or place >= len(cells) else _text(cells[place]) for place in places]
            if not cells:
                yield [*own, str(number), "", "", ENDED, "", str(submission.pk)]
                continue
            found = reasons.get(number, [])
            yield own + (_added(submission, number, found, labels) if found else [""] * len(RETURN_COLUMNS))


def _reasons(submission: Submission, first: int, last: int) -> dict[int, list[Finding]]:
    """Errors (not warnings) of the rows in that range."""
    found = Finding.objects.filter(submission=submission, row_number__range=(first, last), code__startswith="E")
    reasons: dict[int, list[Finding]] = {}
    for finding in found.order_by("row_number", "id"):
        reasons.setdefault(finding.row_number, []).append(finding)
    return reasons


def _added(submission: Submission, number: int, findings: Sequence[Finding], labels: Mapping[str, str]) -> Row:
    """The cells of RETURN_COLUMNS."""
    lines = [line(finding, labels) for finding in findings]
    return [
        str(number),
        "；".join(dict.fromkeys(entry.code for entry in lines)),
        "；".join(dict.fromkeys(entry.label for entry in lines if entry.label)),
        " ".join(entry.sentence for entry in lines),
        " ".join(dict.fromkeys(entry.remedy for entry in lines)),
        str(submission.pk),
    ]


def _text(cell: object) -> str:
    """What stood in the cell.

    Nothing where an identity number stood: the mark in its place would be a mistake of its own.
    """
    return "" if cell is None or cell == MASKED else str(cell)


def _parts(rows: Iterable[int]) -> Iterator[list[int]]:
    ordered = list(rows)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_finished(submission: Submission) -> None:
    if submission.state in UNFINISHED:
        raise Conflict("still-processing", "该批次还在处理，尚无问题数据。", remedy="请稍候，处理完成后再下载。")


def _judge_sheet(rows: int) -> None:
    if rows > _XLSX_ROWS:
        raise Conflict("too-many-rows", f"共 {rows:,} 行，超过一个工作表的上限。", remedy="请下载 CSV。")


def _workbook(header: Row, rows: Iterator[Row]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        # constant_memory: a row is written out as soon as the next begins.
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet("问题数据")
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"num_format": "@", "bold": True, "bg_color": "#E7E6E6"})
        marked = book.add_format({"num_format": "@", "bold": True, "bg_color": "#F8CBAD"})
        own = len(header) - len(RETURN_COLUMNS)
        sheet.set_column(0, own - 1 if own else 0, 22, text)
        sheet.set_column(own, len(header) - 1, 30, text)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, head if column < own else marked)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, column, _fitting(cell), text)
        book.close()
        file.seek(0)
        while part := file.read(1024 * 1024):
            yield part


def _fitting(cell: str) -> str:
    """A cell holds 32,767 characters; a longer text is cut visibly, never dropped."""
    return cell if len(cell) <= _XLSX_CELL else cell[: _XLSX_CELL - len(_CUT)] + _CUT


def _csv(header: Row, rows: Iterator[Row]) -> Iterator[bytes]:
    yield "\ufeff".encode()
    yield _csv_part([[guarded(title) for title in header]])
    part: list[Row] = []
    for row in rows:
        part.append([guarded(cell) for cell in row])
        if len(part) == _BATCH:
            yield _csv_part(part)
            part = []
    yield _csv_part(part)


def _csv_part(rows: list[Row]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def guarded(cell: str) -> str:
    """The cell, behind a tab where a spreadsheet would run it as a formula or round it as a number."""
    risky = _LONG_DIGITS.fullmatch(cell) or (_FORMULA.match(cell) and not _NUMBER.fullmatch(cell))
    return f"\t{cell}" if risky else cell
