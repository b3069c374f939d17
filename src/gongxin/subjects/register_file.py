"""A register file as a frame of texts: CSV (UTF-8 or GB18030, also .gz), XLSX, Parquet. Nothing guessed or dropped."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from functools import cache
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl
from ruamel.yaml import YAML

from gongxin.errors import InvalidInput
from gongxin.subjects.names import fold

_MAX_CELL: Final = 1_000_000
_REMEDY_COLUMNS: Final = "请在第一行写明列名，至少要有“企业名称”或“名称”，代码列写“统一社会信用代码”。"
_REMEDY_FILE: Final = "请用原系统重新导出 CSV（UTF-8 或 GB18030）、XLSX 或 Parquet 后再导入。"
_REMEDY_QUOTES: Final = "请检查该行附近的英文双引号是否成对（内容中的双引号应写成两个），或者改用 XLSX 导入。"
# Beginnings of files that are no text, with the name the sender knows them by.
_OTHERS: Final = (
    (b"\xd0\xcf\x11\xe0", "旧版 XLS 工作簿或者加密的工作簿"),
    (b"%PDF", "PDF 文档"),
    (b"\xff\xfe", "UTF-16 编码的文本"),
    (b"\xfe\xff", "UTF-16 编码的文本"),
)


def read(path: Path) -> pl.DataFrame:
    """The rows of the file under the field names of register_columns.yaml, as texts, in file order.

    Adds `row` (the header is row 1) and `ragged` (true where a row had more or fewer cells than the header).
    Fields the file has no column for are absent. Raises InvalidInput for what cannot be read as a register.
    """
    if not path.is_file():
        raise InvalidInput("file-missing", f"找不到文件：{path}。", remedy="请核对路径后重试。")
    if not path.stat().st_size:
        raise InvalidInput("file-empty", f"文件“{path.name}”是空的。", remedy=_REMEDY_FILE)
    head = path.open("rb").read(8)
    if head.startswith(b"PK"):
        return _named(_sheet(path))
    if head.startswith(b"PAR1"):
        return _named(_parquet(path))
    return _named(_delimited(_text(path)))


def _named(cells: pl.DataFrame) -> pl.DataFrame:
    """Keep the columns that are known, under their field's name. The first column that fits a field fills it."""
    chosen: dict[str, str] = {}
    for title in cells.columns:
        field = _titles().get(fold(title))
        if field and field not in chosen:
            chosen[field] = title
    if "name" not in chosen:
        found = "、".join(title for title in cells.columns[:12] if title not in {"row", "ragged"})
        raise InvalidInput("register-columns", f"没有找到名称列。文件中的列：{found}。", remedy=_REMEDY_COLUMNS)
    columns = [pl.col(title).alias(field) for field, title in chosen.items()]
    extra = [
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"),
        (pl.col("ragged") if "ragged" in cells.columns else pl.lit(value=False)).alias("ragged"),
    ]
    return cells.select(*columns, *extra)


@cache
def _titles() -> dict[str, str]:
    """Folded title → field."""
    source = YAML(typ="safe").load(Path(__file__).with_name("register_columns.yaml"))
    return {fold(title): field for field, titles in source.items() for title in titles}


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput("file-truncated", f"压缩文件“{path.name}”不完整。", remedy=_REMEDY_FILE) from error
    for beginning, kind in _OTHERS:
        if raw.startswith(beginning):
            raise InvalidInput("file-kind", f"文件“{path.name}”是{kind}，不能导入。", remedy=_REMEDY_FILE)
    if b"\0" in raw:
        raise InvalidInput("file-nul", f"文件“{path.name}”含有空字节，不是正常的文本。", remedy=_REMEDY_FILE)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("file-encoding", f"文件“{path.name}”既不是 UTF-8 也不是 GB18030。", remedy=_REMEDY_FILE)


def _delimited(text: str) -> pl.DataFrame:
    """CSV by the standard library's reader: quoted line breaks and the width of every row are seen as they are."""
    csv.field_size_limit(_MAX_CELL)
    first = text[: text.find("\n") + 1] or text
    delimiter = max(",\t;", key=first.count)
    # Strict: a quotation mark that is not closed would make one cell of all rows behind it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        said = f"CSV 无法读取：第 {reader.line_num} 行附近的双引号没有配对，或者单元格过长。"
        raise InvalidInput("file-quotes", said, remedy=_REMEDY_QUOTES) from error
    header, *body = rows or [[]]
    titles = _distinct(header)
    width = len(titles)
    ragged = [len(row) != width for row in body]
    if any(ragged):
        body = [(row + [""] * width)[:width] if odd else row for row, odd in zip(body, ragged, strict=True)]
    columns = zip(*body, strict=True) if body else ([] for _ in titles)
    data = {title: pl.Series(cells, dtype=pl.String) for title, cells in zip(titles, columns, strict=True)}
    return pl.DataFrame({**data, "ragged": pl.Series(ragged, dtype=pl.Boolean)})


def _distinct(header: list[str]) -> list[str]:
    """Titles made distinct: a repeated or empty one gets its column's number."""
    seen: set[str] = {"ragged"}
    titles = []
    for number, title in enumerate(header, start=1):
        unique = title.strip() if title.strip() and title.strip() not in seen else f"{title.strip()}#{number}"
        seen.add(unique)
        titles.append(unique)
    return titles


def _sheet(path: Path) -> pl.DataFrame:
    """The one sheet that is not empty, every cell as text (a code stays a code)."""
    try:
        book = fastexcel.read_excel(path)
        sheets = [book.load_sheet(name, header_row=None, dtypes="string").to_polars() for name in book.sheet_names]
    except (fastexcel.FastExcelError, OSError, ValueError) as error:
        raise InvalidInput("file-broken", f"工作簿“{path.name}”无法打开。", remedy=_REMEDY_FILE) from error
    filled = [cells for cells in sheets if not cells.is_empty()]
    if not filled:
        raise InvalidInput("file-empty", f"文件“{path.name}”是空的。", remedy=_REMEDY_FILE)
    if len(filled) > 1:
        said = f"工作簿“{path.name}”有 {len(filled)} 个工作表有内容，无法判断导入哪一个。"
        raise InvalidInput("file-sheets", said, remedy="请只保留登记名册所在的工作表后再导入。")
    cells = filled[0]
    titles = _distinct([str(title or "") for title in cells.row(0)])
    return cells.slice(1).rename(dict(zip(cells.columns, titles, strict=True)))


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path).select(pl.all().cast(pl.String, strict=False))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput("file-broken", f"文件“{path.name}”无法读取。", remedy=_REMEDY_FILE) from error
