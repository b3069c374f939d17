"""`gongxin reports init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gongxin.cli import reports
from gongxin.enquiries import report_keys


def test_init_makes_key_and_certificates_once(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    made = CliRunner().invoke(reports.app, ["init", "泽川市信用中心"])
    assert made.exit_code == 0, made.output
    assert "泽川市信用中心" in made.output
    assert report_keys.folder().joinpath("signing-key.pem").stat().st_mode & 0o077 == 0
    assert CliRunner().invoke(reports.app, ["init", "泽川市信用中心"]).exit_code == 1
    assert CliRunner().invoke(reports.app, ["init", " "]).exit_code == 1
