"""`packs check` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.folders import copied

from gongxin.policy import checks, packs

PACK = packs.DEFAULT_PACK


def test_packs_of_the_repository_are_in_order() -> None:
    report = checks.check(PACK, packs.policies_folder())
    assert report.problems == ()
    assert report.tests > 80
    assert report.rules > 30
    assert report.uncertain > 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path)


def problems(folder: Path) -> list[checks.Problem]:
    return list(checks.check(PACK, folder).problems)


def test_changed_term_fails_the_situations_that_speak_of_it(folder: Path) -> None:
    path = folder / "cn/terms/penalty-publicity.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("term: {min: 12, max: 36}") == 2
    path.write_text(text.replace("term: {min: 12, max: 36}", "term: {min: 12, max: 24}"), encoding="utf-8")
    found = problems(folder)
    assert {problem.kind for problem in found} == {"test"}
    assert any("until：预期 2029-04-02，实际 2028-04-02" in problem.what for problem in found)
    assert all("/tests/" in problem.where for problem in found)


def test_rule_without_a_test_is_named(folder: Path) -> None:
    (folder / "cn/tests/coercion.yaml").unlink()
    assert [(problem.kind, problem.where) for problem in problems(folder)] == [("untested", "规则 other-adverse")]


def test_year_missing_in_the_calendar_is_named(folder: Path) -> None:
    (folder / "cn/calendar/2021.yaml").unlink()
    assert [(problem.kind, problem.where) for problem in problems(folder)] == [("calendar", "2021 年")]
