"""Look-ups of an organisation with ten records over HTTP, and a batch check of 100,000 codes (Speed item 5).

Ours runs as in production (granian, one worker, four threads); beside it a FastAPI service that does nothing but send
the same statement and hand its text on (uvicorn, uvloop, httptools, psycopg_pool), and a bare psycopg loop without
HTTP. All three read the same rows of the same database in one run; client, server and database share the machine.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg
import uvloop
from django.db import connection
from psycopg.conninfo import make_conninfo

from benchmarks.node import own_database
from gongxin import clock
from gongxin.api import lookups
from gongxin.identity import departments, keys
from gongxin.policy import packs
from gongxin.sample.organisations import register

RECORDS_EACH = 10
# As many as the pool of the FastAPI service: while one waits for the database another runs.
THREADS = 4
CONNECTIONS = 8
SEED = 7
_HERE = Path(__file__).resolve().parent


def run(organisations: int = 10_000, seconds: float = 4.0, codes: int = 100_000) -> dict[str, float]:
    """Requests a second and rows a second; `lookup_vs_fastapi` and `lookup_vs_psycopg` are ratios of medians of three
    turns.
    """
    with own_database():
        url = _url()
        found = _fill(organisations)
        paths = [f"/api/v1/organisations/{identity}" for identity, _ in found]
        figures = _lookups(url, paths, [identity for identity, _ in found], seconds)
        figures |= _batch(url, [code for _, code in found], codes)
    return figures


def _lookups(url: str, paths: Sequence[str], ids: Sequence[str], seconds: float) -> dict[str, float]:
    """Three turns of each, one after the other, so that what disturbs the machine disturbs all."""
    turns: dict[str, list[tuple[float, float]]] = {"lookup": [], "fastapi": [], "psycopg": []}
    with _ours(url) as own, _fastapi(url) as other:
        for port in (own, other):
            uvloop.run(_load(port, paths, 3.0))
        for _ in range(3):
            turns["lookup"].append(uvloop.run(_load(own, paths, seconds)))
            turns["fastapi"].append(uvloop.run(_load(other, paths, seconds)))
            turns["psycopg"].append(_bare(ids, seconds / 2))
    figures = {f"{name}_rps": statistics.median(rps for rps, _ in taken) for name, taken in turns.items()}
    figures |= {f"{name}_p99_ms": statistics.median(p99 for _, p99 in taken) for name, taken in turns.items()}
    figures["lookup_vs_fastapi"] = figures["lookup_rps"] / figures["fastapi_rps"]
    figures["lookup_vs_psycopg"] = figures["lookup_rps"] / figures["psycopg_rps"]
    return figures


def _batch(url: str, known: Sequence[str], codes: int) -> dict[str, float]:
    """One request with `codes` codes, half of them of organisations with ten records; the time until its last byte."""
    department = departments.register(
        code="bench", name="基准测试局", items=[], purposes=[next(iter(packs.current().purposes))], at=clock.now()
    )
    key = keys.issue(department=department, label="bench", acting_user="benchmark", at=clock.now()).secret
    absent = (f"91000000{number:010d}" for number in range(codes))
    held = cycle(known)
    rows = [next(held) if place % 2 else next(absent) for place in range(codes)]
    body = "".join(f'"{code}"\n' for code in rows).encode()
    with _ours(url) as port:
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        begun = time.perf_counter()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        purpose = department.purposes[0]
        caller.request("POST", f"/api/v1/checks/batch?purpose={purpose}&matter=bench", body, headers)
        answer, last = caller.getresponse(), b""
        first = time.perf_counter() - begun
        while block := answer.read(1 << 20):
            last = (last + block)[-1000:]
        taken = time.perf_counter() - begun
    summary = json.loads(last.splitlines()[-1])["summary"]
    if summary["rows"] != codes:
        raise RuntimeError(f"the batch answered {summary}")
    return {"batch_check_rows_s": codes / taken, "batch_check_first_line_s": first}


# ── the load ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Caller(asyncio.Protocol):
    """One connection that sends the next request as soon as an answer is whole."""

    def __init__(self, requests: Iterator[bytes], times: list[float]) -> None:
        self.requests, self.times = requests, times
        self.buffer, self.missing, self.sent = bytearray(), -1, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._ask()

    def _ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.missing < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(head.decode())
            self.missing = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.buffer) >= self.missing:
            self.buffer.clear()
            self.missing = -1
            self.times.append(time.perf_counter() - self.sent)
            self._ask()


async def _load(port: int, paths: Sequence[str], seconds: float) -> tuple[float, float]:
    """Requests a second and the 99th percentile in ms, over `CONNECTIONS` kept-alive connections."""
    order = random.Random(SEED).sample(paths, len(paths))
    requests = cycle([f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in order])
    times: list[float] = []
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: _Caller(requests, times), "127.0.0.1", port) for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    count = len(times)
    for transport, _ in pairs:
        transport.abort()
    return count / seconds, statistics.quantiles(times, n=100)[98] * 1000


def _bare(ids: Sequence[str], seconds: float) -> tuple[float, float]:
    """The same statement in a loop on one connection, without HTTP."""
    statement = lookups.statement("by_id", day=clock.today())
    if statement.names != ("limit", "ref"):
        raise RuntimeError("fastapi_lookup.py sends limit and ref in this order")
    times: list[float] = []
    with psycopg.connect(_url(), autocommit=True) as held, psycopg.RawCursor(held) as cursor:
        held.prepare_threshold = 0
        ends = time.perf_counter() + seconds
        for identity in cycle(ids):
            begun = time.perf_counter()
            cursor.execute(statement.text, [lookups.PAGE, identity])
            cursor.fetchone()
            times.append(time.perf_counter() - begun)
            if begun > ends:
                break
    return len(times) / seconds, statistics.quantiles(times, n=100)[98] * 1000


# ── servers and rows ──────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _ours(url: str) -> Iterator[int]:
    port = _free_port()
    options = [
        "--interface",
        "wsgi",
        "--workers",
        "1",
        "--blocking-threads",
        str(THREADS),
        "--http",
        "1",
        "--no-ws",
        "--log-level",
        "error",
    ]
    command = ["-m", "granian", *options, "--port", str(port), "gongxin.wsgi:application"]
    told = {
        "DATABASE_URL": url,
        # The load comes from one address: the limit is counted as always, and far above what can be answered.
        "GONGXIN_LIMITS": "lookup=100000000/100000000",
        # A node without keys of its own serves as a demonstration only; its lines are those of production.
        "GONGXIN_DEMO": "1",
        "GONGXIN_LOG": "json",
        "GONGXIN_LOG_LEVEL": "INFO",
    }
    with _serving(command, port, told):
        yield port


@contextmanager
def _fastapi(url: str) -> Iterator[int]:
    port = _free_port()
    command = ["-m", "uvicorn", "fastapi_lookup:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as statement:
        statement.write(lookups.statement("by_id", day=clock.today()).text.decode())
        statement.flush()
        told = {"LOOKUP_DATABASE": url, "LOOKUP_STATEMENT": statement.name, "PYTHONPATH": str(_HERE)}
        with _serving([*command, "--log-level", "error", "--no-access-log"], port, told):
            yield port


@contextmanager
def _serving(command: Sequence[str], port: int, told: dict[str, str]) -> Iterator[None]:
    # Not in a package folder: granian would take `gongxin` for a part of it.
    # Its log lines go to a file, as in production they go to a journal.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, *command], env=os.environ | told, cwd=_HERE.parent, stderr=log)
        try:
            _until(lambda: _answers(port) or process.poll() is not None)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError("the server did not come up")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _url() -> str:
    parameters: dict[str, Any] = connection.get_connection_params()
    kept = ("dbname", "user", "password", "host", "port")
    return make_conninfo(**{name: parameters[name] for name in kept if parameters.get(name)})


_ORGANISATIONS = """
INSERT INTO subjects_organisation (id, kind, uscc, name, name_key, pinyin, status, type_name, district,
                                   address, capital, scope, legal_representative, origin, flags,
                                   registered_at, updated_at)
