"""Clients that hand in and ask without a pause, and remember every answer they were given."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from tests.faults.node import Node
from tests.made_up import code, penalty

_PAUSE = 0.08
# Organisations that the rows are about: few, so that batches meet.
_SUBJECTS = 40
_TAKEN_IN = (201, 202)


@dataclass(frozen=True, slots=True)
class Answer:
    """status 0: no answer came (the connection broke)."""

    status: int
    headers: dict[str, str]
    content: dict[str, Any]
    began: float


@dataclass
class Ledger:
    """What clients were told. submitted: submission → document numbers; checked: ids; open: handed in, unanswered."""

    submitted: dict[str, list[str]] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    unanswered: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)


class Load:
    """Threads of clients; a context."""

    def __init__(self, node: Node, seed: int, *, intake: int = 2, checks: int = 2, pages: int = 1) -> None:
        self.node = node
        self.told = Ledger()
        self.failed: list[Answer] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        kinds: list[tuple[Callable[[random.Random, int], None], int]] = [
            (self._hand_in, intake),
            (self._check, checks),
            (self._page, pages),
        ]
        self._serial = 0
        self._threads = [
            threading.Thread(
                target=self._go_on, args=(one, random.Random(f"{seed} {one.__name__} {number}")), daemon=True
            )
            for one, count in kinds
            for number in range(count)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def acknowledged(self, kind: str, since: float) -> bool:
        """Whether a request of that kind, begun after `since`, was answered well."""
        return self.told.last.get(kind, 0.0) > since

    def _go_on(self, one: Callable[[random.Random, int], None], chance: random.Random) -> None:
        while not self._ended.is_set():
            with self._lock:
                self._serial += 1
                serial = self._serial
            one(chance, serial)
            time.sleep(_PAUSE)

    def _hand_in(self, chance: random.Random, serial: int) -> None:
        """Few rows are processed in the request, many go to the worker. Without an answer, the same again."""
        rows = 3 if chance.random() < 0.5 else 60
        while not self._ended.is_set() and self.hand_in(serial, rows).status not in _TAKEN_IN:
            time.sleep(0.2)

    def hand_in(self, serial: int, rows: int) -> Answer:
        """Hand in a file, always the same one for a number, and note whether it was acknowledged."""
        batch = [penalty(serial * 100 + row, CF_XDR_SHXYM=code(row % _SUBJECTS + 1)) for row in range(rows)]
        body = json.dumps({"item": "penalty", "rows": batch}, ensure_ascii=False).encode()
        key, numbers = f"hand-in-{serial}", [row["CF_WSH"] for row in batch]
        self.told.unanswered[key] = numbers
        answer = self.request("POST", "/api/v1/submissions", body, {"Idempotency-Key": key}, kind="intake")
        if answer.status in _TAKEN_IN:
            with self._lock:
                self.told.submitted[answer.content["submission"]] = self.told.unanswered.pop(key)
        return answer

    def _check(self, chance: random.Random, serial: int) -> None:
        question = {"code_or_name": code(chance.randint(1, _SUBJECTS)), "purpose": self.node.purpose}
        body = json.dumps({**question, "matter": f"办件{serial}"}, ensure_ascii=False).encode()
        answer = self.request("POST", "/api/v1/checks", body, {}, kind="check")
        if answer.status == 200:
            with self._lock:
                self.told.checked.add(answer.content["check"])
        elif answer.status != 200:
            time.sleep(0.1)

    def _page(self, _chance: random.Random, _serial: int) -> None:
        self.request("GET", "/disclosures/penalty", None, {}, kind="page")
        time.sleep(0.1)

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, kind: str) -> Answer:
        """Ask once; what came of it is noted."""
        began = time.monotonic()
        all_headers = {"Authorization": f"Bearer {self.node.key}", "Content-Type": "application/json", **headers}
        if kind == "page":
            all_headers = {}
        status, got, content = 0, {}, b""
        caller = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=30)
        try:
            caller.request(method, path, body, all_headers)
            response = caller.getresponse()
            content = response.read()
            status, got = response.status, {name.lower(): value for name, value in response.getheaders()}
        except (OSError, HTTPException):
            status = 0
        finally:
            caller.close()
        is_json = "json" in got.get("content-type", "")
        answer = Answer(status, got, json.loads(content) if is_json and status else {}, began)
        self._note(kind, answer)
        return answer

    def _note(self, kind: str, answer: Answer) -> None:
        with self._lock:
            self.told.statuses[kind, answer.status] += 1
            if 200 <= answer.status < 300:
                self.told.last[kind] = max(self.told.last.get(kind, 0.0), answer.began)
                return
            self.failed.append(answer)
            if answer.status not in (0, 503):
                self.told.wrong.append(f"{kind}: {answer.status} {answer.content.get('code', '')}")
            elif answer.status == 503 and "retry-after" not in answer.headers:
                self.told.wrong.append(f"{kind}: 503 without Retry-After")
