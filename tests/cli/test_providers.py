"""`gongxin providers` names the departments and what they may hand in."""

from __future__ import annotations

import json

import pytest
from tests.intake.hand_ins import department
from typer.testing import CliRunner

from gongxin.cli import providers

pytestmark = pytest.mark.django_db


def test_departments_with_codes_and_items() -> None:
    department("market")
    department("closed", active=False)
    listed = CliRunner().invoke(providers.app, ["--json"])
    assert listed.exit_code == 0
    assert json.loads(listed.stdout) == [
        {"code": "market", "name": "虚构部门market", "uscc": "", "items": ["penalty", "licence"], "active": True}
    ]


def test_table_for_people() -> None:
    department("market")
    department("closed", active=False)
    shown = CliRunner().invoke(providers.app, ["--inactive"])
    assert "虚构部门market" in shown.stdout
    assert "停用" in shown.stdout