SELECT gen_random_uuid(), 'enterprise', code, name, name, '', '存续', '有限责任公司', '云河区', '云河市测试路1号',
       '100万人民币', '食品销售', '', 'register', '[]', now(), now()
FROM unnest(%s::text[], %s::text[]) AS given(code, name) RETURNING id, uscc
"""
_RECORDS = """
INSERT INTO records_record (id, item, item_version, organisation_id, provider_id, submission_id, key_hash, content_hash,
                            document_no, title, decided_on, severity, procedure, publicity_from, publicity_until,
                            publicity_rule, disclosure, state, payload, revision, recorded_at)
SELECT gen_random_uuid(), 'penalty', 1, o.id, %(provider)s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
       '云市监罚〔2026〕' || n || '号', '未按规定公示', CURRENT_DATE - n, 'ordinary', '', CURRENT_DATE - n,
       CURRENT_DATE + 300, 'penalty-publicity', 'public', 'active', %(payload)s::jsonb, 1, now()
FROM subjects_organisation o, generate_series(1, %(each)s) AS n
"""


def _fill(count: int) -> list[tuple[str, str]]:
    """Organisations with ten penalties each; their ids and codes."""
    frame = register(count, SEED).unique("统一社会信用代码", maintain_order=True)
    provider = departments.register(
        code="market", name="云河市市场监督管理局", items=["penalty"], purposes=[], at=clock.now()
    )
    payload = json.dumps([field.example or None for field in packs.current().item("penalty").fields])
    with connection.cursor() as cursor:
        cursor.execute(_ORGANISATIONS, [frame["统一社会信用代码"].to_list(), frame["企业名称"].to_list()])
        found = [(str(identity), code) for identity, code in cursor.fetchall()]
        cursor.execute(_RECORDS, {"provider": provider.pk, "payload": payload, "each": RECORDS_EACH})
        cursor.execute("VACUUM ANALYZE")
    return found
