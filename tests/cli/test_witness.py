"""`gongxin witness`: both sides of witnessing, and what cannot be said plainly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from typer.testing import CliRunner

from gongxin import ledger
from gongxin.cli.witness import app
from gongxin.ledger import checkpoints, keys

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path / "var"


def run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, list(arguments))
    assert "Traceback" not in answer.output
    return answer.exit_code, answer.output


def test_both_sides(tmp_path: Path) -> None:
    code, key = run("keys", "credit.example.cn/witness")
    assert (code, key.startswith("credit.example.cn/witness+")) == (0, True)
    assert "ledger-key-exists" in run("keys", "credit.example.cn/witness")[1]
    log = str(keys.make("other.example.cn/ledger"))
    assert run("know", log)[0] == 0
    assert "ledger-key-form" in run("know", key.strip())[1]
    assert run("submit") == (0, "")
    # Nobody listens there.
    assert run("add", key.strip(), "http://127.0.0.1:9/witness")[0] == 0
    code, said = run("submit")
    assert (code, "ledger-no-checkpoint" in said) == (1, True)
    with transaction.atomic():
        ledger.append("key.revoked", fields={"key": "k", "department": "D"}, actor="x", at=datetime.now(UTC))
    note = tmp_path / "note"
    note.write_text(checkpoints.sign(at=datetime.now(UTC)).note)
    code, said = run("submit")
    assert (code, "witness-unavailable" in said, "尚未见证" in said) == (1, True, True)
    assert "witness-nothing-seen" in run("readmit", str(note), "--reason", "drill")[1]
    assert "witness-address" in run("add", key.strip(), "elsewhere")[1]
