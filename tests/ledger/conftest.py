"""A node with a key of its own, and the offline verifier as outsiders run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, transaction

from gongxin import ledger
from gongxin.ledger import keys
from gongxin.ledger.notes import Verifier

AT = datetime(2026, 5, 6, 7, 8, 9, 123456, UTC)
ORIGIN = "credit.example.cn/ledger"
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_ledger.py"

Offline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def log_key(tmp_path: Path, settings: object) -> Verifier:
    settings.VAR_DIR = tmp_path / "var"
    return keys.make(ORIGIN)


@pytest.fixture
def offline(log_key: Verifier) -> Offline:
    """Run tools/verify_ledger.py, isolated from this environment's packages."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments), "--key", str(log_key)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


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
