"""Asking a malware scanner about a file from outside: clamd (ClamAV), by its INSTREAM command, where one is configured.

Off unless GONGXIN_SCANNER names one: a node then takes files as they are (docs/security/components.md says what stands
in its place). Where it is on, nothing is kept that it did not pass: one that does not answer refuses the file too.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from typing import Final

from django.conf import settings

from gongxin.errors import Unavailable

# Engineering: how long the scanner may take over one part or over its answer, in seconds.
_PATIENCE: Final = 60.0
_PART: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096


def found(parts: Iterable[bytes]) -> str:
    """The name of the malware in a file; empty where the scanner finds none, or none is configured.

    Raises Unavailable where the scanner cannot be reached or does not judge (a file larger than its StreamMaxLength).
    """
    if not settings.SCANNER:
        return ""
    try:
        with _opened(settings.SCANNER) as scanner:
            answer = _asked(scanner, parts)
    except OSError as error:
        raise _silent(type(error).__name__) from error
    name, _, verdict = answer.removeprefix("stream: ").rpartition(" ")
    if verdict == "FOUND" and name:
        return name[:120]
    if answer != "stream: OK":
        raise _silent(answer[:80])
    return ""


def _opened(address: str) -> socket.socket:
    """address: host:port, or the path of a socket of this machine."""
    if address.startswith("/"):
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.settimeout(_PATIENCE)
        opened.connect(address)
        return opened
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=_PATIENCE)


def _asked(scanner: socket.socket, parts: Iterable[bytes]) -> str:
    """The file in pieces, each after its length, and what the scanner says of it."""
    scanner.sendall(b"zINSTREAM\0")
    try:
        for part in parts:
            for begin in range(0, len(part), _PART):
                piece = part[begin : begin + _PART]
                scanner.sendall(struct.pack("!I", len(piece)) + piece)
        scanner.sendall(struct.pack("!I", 0))
    # It says why and closes before the end of a file that is too large for it.
    except (BrokenPipeError, ConnectionResetError):
        pass
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER and (more := scanner.recv(_LONGEST_ANSWER)):
        said += more
    return said.rstrip(b"\0\n").decode(errors="replace")


def _silent(why: str) -> Unavailable:
    return Unavailable(
        "scanner-silent",
        f"文件查毒服务没有给出结论（{why}），文件没有接收。",
        remedy="请稍后重新上传；仍不行的，请系统管理员检查查毒服务及其大小上限（StreamMaxLength）。",
    )
