"""A small writer of XLS (BIFF8 in an OLE container): no living library writes what departments still send."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Cell = str | float | None


def workbook(rows: Sequence[Sequence[Cell]], *, hidden: Sequence[int] = (), encrypted: bool = False) -> bytes:
    """A workbook with one sheet. hidden: row numbers (1 = first). Numbers become number cells, «#N/A» an error cell."""
    bof = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    password = _record(0x002F, struct.pack("<HHHH", 1, 1, 1, 0) + bytes(48)) if encrypted else b""
    boundsheet_length = 4 + 8 + len("Sheet1")
    offset = len(bof) + len(password) + boundsheet_length + 4
    name = struct.pack("<BB", len("Sheet1"), 0) + b"Sheet1"
    globals_ = bof + password + _record(0x0085, struct.pack("<IBB", offset, 0, 0) + name) + _record(0x000A, b"")
    return _container(globals_ + _sheet(rows, hidden))


def _sheet(rows: Sequence[Sequence[Cell]], hidden: Sequence[int]) -> bytes:
    out = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    width = max((len(row) for row in rows), default=0)
    out += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, _row in enumerate(rows):
        options = 0x0100 | (0x20 if number + 1 in hidden else 0)
        out += _record(0x0208, struct.pack("<HHHHHHI", number, 0, width, 255, 0, 0, options))
    for number, row in enumerate(rows):
        out += b"".join(_cell(number, column, cell) for column, cell in enumerate(row))
    return out + _record(0x000A, b"")


def _cell(row: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if cell is None:
        return b""
    if cell == "#N/A":
        return _record(0x0205, place + struct.pack("<BB", 0x2A, 1))
    if isinstance(cell, float):
        return _record(0x0203, place + struct.pack("<d", cell))
    return _record(0x0204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _container(stream: bytes) -> bytes:
    """One stream «Workbook» in an OLE file; at least 4096 bytes, so that it lies in ordinary sectors."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    count = len(stream) // _SECTOR
    chain = [_FAT, _END, *range(3, 2 + count), _END]
    fat_sectors = -(-(len(chain)) // 128)
    if fat_sectors != 1:
        raise ValueError("made for small workbooks only")
    fat = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, 2, len(stream)) + bytes(256)
    return header + fat + directory + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    return head + struct.pack("<III", _FREE, _FREE, child) + bytes(36) + struct.pack("<IQ", start, size)
