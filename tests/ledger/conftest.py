"""A node with a key of its own, and the offline verifier as outsiders run it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test import Client

from gongxin import ledger
from gongxin.ledger import keys, peers, submitting
from gongxin.ledger.notes import Verifier
from gongxin.ledger.peers import Witness

AT = datetime(2026, 5, 6, 7, 8, 9, 123456, UTC)
ORIGIN = "credit.example.cn/ledger"
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"

Offline = Callable[..., subprocess.CompletedProcess[str]]


def _loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("verify_ledger", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


verify_ledger = _loaded()


@pytest.fixture
def log_key(tmp_path: Path, settings: object) -> Verifier:
    settings.VAR_DIR = tmp_path / "var"
    return keys.make(ORIGIN)


@pytest.fixture
def offline(log_key: Verifier) -> Offline:
    """Run tools/verify_ledger.py in this process, which is quick; test_verify_ledger runs it by itself."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(TOOL), *map(str, arguments), "--key", str(log_key)]
        out, err = io.StringIO(), io.StringIO()
        with mock.patch("sys.argv", command), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = verify_ledger.main()
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    return run


class _Here:
    """A connection to this node itself, without a socket."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self.close = lambda: None

    def request(self, method: str, path: str, body: bytes, _headers: object) -> None:
        assert method == "POST"
        self._answer = Client(enforce_csrf_checks=True).post(path, body, content_type="text/plain")

    def getresponse(self) -> SimpleNamespace:
        return SimpleNamespace(status=self._answer.status_code, read=lambda _most: self._answer.content)


@pytest.fixture
def witness(log_key: Verifier, monkeypatch: pytest.MonkeyPatch) -> Witness:
    """A node that serves as witness of the log. Its key and memory are its own; only the process is shared."""
    monkeypatch.setattr(submitting, "HTTPConnection", _Here)
    verifier = keys.make_witness("witness.example.cn/w1")
    peers.add_log(str(log_key))
    return peers.add_witness(str(verifier), "http://witness.example.cn/witness")


def logged(number: int) -> int:
    """One leaf, told from others by its number."""
    fields = {"key": str(number), "department": "000000-test"}
    with transaction.atomic():
        return ledger.append("key.revoked", fields=fields, actor="officer", at=AT)


def as_owner(sql: str, *parameters: object) -> None:
    """What the owner of the database can do: triggers do not stop them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE ledger_leaf DISABLE TRIGGER USER; ALTER TABLE ledger_checkpoint DISABLE TRIGGER USER"
        )
        cursor.execute(sql, parameters or None)
        cursor.execute("ALTER TABLE ledger_leaf ENABLE TRIGGER USER; ALTER TABLE ledger_checkpoint ENABLE TRIGGER USER")
