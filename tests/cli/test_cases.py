"""`gongxin cases escalate`: once each, as often as it runs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.rights import world as worlds
from tests.rights.world import at
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli import cases


@pytest.mark.django_db
def test_escalate_tells_once(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path
    worlds.build().object()
    with clock.at(at(date(2026, 6, 5))):
        told = [json.loads(CliRunner().invoke(cases.app, ["escalate", "--json"]).stdout) for _ in range(2)]
        said = CliRunner().invoke(cases.app, ["escalate"]).stdout
    assert told == [{"warned": 0, "overdue": 1, "late": 1}, {"warned": 0, "overdue": 0, "late": 1}]
    assert "现有超期未办结 1 件" in said
