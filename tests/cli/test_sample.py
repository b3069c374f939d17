"""`gongxin sample generate`: files to try with; what cannot be made is said before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gongxin.cli import sample


def generate(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(sample.app, ["generate", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def test_register_and_a_file_for_each_item(tmp_path: Path) -> None:
    code, said, _ = generate(tmp_path / "new", "--rows", "50", "--item", "honour", "--provider", "credit")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["honour.csv", "register.csv"]
    assert "honour.csv" in said


@pytest.mark.parametrize(
    ("wrong", "code"), [(("--item", "nothing"), "item-unknown"), (("--provider", "nobody"), "department-unknown")]
)
def test_unknown_codes_are_told_before_anything_is_written(tmp_path: Path, wrong: tuple[str, str], code: str) -> None:
    ended, _, said = generate(tmp_path / "new", *wrong)
    assert ended == 1
    assert code in said
    assert not (tmp_path / "new").exists()


def test_unknown_form_is_a_usage_error(tmp_path: Path) -> None:
    ended, _, said = generate(tmp_path / "new", "--suffix", "doc")
    assert ended == 2
    assert "xlsx" in said


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended, _, said = generate(tmp_path / "file" / "below")
    assert ended == 1
    assert "folder-unusable" in said
