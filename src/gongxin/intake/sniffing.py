"""What a file is, by its content. The extension is only compared with the outcome.

Sizes inside a ZIP are judged from its central directory, before anything is unpacked.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final, Literal

from gongxin.intake.faults import FileRefused

Format = Literal["csv", "xlsx", "xls", "jsonl", "parquet"]

TITLES: Final[dict[Format, str]] = {
    "csv": "CSV 文本",
    "xlsx": "XLSX 工作簿",
    "xls": "XLS 工作簿",
    "jsonl": "JSON Lines",
    "parquet": "Parquet",
}
_EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".et": "xls",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
# Beginnings of files that are often handed in by mistake, with the name the sender knows them by.
_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "PDF 文档"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "GZIP 压缩包"),
    (b"SQLite format 3", "SQLite 数据库"),
    (b"{\\rtf", "RTF 文档"),
)
_MARKUP: Final = (b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta", b"<head")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A workbook of 100 MiB unpacks to a few GiB at most; above, or above this ratio for its large parts, it is an
# attack or junk.
_UNPACKED_LIMIT: Final = 4 * 1024**3
_RATIO_LIMIT: Final = 200
_RATIO_FROM: Final = 32 * 1024**2
_PARTS_LIMIT: Final = 20_000


def sniff(path: Path) -> Format:
    """The format of the file. Raises FileRefused E101, E103, E104, E105, E106, E120."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        # Blanks only, as far as a header could begin.
        raise FileRefused("E101", expected=f"{size} 字节")
    if head.startswith(b"PK"):
        return _zip(path)
    if head.startswith(_OLE):
        return _compound(path)
    if head.startswith(b"PAR1"):
        return _parquet(path, size)
    if head.startswith(_UTF_16):
        raise FileRefused("E120")
    for magic, title in _OTHERS:
        if head.startswith(magic):
            raise FileRefused("E103", value=title)
    return _text(head.removeprefix(b"\xef\xbb\xbf").lstrip())


def agrees(filename: str, found: Format) -> bool:
    """Whether the extension says what the content is; no extension agrees with everything."""
    suffix = Path(filename).suffix.lower()
    return not suffix or _EXTENSIONS.get(suffix) == found


def _text(head: bytes) -> Format:
    if head.lower().startswith(_MARKUP):
        raise FileRefused("E103", value="网页或 XML（有些系统导出的“Excel”其实是网页）")
    if head.startswith(b"{"):
        return "jsonl"
    if head.startswith(b"[") and head[1:].lstrip().startswith(b"{"):
        raise FileRefused("E103", value="JSON 数组（应为 JSON Lines：一行一个对象）")
    return "csv"


def _zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise FileRefused("E104", value="压缩目录缺失，文件没有传完整") from error
    _judge_sizes(parts)
    names = {part.filename for part in parts}
    if "xl/workbook.xml" in names:
        if any(part.flag_bits & 0x1 for part in parts):
            raise FileRefused("E105")
        return "xlsx"
    kind = "Word 文档" if "word/document.xml" in names else "压缩包"
    raise FileRefused("E103", value="ODS 工作簿" if "content.xml" in names else kind)


def _judge_sizes(parts: list[zipfile.ZipInfo]) -> None:
    """Raise E106 before anything is unpacked."""
    total = sum(part.file_size for part in parts)
    if total > _UNPACKED_LIMIT:
        raise FileRefused("E106", value=f"{total / 1024**3:.1f} GiB", expected=f"{_UNPACKED_LIMIT // 1024**3} GiB")
    if len(parts) > _PARTS_LIMIT:
        raise FileRefused("E106", value=f"{len(parts)} 个部件", expected=f"{_PARTS_LIMIT} 个部件")
    for part in parts:
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > _RATIO_FROM and ratio > _RATIO_LIMIT:
            raise FileRefused("E106", value=f"原来的 {ratio:.0f} 倍", expected=f"{_RATIO_LIMIT} 倍")


def _compound(path: Path) -> Format:
    """An OLE container: an old workbook, or the envelope of an encrypted new one."""
    with path.open("rb") as file:
        content = file.read(8 * 1024**2)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise FileRefused("E105")
    if "Workbook".encode("utf-16-le") in content or "Book".encode("utf-16-le") in content:
        return "xls"
    # The directory of a large old workbook may lie behind the first 8 MiB; a Word document names itself early.
    if "WordDocument".encode("utf-16-le") in content:
        raise FileRefused("E103", value="Word 文档")
    return "xls"


def _parquet(path: Path, size: int) -> Format:
    with path.open("rb") as file:
        file.seek(max(size - 4, 0))
        tail = file.read(4)
    if size < 12 or tail != b"PAR1":
        raise FileRefused("E104", value="Parquet 文件尾部缺失")
    return "parquet"
