"""The codes that programs and people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gongxin.intake
from gongxin.intake.faults import FAULTS, FileRefused, _fault

USED = re.compile(r"\"([EW]\d{3})\"")


def codes_in_code() -> set[str]:
    """Every code that some module of intake names."""
    folder = Path(gongxin.intake.__file__).parent
    return {found for path in folder.glob("*.py") for found in USED.findall(path.read_text(encoding="utf-8"))}


def test_every_code_is_used_and_every_used_code_is_known() -> None:
    assert codes_in_code() == set(FAULTS)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_sentences_name_what_they_know(code: str) -> None:
    fault = FAULTS[code]
    said = fault.sentence(field="甲", value="乙", expected="丙")
    assert "{" not in said + fault.next_step(field="甲", value="乙", expected="丙")
    assert said.endswith(("。", "丙", "乙"))
    assert fault.reason.endswith("。")
    assert fault.remedy.endswith("。")
    assert len(fault.title) <= 16
    assert fault.is_warning == code.startswith("W")


def test_braces_of_a_cell_are_no_placeholders() -> None:
    assert "{field}" in FAULTS["E207"].sentence(field="日期", value="{field}{0}")


def test_refusal_carries_its_facts_and_its_remedy() -> None:
    refusal = FileRefused("E112", value="CF_WSH", expected="第 1 列、第 5 列")
    assert (refusal.code, refusal.status) == ("E112", 422)
    assert "CF_WSH" in refusal.title
    assert refusal.facts == {"value": "CF_WSH", "expected": "第 1 列、第 5 列"}


@pytest.mark.parametrize(
    "entry",
    [{"level": "row"}, {"level": "warning", "title": "", "title_en": "", "says": "", "reason": "", "remedy": ""}],
)
def test_broken_entries_are_refused(entry: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"faults\.yaml: E999"):
        _fault("E999", entry)
