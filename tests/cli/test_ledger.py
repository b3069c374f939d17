"""`gongxin ledger`: keys once, checkpoints, proofs, exports; what cannot be is said plainly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from typer.testing import CliRunner

from gongxin import ledger
from gongxin.cli.ledger import app
from gongxin.ledger import watching

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path / "var"


def run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, list(arguments))
    assert "Traceback" not in answer.output
    return answer.exit_code, answer.output


def test_from_key_to_export(tmp_path: Path) -> None:
    code, said = run("keys", "credit.example.cn/ledger")
    assert code == 0
    assert said.startswith("credit.example.cn/ledger+")
    secret = tmp_path / "var" / "ledger" / "signing-key"
    assert secret.stat().st_mode & 0o777 == 0o600
    before = secret.read_text()
    code, said = run("keys", "credit.example.cn/ledger")
    assert code == 1
    assert "ledger-key-exists" in said
    assert secret.read_text() == before
    with transaction.atomic():
        ledger.append("key.revoked", fields={"key": "k", "department": "D"}, actor="x", at=datetime.now(UTC))
    first = run("checkpoint")
    assert first == run("checkpoint")
    assert first[1].startswith("credit.example.cn/ledger\n1\n")
    assert run("prove", "--leaf", "0")[1].startswith("c2sp.org/tlog-proof@v1\nextra ")
    assert run("prove", "--since", "1")[1].startswith("old 1\n\ncredit")
    assert run("verify")[0] == 0
    assert run("export", str(tmp_path / "out"))[0] == 0
    assert (tmp_path / "out" / "leaves.jsonl").read_bytes().count(b"\n") == 1
    secret.chmod(0o644)
    assert "ledger-key-open" in run("checkpoint")[1]


def test_every_refusal_says_the_next_step(tmp_path: Path) -> None:
    assert "ledger-origin" in run("keys", "two words")[1]
    assert "ledger-key-missing" in run("checkpoint")[1]
    assert "ledger-no-checkpoint" in run("export", str(tmp_path / "out"))[1]
    run("keys", "log")
    assert "ledger-empty" in run("checkpoint")[1]
    assert "ledger-leaf-unknown" in run("prove", "--leaf", "0")[1]
    assert "ledger-no-checkpoint" in run("prove", "--since", "1")[1]
    assert "ledger-prove" in run("prove")[1]
    with transaction.atomic():
        ledger.append("key.revoked", fields={"key": "k", "department": "D"}, actor="x", at=datetime.now(UTC))
    run("checkpoint")
    assert "ledger-size" in run("prove", "--since", "2")[1]
    assert "ledger-export-exists" in run("export", str(tmp_path))[1]
    assert run("events")[1].startswith("# Events")


def test_destroying_and_a_raised_epoch(tmp_path: Path) -> None:
    run("keys", "credit.example.cn/ledger")
    with transaction.atomic():
        ledger.append("key.revoked", fields={"key": "k", "department": "D"}, actor="x", at=datetime.now(UTC))
    assert run("destroy", "--leaf", "0", "--reason", "期限届满")[1].endswith("记录为第 1 条\n")
    assert "ledger-destroyed" in run("destroy", "--leaf", "0", "--reason", "again")[1]
    known = tmp_path / "known"
    known.write_text(run("checkpoint")[1])
    code, said = run("raise-epoch", "--reason", "drill", "--known", str(known))
    assert (code, said) == (0, "第 2 纪元，3 条\n")
    assert "epoch 2" in run("checkpoint")[1]
    assert run("verify")[0] == 0


def test_the_loop_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(watching.Watch, "run", lambda _watch: seen.append("ran"))
    assert run("watch")[0] == 0
    assert seen == ["ran"]
