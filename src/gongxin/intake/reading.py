"""A handed-in file as rows of the item: the format by its content, the header by its titles, the columns by their
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from gongxin.intake import headers, sniffing
from gongxin.intake.columnar import JsonLinesSource, ParquetSource
from gongxin.intake.delimited import DELIMITERS, DelimitedSource
from gongxin.intake.faults import FileRefused
from gongxin.intake.headers import Columns, Header
from gongxin.intake.tables import Chunk, Notice, Source
from gongxin.intake.workbooks import SheetSource, xls_sheets, xlsx_sheets
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack

S = TypeVar("S", bound=Source)

# Sheets of the upload template beside the one to fill in (intake.templates); nobody needs to hear that they were
# not read.
TEMPLATE_SHEETS: Final = frozenset({"填报规则", "取值表"})


@dataclass(slots=True)
class Table:
    """An opened file whose header has been understood.

    form: its format; notices: warnings about the whole file (code, value, expected), complete after the last chunk.
    """

    form: sniffing.Format
    header: Header
    columns: Columns
    source: Source
    notices: list[Notice] = field(default_factory=list)

    def chunks(self) -> Iterator[Chunk]:
        """The data rows in order, blank ones too. Raises FileRefused where the file turns out to be damaged."""
        yield from self.source.chunks(self.header.first_row, len(self.header.titles))
        self.notices += [notice for notice in self.source.notices if notice not in self.notices]


def open_table(path: Path, filename: str, item: Item, pack: Pack) -> Table:
    """Open a file for reading as rows of `item`.

    filename: as the sender named it, to say when its extension is wrong. Raises FileRefused (E1xx, E402, E403) with
    what is wrong and the next step; nothing has been read then but the beginning.
    """
    form = sniffing.sniff(path)
    said: list[Notice] = []
    if not sniffing.agrees(filename, form):
        said.append(("W101", Path(filename).suffix, sniffing.TITLES[form]))
    source, header, columns = _understood(path, form, item, pack, said)
    said += headers.notices(header, columns)
    return Table(form, header, columns, source, said)


def _understood(
    path: Path, form: sniffing.Format, item: Item, pack: Pack, said: list[Notice]
) -> tuple[Source, Header, Columns]:
    if form == "xlsx":
        return _sheet(xlsx_sheets(path), item, pack, said)
    if form == "xls":
        return _sheet(xls_sheets(path), item, pack, said)
    if form == "csv":
        return _matched(_delimited(path, item), item, pack)
    source: Source = JsonLinesSource(path) if form == "jsonl" else ParquetSource(path)
    source, header, columns = _matched(source, item, pack)
    # The titles are no row of such a file: its first record is row 1.
    return source, Header(0, header.titles, 1), columns


def _delimited(path: Path, item: Item) -> DelimitedSource:
    """The text with the delimiter under which it has a header of the item; else with its first line's."""
    for delimiter in DELIMITERS:
        source = DelimitedSource(path, delimiter)
        if headers.locate(source.head(headers.SEARCHED_ROWS), item) is not None:
            return source
    return DelimitedSource(path)


def _matched(source: S, item: Item, pack: Pack) -> tuple[S, Header, Columns]:
    """The source with its header understood. Raises FileRefused E110–E113, E402, E403."""
    rows = source.head(headers.SEARCHED_ROWS)
    header = headers.locate(rows, item)
    if header is None:
        raise headers.refusal_without_header(rows, item, pack)
    try:
        return source, header, headers.assign(header, item, pack)
    except FileRefused as refusal:
        other = headers.fitting_other(rows, item, pack) if refusal.code == "E113" else None
        if other is None:
            raise
        raise FileRefused("E111", value=other.title, expected=item.title) from refusal


def _sheet(sheets: list[SheetSource], item: Item, pack: Pack, said: list[Notice]) -> tuple[Source, Header, Columns]:
    """The one sheet that holds the item's rows. Raises FileRefused E101, E110–E114, E402, E403."""
    filled = [sheet for sheet in sheets if any(any(row) for row in sheet.head(headers.SEARCHED_ROWS))]
    if not filled:
        raise FileRefused("E101", expected="工作簿中没有内容")
    fitting, refusals = [], []
    for sheet in filled:
        try:
            fitting.append(_matched(sheet, item, pack))
        except FileRefused as refusal:
            refusals.append(refusal)
    if not fitting:
        raise min(refusals, key=lambda refusal: refusal.code == "E110")
    if len(fitting) > 1:
        raise FileRefused("E114", value="、".join(f"“{sheet.name}”" for sheet, _, _ in fitting))
    chosen = fitting[0]
    others = [sheet.name for sheet in filled if sheet is not chosen[0] and sheet.name not in TEMPLATE_SHEETS]
    if others:
        said.append(("W102", "、".join(f"“{name}”" for name in others)[:200], chosen[0].name))
    return chosen
