"""Reading the rows of a batch of checks: NDJSON, a JSON list or CSV, taken in whole before anything is answered.

Reading first costs a temporary file, and saves a caller who only reads when all is sent from waiting for ever.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from django.http import HttpRequest

from gongxin.api import problems
from gongxin.api.service import parsed, refused_type
from gongxin.enquiries.asked import MALFORMED, Asked
from gongxin.errors import InvalidInput

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 32 * 1024**2
_IN_MEMORY: Final = 1024**2
_BLOCK: Final = 64 * 1024
NDJSON: Final = "application/x-ndjson"

REQUEST_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        NDJSON: {
            "schema": {"type": "string"},
            "example": '"91000000MA00000016"\n{"code_or_name": "云河食品有限公司", "matter": "招标〔2026〕18号"}\n',
        },
        "application/json": {
            "schema": {
                "type": "array",
                "maxItems": MAX_ROWS,
                "items": {
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "required": ["code_or_name"],
                            "properties": {"code_or_name": {"type": "string"}, "matter": {"type": "string"}},
                        },
                    ]
                },
            },
            "example": ["91000000MA00000016", {"code_or_name": "云河食品有限公司", "matter": "招标〔2026〕18号"}],
        },
        "text/csv": {
            "schema": {"type": "string"},
            "example": "code_or_name,matter\n91000000MA00000016,招标〔2026〕18号\n",
        },
    },
}


class TooLarge(InvalidInput):
    """More rows or bytes than one batch may have."""

    status = 413


def rows(request: HttpRequest, *, matter: str) -> Iterator[Asked]:
    """The questions of the body. `matter` is that of rows without their own.

    Raises before the first row: MediaTypeRefused (415), TooLarge (413), InvalidInput (no JSON, no list, no such CSV
    column).
    """
    readers = {NDJSON: _ndjson, "application/json": _json, "text/csv": _csv}
    reader = readers.get(request.content_type or "")
    if reader is None:
        raise refused_type(request.content_type or "", *readers)
    body = _taken_in(request)
    return reader(body, matter)


def _taken_in(request: HttpRequest) -> IO[bytes]:
    """The body in a temporary file, at its beginning. Not counted against the limit of bodies held in memory."""
    body = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (read while the answer is streamed)
    size = 0
    while block := request.read(_BLOCK):
        size += len(block)
        if size > MAX_BYTES:
            raise _too_large(f"{MAX_BYTES // 1024**2} MiB")
        body.write(block)
    body.seek(0)
    return body


def _too_large(limit: str) -> TooLarge:
    known = problems.types()["too-large"]
    return TooLarge(known.code, f"批量核查一次不超过 {limit}。", remedy=known.remedy)


def _ndjson(body: IO[bytes], matter: str) -> Iterator[Asked]:
    if sum(1 for line in body if line.strip()) > MAX_ROWS:
        raise _too_large(f"{MAX_ROWS} 行")
    body.seek(0)
    return _lines(body, matter)


def _lines(body: IO[bytes], matter: str) -> Iterator[Asked]:
    """The lines one by one; the file is gone when the last is read."""
    with body:
        number = 0
        for line in body:
            if line.strip():
                number += 1
                yield _line(line, number, matter)


def _line(line: bytes, number: int, matter: str) -> Asked:
    try:
        return _row(json.loads(line), number, matter)
    except (ValueError, RecursionError):
        return Asked(line[:200].decode(errors="replace"), matter, number, MALFORMED)


def _json(body: IO[bytes], matter: str) -> Iterator[Asked]:
    entries = parsed(body.read())
    if not isinstance(entries, list):
        raise InvalidInput("invalid", "请求内容应为数组。", remedy="请把全部查询对象放在一个 JSON 数组中。")
    if len(entries) > MAX_ROWS:
        raise _too_large(f"{MAX_ROWS} 行")
    return (_row(entry, number, matter) for number, entry in enumerate(entries, 1))


def _row(entry: Any, number: int, matter: str) -> Asked:
    """A text, or an object with code_or_name and perhaps a matter of its own; anything else is refused as malformed."""
    if isinstance(entry, str):
        return Asked(entry, matter, number)
    if isinstance(entry, dict) and entry.keys() <= {"code_or_name", "matter"}:
        said, own = entry.get("code_or_name"), entry.get("matter", matter)
        if isinstance(said, str) and isinstance(own, str):
            return Asked(said, own, number)
    return Asked(json.dumps(entry, ensure_ascii=False)[:200], matter, number, MALFORMED)


def _csv(body: IO[bytes], matter: str) -> Iterator[Asked]:
    """A header row with code_or_name and perhaps matter; other columns are refused, not dropped."""
    try:
        text = body.read().decode("utf-8-sig")
        # One pass to know that all of it can be read, before the first answer is sent.
        count = sum(1 for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row) - 1
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput(
            "invalid",
            "CSV 无法读取：不是 UTF-8 编码，或者双引号没有配对。",
            remedy="请核对引号，另存为 UTF-8 编码的 CSV。",
        ) from None
    if count > MAX_ROWS:
        raise _too_large(f"{MAX_ROWS} 行")
    table = (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    header = [title.strip() for title in next(table, [])]
    if "code_or_name" not in header or not set(header) <= {"code_or_name", "matter"}:
        found = "、".join(header)[:200] or "（空）"
        raise InvalidInput("invalid", f"CSV 的列为 {found}。", remedy="请使用列 code_or_name，可另加列 matter。")
    return (_cells(header, row, number, matter) for number, row in enumerate(table, 1))


def _cells(header: list[str], row: list[str], number: int, matter: str) -> Asked:
    if len(row) != len(header):
        return Asked(",".join(row)[:200], matter, number, MALFORMED)
    cells = dict(zip(header, row, strict=True))
    return Asked(cells["code_or_name"], cells.get("matter") or matter, number)
