"""Each URL × each role: the table of routes is whole, and everybody is answered what it says, nobody more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.web import route_table
from tests.web.person_world import CANARIES
from tests.web.route_table import Row
from tests.web.route_world import ACTORS, Everybody, Question

from gongxin import clock
from gongxin.enquiries import report_keys
from gongxin.intake import receipt
from gongxin.rights import repair_notice

ROWS = route_table.rows()
# Whoever of them is refused is tried with the other method too.
STRANGERS = ("visitor", "other_officer", "auditor", "person")
# Pages of these are for one account.
PRIVATE = ("desk:", "cases:", "mine:", "person:", "person-desk:")
# Who may be told of the person of route_world: the person, and the case officer of the unit that decides the objection
# and was given the code.
TOLD = {(name, "person") for name in ROWS if name.startswith("person:")} | {
    ("person-desk:authorised", "case_officer"),
    ("person-desk:objection", "case_officer"),
    ("person-desk:paper", "case_officer"),
}
ROOT = Path(__file__).resolve().parents[2]


def test_every_route_has_a_row() -> None:
    found = route_table.routes()
    assert len(found) > 100
    lacking = [route_table.missing(name, path) for name, path in found.items() if name not in ROWS]
    assert not lacking, "\n".join(lacking)
    gone = ROWS.keys() - found.keys()
    assert not gone, f"tests/web/routes.yaml has rows of routes that are not there any more: {sorted(gone)}"


@pytest.mark.long
def test_everybody_is_answered_what_the_table_says(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    """No status is another one than the table's, so no success is one that nobody meant; and nothing of a natural
    person is told to anybody whom the person has not authorised.
    """
    # Reports are signed with keys of this test's own.
    settings.VAR_DIR = tmp_path
    report_keys.init("泽川市信用中心", at=clock.now())
    # Setting a page costs more than all the rest of the request, and its own tests do it.
    monkeypatch.setattr(receipt, "pdf", lambda _submission: b"%PDF")
    monkeypatch.setattr(repair_notice, "pdf", lambda *_given, **_named: b"%PDF")
    everybody = Everybody()
    everybody.ask("case_officer", ROWS["person-desk:authorised"].question(everybody))
    assert all(canary in everybody.text() for canary in CANARIES), "with the code they are told, so they would be found"
    wrong = [line for row in ROWS.values() if not row.elsewhere for line in _wrong(row, everybody)]
    assert not wrong, "\n".join(wrong)


def test_what_is_asked_elsewhere_is_asked() -> None:
    for row in ROWS.values():
        if row.elsewhere:
            path, test = row.elsewhere.split("::")
            assert f"def {test}(" in (ROOT / path).read_text(), row.name


def _wrong(row: Row, everybody: Everybody) -> list[str]:
    question = row.question(everybody)
    other = Question("get" if row.posts else "post", question.path)
    lines = []
    for actor in ACTORS:
        answer, expected = everybody.ask(actor, question), row.expected[actor]
        if answer.status_code != expected:
            said = f"{actor} is answered {answer.status_code}, the table says {expected}"
            lines.append(f"{row.name} ({question.path}): {said}")
        if row.name.startswith(PRIVATE) and "no-store" not in answer.get("Cache-Control", ""):
            lines.append(f"{row.name}: what {actor} is answered may stay in a cache")
        if (row.name, actor) not in TOLD and any(canary in everybody.text() for canary in CANARIES):
            lines.append(f"{row.name}: {actor} is told something of a natural person")
        if expected >= 300 and actor in STRANGERS and 200 <= everybody.ask(actor, other).status_code < 300:
            lines.append(f"{row.name}: {actor} is refused, but {other.method.upper()} succeeds")
    return lines


@pytest.mark.parametrize("entry", [{"emperor": 200}, {"visitor": 200, "colour": "red"}])
def test_a_row_that_makes_no_sense_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"routes\.yaml"):
        list(route_table._rows({"default": {}, "routes": {"desk:home": entry}}))
