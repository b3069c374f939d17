"""The security documents live: each test they name is there, each setting exists, the counts are those of ASVS."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.test_repository import ROOT

from gongxin import settings

DOCS = ROOT / "docs" / "security"
_TEST = re.compile(r"tests/[\w/]+\.py::\w+")


@cache
def collected_in(file: str) -> frozenset[str]:
    """The names of the tests that pytest collects from a file: functions, and methods of test classes; none skipped."""
    path = ROOT / file
    if not path.is_file() or not path.name.startswith("test_"):
        return frozenset()
    module = ast.parse(path.read_text())
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    bodies = [module.body, *(entry.body for entry in classes)]
    return frozenset(
        node.name
        for body in bodies
        for node in body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _skipped(node)
    )


def _skipped(node: ast.FunctionDef) -> bool:
    return any(re.search(r"\bskip\b|\bxfail\b", ast.unparse(entry)) for entry in node.decorator_list)


def missing(text: str) -> list[str]:
    """The tests a text names that are not collected."""
    return [name for name in _TEST.findall(text) if name.split("::")[1] not in collected_in(name.split("::")[0])]


def table(file: str) -> list[list[str]]:
    """The rows of a Markdown table, head and rules left out."""
    lines = [line for line in (DOCS / file).read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [row for row in rows[1:] if not set("".join(row)) <= set("-: ")]


def asvs() -> list[dict[str, str]]:
    with (DOCS / "asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_finder_of_tests_finds_and_misses() -> None:
    this = Path(__file__).relative_to(ROOT)
    assert missing(f"{this}::test_the_finder_of_tests_finds_and_misses") == []
    assert missing(f"{this}::test_nothing_of_the_kind") == [f"{this}::test_nothing_of_the_kind"]
    assert missing("tests/security/routes.py::test_x") == ["tests/security/routes.py::test_x"]


def test_all_requirements_of_levels_1_and_2_are_answered() -> None:
    """OWASP ASVS 5.0.0 has 70 requirements of level 1 and 183 of level 2."""
    rows = asvs()
    assert len({row["id"] for row in rows}) == len(rows) == 253
    assert Counter(row["level"] for row in rows) == {"1": 70, "2": 183}
    assert len({row["chapter"] for row in rows}) == 17
    for row in rows:
        assert re.fullmatch(r"V\d{1,2}\.\d{1,2}\.\d{1,2}", row["id"])
        assert row["requirement"], row["id"]


def test_every_requirement_has_its_evidence() -> None:
    for row in asvs():
        match row["status"]:
            case "test":
                assert _TEST.findall(row["evidence"]), row["id"]
                assert " ".join(_TEST.findall(row["evidence"])) == row["evidence"], row["id"]
                assert missing(row["evidence"]) == [], row["id"]
            case "document":
                files = row["evidence"].split()
                assert files, row["id"]
                assert [name for name in files if not (ROOT / name).is_file()] == [], row["id"]
            case other:
                assert other == "not applicable", row["id"]
                assert len(row["evidence"]) > 5, row["id"]


def test_four_of_five_applicable_requirements_are_tested() -> None:
    found = Counter(row["status"] for row in asvs())
    assert found["test"] / (found["test"] + found["document"]) >= 0.8
    assert found["not applicable"] < 60


@pytest.mark.parametrize("row", table("threat-model.md"), ids=lambda row: row[0][:60])
def test_every_threat_has_a_control_and_a_live_test(row: list[str]) -> None:
    if row[0].startswith("**"):
        return
    assert len(row) == 5
    threat, control, where, default, test = row
    assert all((threat, control, where, default))
    assert _TEST.findall(test), threat
    assert missing(test) == [], threat


@pytest.mark.parametrize("row", table("dengbao.md"), ids=lambda row: row[0])
def test_every_clause_has_a_live_test_or_a_setting(row: list[str]) -> None:
    clause, demand, practice, proof = row
    assert all((clause, demand, practice))
    named = re.findall(r"配置 `([A-Z_]+)`", proof)
    assert _TEST.findall(proof) or named, clause
    assert missing(proof) == [], clause
    documented = set(re.findall(r"^(GONGXIN_\w+|DATABASE_URL)\b", settings.__doc__ or "", re.MULTILINE))
    assert set(named) <= documented, clause


def test_the_pages_of_the_overview_exist() -> None:
    linked = re.findall(r"\]\(([\w.-]+)\)", (DOCS / "README.md").read_text())
    assert len(linked) > 8
    assert [name for name in linked if not (DOCS / name).is_file()] == []
    assert {path.name for path in DOCS.iterdir()} - {"README.md"} <= set(linked)
