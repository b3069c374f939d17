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
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise InvalidInput("file-quotes", f"CSV 无法读取：{error}。", remedy="请检查是否有未配对的双引号。") from error
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
    """The first sheet, every cell as text (a code stays a code)."""
    try:
        sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
        cells = sheet.to_polars()
    except (fastexcel.FastExcelError, OSError, ValueError) as error:
        raise InvalidInput("file-broken", f"工作簿“{path.name}”无法打开。", remedy=_REMEDY_FILE) from error
    if cells.is_empty():
        raise InvalidInput("file-empty", f"文件“{path.name}”是空的。", remedy=_REMEDY_FILE)
    titles = _distinct([str(title or "") for title in cells.row(0)])
    return cells.slice(1).rename(dict(zip(cells.columns, titles, strict=True)))


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path).select(pl.all().cast(pl.String, strict=False))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput("file-broken", f"文件“{path.name}”无法读取。", remedy=_REMEDY_FILE) from error
