"""The server as it is started: boundaries of requests, large and slow headers, methods, what it tells of itself."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gongxin.cli import serving


@pytest.fixture(scope="module")
def port(tmp_path_factory: Any) -> Iterator[int]:
    """A server with the node's own options, one second for headers; nothing asked here needs the database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    told = os.environ | {
        "GONGXIN_VAR": str(folder),
        "GONGXIN_DEMO": "1",
        "GONGXIN_LIMITS": "lookup=none,page=none",
        "GONGXIN_LEDGER_WATCH": "0",
        "DJANGO_SETTINGS_MODULE": "gongxin.settings",
    }
    command = serving.command("127.0.0.1", free, workers=1, threads=2, header_milliseconds=1000)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=told, cwd=folder, stderr=log, stdout=log)
        try:
            give_up = time.monotonic() + 30
            while time.monotonic() < give_up and process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", free)) == 0:
                        break
                time.sleep(0.05)
            yield free
        finally:
            process.terminate()
            process.wait(timeout=20)


def exchange(port: int, sent: bytes, *, patience: float = 20) -> bytes:
    """All that comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as peer:
        peer.sendall(sent)
        got = b""
        try:
            while part := peer.recv(65536):
                got += part
        except (TimeoutError, ConnectionResetError):
            pass
        return got


CLOSE = b"GET /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def test_it_serves(port: int) -> None:
    answer = exchange(port, CLOSE)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"x-request-id" in answer.lower()


def test_transfer_encoding_says_where_a_body_ends_and_length_does_not(port: int) -> None:
    """A request that says both: by its chunks, so that nothing of it can pass for a request of its own."""
    body = b"0\r\n\r\n"
    head = (
        b"POST /api/v1/checks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % (len(body) + len(CLOSE))
    )
    answer = exchange(port, head + body + CLOSE)
    first, *rest = answer.split(b"HTTP/1.1 ")[1:]
    assert first[:3] in (b"400", b"401")
    assert len(rest) <= 1


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 3x\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Bad Header: x\r\n",
        b"X-A: a\x00b\r\n",
    ],
)
def test_requests_that_can_be_read_two_ways_are_refused(port: int, head: bytes) -> None:
    answer = exchange(port, b"POST /api/v1/checks HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\nabcde", patience=2)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), answer[:80]


def test_large_headers_are_refused(port: int) -> None:
    flood = b"X-A: " + b"a" * (2 * serving.HEADER_BYTES) + b"\r\n"
    answer = exchange(port, CLOSE[:-2] + flood + b"\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")), answer[:80]


def test_who_does_not_finish_its_headers_is_cut_off(port: int) -> None:
    began = time.monotonic()
    answer = exchange(port, b"GET /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    assert time.monotonic() - began < 15
    assert b" 200" not in answer


def test_trace_gives_nothing_back(port: int) -> None:
    for path in (b"/", b"/api/v1/items", b"/desk/"):
        sent = b"TRACE " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Canary: ECHO-CANARY\r\nConnection: close\r\n\r\n"
        answer = exchange(port, sent)
        assert b"ECHO-CANARY" not in answer
        assert not answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/static/", "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py", "/static/gongxin/",
     "/static//etc/passwd", "/../../etc/passwd", "/pyproject.toml", "/static/gongxin/../../../settings.py"],
)  # fmt: skip
def test_nothing_but_our_static_files_is_served(port: int, path: str) -> None:
    answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 301", b"HTTP/1.1 302")), answer[:80]
    assert b"SECRET_KEY" not in answer
    assert b"Index of" not in answer


def test_websockets_and_http_2_are_not_spoken(port: int) -> None:
    upgrade = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4\r\n\r\n"
    )
    assert b" 101 " not in exchange(port, CLOSE[: -len(b"Connection: close\r\n\r\n")] + upgrade, patience=2)[:20]
    assert b" 200" not in exchange(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", patience=2)


def test_what_it_runs_on_is_not_told(port: int) -> None:
    head = exchange(port, CLOSE).split(b"\r\n\r\n")[0].lower()
    for word in (b"django", b"python", b"postgres", b"x-powered-by"):
        assert word not in head
    assert not re.search(rb"server: [^\r]*\d", head)


def test_an_unknown_host_is_refused(port: int) -> None:
    answer = exchange(port, CLOSE.replace(b"Host: 127.0.0.1", b"Host: evil.example"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"evil.example" not in answer
