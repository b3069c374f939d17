"""Reading workbooks: XLSX through calamine (fastexcel), XLS through xlrd; every cell as text, nothing computed.

calamine says nothing about hidden rows, merged cells, error values and numbers stored without their last digits;
those are found in the sheet's XML with regular expressions over its bytes (one linear pass).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

import fastexcel
import polars as pl
import xlrd

from gongxin.intake.faults import FileRefused
from gongxin.intake.tables import CHUNK_ROWS, FAULT_SCHEMA, ROW, Chunk, Notice, text_frame

_HIDDEN: Final = re.compile(rb"<row\b(?=[^>]*\bhidden=\"(?:1|true)\")[^>]*\br=\"(\d+)\"")
_ERROR: Final = re.compile(
    rb"<c\b(?=[^>]*\bt=\"e\")[^>]*\br=\"([A-Z]+)(\d+)\"[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>"
)
_BARE_FORMULA: Final = re.compile(
    rb"<c\b[^>]*\br=\"([A-Z]+)(\d+)\"[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>"
)
# A number of 16 digits or more in a cell that is not text: its last digits are no longer what was typed.
_LONG_NUMBER: Final = re.compile(
    rb"<c\b(?![^>]*\bt=\"(?:s|str|inlineStr|e|b|d)\")[^>]*\br=\"([A-Z]+)(\d+)\"[^>]*>"
    rb"(?:<f\b[^>]*>[^<]*</f>)?<v>(\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d)|\d{16,})</v>"
)
_MERGED: Final = re.compile(rb"<mergeCell\b[^>]*\bref=\"[A-Z]+(\d+):[A-Z]+(\d+)\"")
# calamine prints a stored number with nine decimals and more; fifteen significant digits are what the spreadsheet
# shows.
_LONG_FRACTION: Final = r"^-?\d+\.\d{9,}$"
# Where cells stand: the columns behind Z, and the last cell of a block. calamine makes room for the whole rectangle
# that the cells span, so one stray cell in the last corner of a sheet asks for more memory than there is.
_FAR_COLUMN: Final = re.compile(rb"\br=[\"']([A-Z]{2,3})\d")
_PLACE: Final = re.compile(rb"\br=[\"'][A-Z]{0,3}(\d+)[\"']")
_NEAR_COLUMNS: Final = 26
_CELLS_LIMIT: Final = 60_000_000
_BLOCK: Final = 16 * 1024**2
_ROW_END: Final = b"</row>"
# Some programs write every name of the sheet's XML with a prefix (<x:row>).
_PREFIX: Final = re.compile(rb"<(\w+:)worksheet\b")
_DAMAGED: Final = "工作簿内部结构损坏"
# xlrd has no error type of its own for damaged structures: it stumbles over them with one of these.
_XLS_FAILURES: Final = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AssertionError,
    OverflowError,
)


@dataclass(slots=True)
class SheetNotes:
    """What is known about a sheet besides its cells. Rows count from 1, columns from 0."""

    hidden: list[int] = field(default_factory=list)
    # Rows that merged cells touch (of a tall one its first rows: enough to see a merged header).
    merged_rows: set[int] = field(default_factory=set)
    # As `tables.Chunk.faults`: (row, column, code, value, expected).
    cell_faults: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    # The rectangle that the cells span.
    last_row: int = 0
    columns: int = _NEAR_COLUMNS


class SheetSource:
    """One sheet of a workbook; see `tables.Source`. All its cells are in memory: a sheet holds a million rows at
    most.
    """

    def __init__(self, name: str, frame: pl.DataFrame, about: SheetNotes) -> None:
        self.name = name
        self.notices: list[Notice] = []
        self.merged_rows = about.merged_rows
        self._frame = frame
        self._about = about

    def head(self, rows: int) -> list[list[str]]:
        """The cells of the first rows."""
        return [[cell or "" for cell in row] for row in self._frame.head(rows).rows()]

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """See `tables.Source`. A sheet has one width, so no row of it can be of another."""
        hidden = [row for row in self._about.hidden if row >= first_row]
        if hidden:
            shown = "、".join(str(row) for row in hidden[:10])
            self.notices.append(("W105", str(len(hidden)), f"第 {shown} 行" + ("等" if len(hidden) > 10 else "")))
        whole = _numbered(self._frame, width).filter(pl.col(ROW) >= first_row)
        faults = pl.DataFrame(self._about.cell_faults, schema=FAULT_SCHEMA, orient="row")
        for start in range(0, whole.height, CHUNK_ROWS):
            part = whole.slice(start, CHUNK_ROWS)
            found = faults.filter(pl.col(ROW).is_between(part[ROW][0], part[ROW][-1]))
            yield Chunk(part, found, min(1.0, (start + CHUNK_ROWS) / whole.height))


def xlsx_sheets(path: Path) -> list[SheetSource]:
    """The sheets of an XLSX workbook. Raises FileRefused E104, E105, E106."""
    try:
        reader = fastexcel.read_excel(path)
        with zipfile.ZipFile(path) as archive:
            parts = _sheet_parts(archive)
            noted = {name: _noted(archive.open(parts[name])) for name in reader.sheet_names if name in parts}
            _judge_cells(noted.values())
            return [_xlsx_sheet(reader, name, about) for name, about in noted.items()]
    except fastexcel.FastExcelError as error:
        code = "E105" if "password" in str(error).lower() else "E104"
        raise FileRefused(code, value=_DAMAGED) from error
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, EOFError, OSError) as error:
        raise FileRefused("E104", value=_DAMAGED) from error


def xls_sheets(path: Path) -> list[SheetSource]:
    """The sheets of an XLS workbook. Raises FileRefused E104, E105. At most 65 536 rows a sheet, so cell by cell."""
    try:
        book = xlrd.open_workbook(
            # Ragged: a stray cell in the last column does not make all rows as wide.
            file_contents=path.read_bytes(),
            formatting_info=True,
            ragged_rows=True,
            logfile=io.StringIO(),
        )
        return [_xls_sheet(book, sheet) for sheet in book.sheets()]
    except _XLS_FAILURES as error:
        code = "E105" if "encrypt" in str(error).lower() else "E104"
        raise FileRefused(code, value=_DAMAGED) from error


def _numbered(frame: pl.DataFrame, width: int) -> pl.DataFrame:
    """The frame with row numbers and columns c0, c1, … at least `width` of them."""
    numbers = pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias(ROW)
    named = [frame.to_series(n).alias(f"c{n}") for n in range(frame.width)]
    missing = [pl.lit(None, dtype=pl.String).alias(f"c{n}") for n in range(frame.width, width)]
    return pl.DataFrame([numbers, *named]).with_columns(missing)


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → name of its part in the archive."""
    # No entity attack: expat limits amplification itself, and the size of the part was judged before (sniffing).
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    # As above.
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    parts: dict[str, str] = {}
    for sheet in book.findall(".//{*}sheet"):
        target = next((targets[value] for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        parts[sheet.get("name", "")] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return {name: part for name, part in parts.items() if part in archive.NameToInfo}


def _noted(xml: IO[bytes]) -> SheetNotes:
    about = SheetNotes()
    for block in _blocks_of_rows(xml):
        _note(block, about)
    return about


def _judge_cells(sheets: Iterable[SheetNotes]) -> None:
    """Raise E106 before room is made for more cells than a sheet of records has."""
    cells = sum(about.last_row * about.columns for about in sheets)
    if cells > _CELLS_LIMIT:
        raise FileRefused("E106", value=f" {cells:,} 个单元格", expected=f" {_CELLS_LIMIT:,} 个")


def _xlsx_sheet(reader: fastexcel.ExcelReader, name: str, about: SheetNotes) -> SheetSource:
    frame = reader.load_sheet(name, header_row=None, dtypes="string").to_polars()
    return SheetSource(name, _tidied(frame, about), about)


def _blocks_of_rows(xml: IO[bytes]) -> Iterator[bytes]:
    """The sheet's XML, names without a prefix, in blocks that end with a row; the last holds what follows the rows."""
    rest, prefix = b"", None
    while read := xml.read(_BLOCK):
        block = rest + read
        if prefix is None:
            found = _PREFIX.search(block)
            prefix = found[1] if found else b""
        if prefix:
            block = block.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
        cut = block.rfind(_ROW_END) + len(_ROW_END)
        if cut < len(_ROW_END):
            rest = block
            continue
        yield block[:cut]
        rest = block[cut:]
    yield rest


def _note(block: bytes, about: SheetNotes) -> None:
    """Find in a block what calamine does not tell, and how far its cells reach."""
    last = _PLACE.search(block, max(block.rfind(b"<c "), block.rfind(b"<row "), 0))
    about.last_row = max(about.last_row, int(last[1]) if last else 0)
    far = {_column_index(letters) + 1 for letters in set(_FAR_COLUMN.findall(block))}
    about.columns = max(about.columns, *far) if far else about.columns
    about.hidden += [int(match[1]) for match in _HIDDEN.finditer(block)]
    for match in _MERGED.finditer(block):
        about.merged_rows.update(range(int(match[1]), min(int(match[2]), int(match[1]) + 5) + 1))
    for pattern, code in ((_ERROR, "E214"), (_BARE_FORMULA, "E214"), (_LONG_NUMBER, "E212")):
        for match in pattern.finditer(block):
            value = match[3].decode() if pattern.groups > 2 else "公式"
            about.cell_faults.append((int(match[2]), _column_index(match[1]), code, value, ""))


def _tidied(frame: pl.DataFrame, about: SheetNotes) -> pl.DataFrame:
    """Fractions with the digits the spreadsheet shows, and faulty cells with what stands in them."""
    columns = frame.get_columns()
    for index, column in enumerate(columns):
        long = column.str.contains(_LONG_FRACTION)
        if long.any():
            shown = column.filter(long).map_elements(lambda text: f"{float(text):.15g}", return_dtype=pl.String)
            columns[index] = column.scatter(long.arg_true(), shown)
    for row, column_index, _code, value, _expected in about.cell_faults:
        if row <= frame.height and column_index < frame.width:
            columns[column_index] = columns[column_index].scatter(row - 1, value)
    return pl.DataFrame(columns)


def _column_index(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _xls_sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> SheetSource:
    about = SheetNotes(hidden=[row + 1 for row, info in sorted(sheet.rowinfo_map.items()) if info.hidden])
    for first, last, _left, _right in sheet.merged_cells:
        about.merged_rows.update(range(first + 1, min(last, first + 6) + 1))
    rows = [
        [_xls_text(book, sheet.cell(row, n), (row + 1, n), about) for n in range(sheet.row_len(row))]
        for row in range(sheet.nrows)
    ]
    return SheetSource(sheet.name, text_frame(rows, sheet.ncols, 1).drop(ROW), about)


def _xls_text(book: xlrd.Book, cell: xlrd.sheet.Cell, place: tuple[int, int], about: SheetNotes) -> str | None:
    """The cell as the text the spreadsheet would show; faults of the cell go to `about`."""
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        return str(xlrd.xldate_as_datetime(cell.value, book.datemode))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        text = xlrd.error_text_from_code.get(cell.value, "#?")
        about.cell_faults.append((*place, "E214", text, ""))
        return str(text)
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        if abs(cell.value) >= 1e15:
            about.cell_faults.append((*place, "E212", f"{cell.value:.15g}", ""))
        return f"{cell.value:.15g}"
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "true" if cell.value else "false"
    return str(cell.value)
