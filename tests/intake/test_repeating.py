"""A file handed in again while nothing has changed has the outcome that judging it anew would have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.intake.hand_ins import AT, csv_of, department, hand_in, nameless, penalty

from gongxin.identity import departments
from gongxin.intake import repeating
from gongxin.intake.flow import Flow
from gongxin.intake.models import Finding, RejectedRow, Submission
from gongxin.intake.returns import rejected_csv
from gongxin.ledger import selectors as log
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation

pytestmark = pytest.mark.django_db

COUNTS = ("rows_in", "accepted", "revised", "unchanged", "rejected", "received")
CODES = ("rejections_by_code", "warnings_by_code", "generation", "columns", "ignored_columns", "state", "rows_total")
# Sound, late, twice, of a name that is not the register's, without a day, with a wrong code; and a column nobody reads.
MIXED = [
    {**row, "备用": ""}
    for row in (
        penalty(1),
        penalty(2, CF_JDRQ="2026/01/05"),
        penalty(3),
        penalty(3),
        penalty(1) | {"CF_WSH": "虚罚〔2026〕4号", "CF_XDR_MC": "另一名称有限公司"},
        penalty(5, CF_JDRQ=""),
        penalty(6, CF_XDR_SHXYM="000000000000000000"),
        nameless(7),
    )
]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[Submission]:
    """The submissions whose files were judged row by row."""
    judged: list[Any] = []
    run = Flow.run

    def counted(self: Flow) -> Any:
        judged.append(self.origin.submission_id)
        return run(self)

    monkeypatch.setattr(Flow, "run", counted)
    return judged


def told(submission: Submission) -> dict[str, Any]:
    """Everything that the department is told of a submission."""
    rows = RejectedRow.objects.filter(submission=submission).order_by("row_number")
    found = Finding.objects.filter(submission=submission).order_by("row_number", "field", "code", "value")
    return {
        **{name: getattr(submission, name) for name in (*COUNTS, *CODES)},
        "rows": list(rows.values_list("row_number", "cells", "corrected_by")),
        "findings": list(found.values_list("row_number", "field", "code", "value", "expected")),
        "sent back": b"".join(rejected_csv(submission)).decode().replace(str(submission.pk), "…"),
    }


def known_to_the_register() -> None:
    """All organisations of the files are in the register: one that a file brings along makes the next one doubtful."""
    hand_in([row | {"CF_WSH": f"虚罚〔2026〕9{number}号"} for number, row in enumerate(MIXED)])


def test_same_outcome_as_judging_anew(whole: list[Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_the_register()
    first = hand_in(csv_of(MIXED))
    assert first.accepted
    assert first.rejected
    assert {"W205", "W301", "W501"} <= set(first.warnings_by_code), first.warnings_by_code
    assert "W302" not in first.warnings_by_code
    carried = hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1))
    assert carried.pk not in whole
    monkeypatch.setattr(repeating, "known", lambda *_, **__: None)
    judged = hand_in(csv_of(MIXED), at=AT + timedelta(minutes=2))
    assert judged.pk in whole
    assert told(carried) == told(judged)
    assert carried.unchanged == first.accepted + first.unchanged
    assert "W501" not in carried.warnings_by_code


def test_it_is_one_leaf_like_any_other(whole: list[Submission]) -> None:
    known_to_the_register()
    hand_in(csv_of(MIXED))
    before, held = log.size(), Record.objects.count()
    again = hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1))
    assert again.pk not in whole
    assert (log.size(), Record.objects.count()) == (before + 1, held)
    assert log.named_since(before, event="submission.completed", field="submission") == [str(again.pk)]
    assert log.named_since(before, event="submission.completed", field="records") == ["0"]


def other_file() -> None:
    hand_in([penalty(1) | {"CF_WSH": "虚罚〔2026〕50号"}])


def register_grows() -> None:
    hand_in([penalty(40)])


def department_changes() -> None:
    departments.register(code="other", name="虚构部门乙", uscc="", items=["penalty"], purposes=[], at=AT)


CHANGES: dict[str, Callable[[], None]] = {
    "another file of the item": other_file,
    "a file that adds to the register": register_grows,
    "a department": department_changes,
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_it_is_judged_anew(change: str, whole: list[Submission]) -> None:
    known_to_the_register()
    hand_in(csv_of(MIXED))
    CHANGES[change]()
    assert hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1)).pk in whole


def test_on_another_day_it_is_judged_anew(whole: list[Submission]) -> None:
    known_to_the_register()
    hand_in(csv_of(MIXED))
    assert hand_in(csv_of(MIXED), at=AT + timedelta(days=1)).pk in whole


def test_under_other_rules_it_is_judged_anew(whole: list[Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_the_register()
    hand_in(csv_of(MIXED))
    monkeypatch.setattr(repeating, "stamp", lambda pack: f"{pack.version} next")
    assert hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1)).pk in whole


def test_another_department_another_item_a_correction_are_judged(whole: list[Submission]) -> None:
    known_to_the_register()
    first = hand_in(csv_of(MIXED))
    assert hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1), corrects=first).pk in whole
    assert hand_in(csv_of(MIXED), at=AT + timedelta(minutes=1), provider=department("other")).pk in whole


def test_a_file_that_brings_its_organisations_along_is_judged_once_more(whole: list[Submission]) -> None:
    first = hand_in([penalty(1), penalty(2)])
    assert "W302" in first.warnings_by_code
    assert Organisation.objects.exists()
    second = hand_in([penalty(1), penalty(2)], at=AT + timedelta(minutes=1))
    third = hand_in([penalty(1), penalty(2)], at=AT + timedelta(minutes=2))
    assert second.pk in whole
    assert third.pk not in whole
    assert told(second) == told(third)


def test_contradictions_with_warnings_are_judged(whole: list[Submission]) -> None:
    known_to_the_register()
    rows = [penalty(2, CF_JDRQ="2026/01/05"), penalty(2, CF_JDRQ="2026/01/05", CF_NR="另一内容")]
    first = hand_in(rows)
    assert {"E215"} == set(first.rejections_by_code)
    again = hand_in(rows, at=AT + timedelta(minutes=1))
    assert (again.pk in whole) == ("W501" in first.warnings_by_code)


def test_what_was_judged_is_noted() -> None:
    department()
    before = log.size()
    done = hand_in([penalty(1)])
    assert (done.rules, done.leaf) == (repeating.stamp(packs.current()), before)
