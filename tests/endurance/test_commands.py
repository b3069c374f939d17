"""`gongxin backup` and `gongxin restore` as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from django.db import connection
from typer.testing import CliRunner

from gongxin.cli import backup, restore
from gongxin.records.models import Record


def typed(app: typer.Typer, *words: object, answer: str | None = None) -> tuple[int, str]:
    """Exit code and everything that was said."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=answer)
    return done.exit_code, done.output


def test_from_backup_to_restore(node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which database it is, is not asked of the environment here.
    monkeypatch.setenv("DATABASE_URL", "as in the settings")
    code, said = typed(backup.app, tmp_path / "b")
    assert (code, "备份不含密钥" in said, "清单 SHA-256" in said) == (0, True, True), said
    code, said = typed(backup.app, tmp_path / "c", "--with-keys", answer=f"{tmp_path / 'usb'}\n")
    assert (code, "密钥文件" in said) == (0, True), said
    assert (tmp_path / "usb" / "ledger" / "signing-key").is_file()
    code, said = typed(backup.app, "verify", tmp_path / "b")
    assert (code, "备份完整" in said) == (0, True), said
    code, said = typed(backup.app, tmp_path / "b")
    assert (code, "backup-exists" in said) == (1, True), said
    connection.close()
    code, said = typed(restore.app, tmp_path / "b")
    assert (code, "node-not-empty" in said) == (1, True), said
    code, said = typed(restore.app, tmp_path / "b", "--replace", "--keys", tmp_path / "usb")
    assert (code, "纪元升为 2" in said) == (0, True), said
    assert Record.objects.count() == 4
