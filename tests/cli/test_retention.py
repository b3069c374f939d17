"""`gongxin retention`: rules with what is due; small numbers of persons are not told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.persons import people
from tests.rights.world import at
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli import retention
from gongxin.persons import ending, opening


@pytest.mark.django_db
def test_what_is_due_and_what_goes_on(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path
    people.handed_in(people.row(1, 1, CF_JDRQ="2026-04-08"), people.row(1, 2, CF_JDRQ="2026-04-09"))
    someone = people.account(1)
    ending.end_own(acting_user=someone, at=people.AT)
    with clock.at(at(date(2031, 4, 9))):
        assert CliRunner().invoke(retention.app, ["work"]).exit_code == 0
        assert len(opening.open_own(acting_user=someone, at=clock.now()).records) == 1
    ending.stay(acting_user=someone, at=people.AT)
    with clock.at(at(date(2031, 4, 10))):
        told = json.loads(CliRunner().invoke(retention.app, ["show", "--json"]).stdout)
        said = CliRunner().invoke(retention.app, ["show"]).stdout
    due = {entry["rule"]: entry["due"] for entry in told if "due" in entry}
    assert due["retention-person-penalty"] is None
    assert due["retention-message"] == 0
    assert "retention-look" not in due
    assert "个人档案中的行政处罚" in said
    assert "少于 10 项" in said
