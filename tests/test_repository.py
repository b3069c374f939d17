"""The shape of the house, held by tests: what is locked, documented, sized and imported how."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gongxin import settings

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
SOURCES = sorted((ROOT / "src").rglob("*.py"))
OURS = [path for folder in ("src", "tests", "benchmarks", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
MIGRATIONS = "migrations"


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_file_names_no_address_and_hashes_everything(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"\b(pypi|pythonhosted|index-url|find-links|extra-index)\b", text, re.IGNORECASE)
    pinned = re.findall(r"^[a-z0-9][\w.\[\],-]*==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    assert len(pinned) > 20
    assert [entry.splitlines()[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_lock_files_agree_with_each_other() -> None:
    """What is run in production is what is tested and measured."""
    versions = [dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS]
    everything = {name for one in versions for name in one}
    assert {name for name in everything if len({one[name] for one in versions if name in one}) > 1} == set()


def test_every_lock_file_has_its_source() -> None:
    assert [lock.name for lock in LOCKS] == ["requirements-bench.txt", "requirements-dev.txt", "requirements.txt"]
    assert all(lock.with_suffix(".in").exists() for lock in LOCKS)


def test_imports_go_down_only() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "1 kept, 0 broken" in checked.stdout


def test_every_setting_from_the_environment_is_documented() -> None:
    """GONGXIN_… names read anywhere stand in the head of settings.py, and every name there is read somewhere."""
    documented = set(re.findall(r"^(GONGXIN_\w+|DATABASE_URL)\b", settings.__doc__ or "", re.MULTILINE))
    read = {
        name
        for path in SOURCES
        for name in re.findall(r"""(?:environ[^"'\n]*|getenv\()["'](GONGXIN_\w+|DATABASE_URL)["']""", path.read_text())
    }
    assert read, "no setting found: the pattern has gone stale"
    assert read == documented


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_nothing_grows_without_end() -> None:
    files = [relative(path) for path in OURS if MIGRATIONS not in path.parts and path.read_text().count("\n") > 500]
    assert files == [], "a file over 500 lines wants to be two"
    long = [
        f"{relative(path)}:{node.name}"
        for path in OURS
        if MIGRATIONS not in path.parts
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno >= 80
    ]
    assert long == [], "a function over 80 lines wants to be several"


def test_modules_are_named_for_what_they_can_do() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [relative(path) for path in OURS if vague & {path.stem, *path.relative_to(ROOT).parts}] == []


def test_every_silenced_warning_carries_its_reason() -> None:
    """On the line above (or above the neighbours silenced for the same reason), or behind it on the same line."""
    silenced = re.compile(r"#\s*(noqa|type:\s*ignore)(: ?[A-Z0-9, ]+|\[[a-z, -]+\])?(?P<behind>.*)")
    bare = []
    for path in OURS:
        lines = path.read_text().splitlines() if path != Path(__file__) else []
        for number, line in enumerate(lines):
            found = silenced.search(line)
            if not found or len(found["behind"].strip(" #()")) > 10:
                continue
            above = number - 1
            while above >= 0 and silenced.search(lines[above]):
                above -= 1
            if not lines[above].lstrip().startswith("#"):
                bare.append(f"{relative(path)}:{number + 1}")
    assert not bare, "\n".join(bare)


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    found = [relative(path) for path in OURS if path != Path(__file__) and later.search(path.read_text())]
    assert found == []


READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def commands_in(readme: Path) -> set[tuple[str, ...]]:
    """(noun, verb) of every gongxin command in code, and (target,) of every make command."""
    text = readme.read_text()
    code = " ".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, re.MULTILINE | re.DOTALL))
    nouns = {tuple(words) for words in re.findall(r"\bgongxin (\w+) (check|import|submit|generate|start)\b", code)}
    return nouns | {(target,) for target in re.findall(r"\bmake ([a-z]+)", code)}


def test_commands_in_the_readmes_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    in_english, in_chinese = (commands_in(readme) for readme in READMES)
    assert in_english == in_chinese
    assert {"demo", "test", "check", "bench", "lock", "setup"} <= {words[0] for words in in_english if len(words) == 1}
    for words in in_english:
        if len(words) == 1:
            assert words[0] in targets
            continue
        noun = importlib.import_module(f"gongxin.cli.{words[0]}").app
        assert words[1] in typer.main.get_command(noun).commands, words


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_links_in_the_readmes_lead_somewhere(readme: Path) -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", readme.read_text())
    assert linked
    assert [target for target in linked if not (ROOT / target).exists()] == []
