"""Lists as files: CSV and XLSX, made in parts."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import xlsxwriter
from django.http.response import HttpResponseBase, StreamingHttpResponse

from gongxin.intake.returns import guarded

CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_PART: Final = 1024 * 1024
Response = TypeVar("Response", bound=HttpResponseBase)


def csv_parts(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file (UTF-8 with BOM, so that spreadsheets read it) in parts. title: unused, a CSV has no sheet name."""
    del title
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        if buffer.tell() > _PART:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_parts(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A workbook of one sheet, all cells text, in parts; written to the disk row by row."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        sheet, head = book.add_worksheet(title), book.add_format({"bold": True, "bg_color": "#E7E6E6"})
        sheet.set_column(0, len(header) - 1, 20, book.add_format({"num_format": "@"}))
        sheet.freeze_panes(1, 0)
        for place, text in enumerate(header):
            sheet.write_string(0, place, text, head)
        for line, row in enumerate(rows, start=1):
            for place, text in enumerate(row):
                sheet.write_string(line, place, text)
        book.close()
        file.seek(0)
        while part := file.read(_PART):
            yield part


FORMS: Final[dict[str, Callable[[str, Sequence[str], Iterable[Sequence[str]]], Iterator[bytes]]]] = {
    "csv": csv_parts,
    "xlsx": xlsx_parts,
}


def listed(
    form: str, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = ""
) -> StreamingHttpResponse:
    """A list as a download, form `csv` or `xlsx`. title: of the sheet; name: of the file, the title unless given."""
    return handed_over(FORMS[form](title, header, rows), form, name or title)


def handed_over(parts: Iterator[bytes], form: str, name: str) -> StreamingHttpResponse:
    """Parts of a file as a download. form: a key of CONTENT_TYPES, and the ending of the name."""
    return named(StreamingHttpResponse(parts, content_type=CONTENT_TYPES[form]), f"{name}.{form}")


def named(response: Response, filename: str) -> Response:
    """Send the response as a file of that name (RFC 6266, RFC 8187)."""
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    return response
