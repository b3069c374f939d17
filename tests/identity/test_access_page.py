"""docs/access.md is built from the table, and current."""

from __future__ import annotations

from pathlib import Path

from gongxin.identity import access_page
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import TABLE


def test_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "access.md"
    assert page.read_text() == access_page.page(), "run: gongxin access rules > docs/access.md"


def test_page_holds_every_rule_and_action() -> None:
    page = access_page.page()
    for name in (*(rule.id for rule in TABLE.deny), *(rule.id for rule in TABLE.allow), *Action):
        assert f"| `{name}` |" in page
