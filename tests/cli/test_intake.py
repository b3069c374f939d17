"""`gongxin intake`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import Result
from django.db import OperationalError
from tests.intake.hand_ins import csv_of, department, nameless, penalty
from typer.testing import CliRunner

from gongxin.cli import intake
from gongxin.identity import departments
from gongxin.intake import pipeline, templates
from gongxin.intake.models import Submission
from gongxin.policy import packs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    department()


def file_of(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_bytes(csv_of(rows))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(intake.app, [str(argument) for argument in arguments])


def submitted(path: Path, *more: str) -> Result:
    return run("submit", path, "--item", "penalty", "--provider", "market", *more)


def test_submit_answers_in_the_agreed_keys(tmp_path: Path) -> None:
    done = submitted(file_of(tmp_path / "a.csv", [penalty(1), nameless(2)]), "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert {key: answer[key] for key in ("rows_in", "accepted", "unchanged", "revised", "rejected", "rejections")} == {
        "rows_in": 2,
        "accepted": 1,
        "unchanged": 0,
        "revised": 0,
        "rejected": 1,
        "rejections": {"E203": 1},
    }
    assert answer["submission"] == str(Submission.objects.get().pk)
    assert (answer["state"], answer["fault"]) == ("completed", None)


def test_submit_tells_people_what_to_do_next(tmp_path: Path) -> None:
    done = submitted(file_of(tmp_path / "a.csv", [penalty(1), nameless(2)]))
    assert done.exit_code == 0
    assert "报送 2 行 = 新增 1 + 更新 0 + 未变化 0 + 退回 1" in done.stdout
    assert "E203" in done.stdout
    assert f"gongxin intake rejected {Submission.objects.get().pk}" in done.stdout


def test_refused_file_is_an_alarm(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    done = submitted(empty, "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["fault"]["code"] == "E101"
    assert "E101" in submitted(empty).stdout


def test_header_without_rows_is_an_alarm(tmp_path: Path) -> None:
    header = tmp_path / "header.csv"
    header.write_bytes(csv_of([penalty(1)]).splitlines(keepends=True)[0])
    done = submitted(header, "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["fault"]["code"] == "E102"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["submit", "a.csv", "--item", "penalty", "--provider", "nobody"], "department-unknown"),
        (["submit", "missing.csv", "--item", "penalty", "--provider", "market"], "file-missing"),
        (["submit", "a.csv", "--item", "nothing", "--provider", "market"], "E117"),
        (["submit", "a.csv", "--item", "honour", "--provider", "market"], "E116"),
        (["status", "nonsense"], "submission-unknown"),
    ],
)
def test_errors_are_one_line_with_the_next_step(
    arguments: list[str], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file_of(tmp_path / "a.csv", [penalty(1)])
    plain = run(*arguments)
    assert plain.exit_code == 1
    assert plain.stderr.strip().startswith(code)
    assert len(plain.stderr.strip().splitlines()) == 1
    as_json = run(*arguments, "--json")
    assert as_json.exit_code == 1
    error = json.loads(as_json.stdout)["error"]
    assert error["code"] == code
    assert error["remedy"]


def test_a_file_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    """No fault of the program: nothing is to be reported."""
    done = run("template", "penalty", "--out", tmp_path / "absent" / "a.xlsx")
    assert done.exit_code == 1
    assert "file-unusable" in done.stderr
    assert "No such file" in done.stderr


def test_absent_database_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(departments, "by_code", gone)
    done = run("submit", "a.csv", "--item", "penalty", "--provider", "market")
    assert done.exit_code == 1
    assert "connection refused" in done.stderr
    assert "Traceback" not in done.output


def test_job_is_left_to_a_worker_and_its_state_can_be_asked_for(tmp_path: Path) -> None:
    done = submitted(file_of(tmp_path / "a.csv", [penalty(1)]), "--json", "--job")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["state"] == "received"
    status = run("status", answer["submission"], "--json")
    assert json.loads(status.stdout)["finished"] is False
    assert "已接收" in run("status", answer["submission"]).stdout


def test_failure_of_ours_is_told_apart_from_a_mistake_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(pipeline, "process", broken)
    done = submitted(file_of(tmp_path / "a.csv", [penalty(1)]), "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["state"] == "received"
    assert "没有任何数据入库" in done.stderr
    assert "Traceback" not in done.output


def test_status_of_a_finished_submission_is_its_outcome(tmp_path: Path) -> None:
    answer = json.loads(submitted(file_of(tmp_path / "a.csv", [penalty(1)]), "--json").stdout)
    assert json.loads(run("status", answer["submission"], "--json").stdout) == answer


@pytest.mark.parametrize("more", [[], ["--whole"]])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_rejected_rows_are_written_and_can_be_corrected(suffix: str, more: list[str], tmp_path: Path) -> None:
    answer = json.loads(submitted(file_of(tmp_path / "a.csv", [penalty(1), nameless(2)]), "--json").stdout)
    out = tmp_path / f"back{suffix}"
    assert run("rejected", answer["submission"], "--out", out, *more).exit_code == 0
    again = json.loads(submitted(out, "--json", "--corrects", answer["submission"]).stdout)
    assert (again["rows_in"], again["rejected"], again["unchanged"]) == ((2, 1, 1) if more else (1, 1, 0))


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    answer = json.loads(submitted(file_of(tmp_path / "a.csv", [nameless(2)]), "--json").stdout)
    done = run("rejected", answer["submission"], "--out", tmp_path / "back.doc")
    assert done.exit_code == 1
    assert "suffix-unknown" in done.stderr


def test_template_can_be_filled_and_handed_in(tmp_path: Path) -> None:
    out = tmp_path / "template.xlsx"
    assert run("template", "penalty", "--out", out).exit_code == 0
    book = openpyxl.load_workbook(out)
    for column, field in enumerate(templates.fields(packs.current().item("penalty")), start=1):
        book[templates.DATA_SHEET].cell(2, column, penalty(1).get(field.name))
    book.save(out)
    answer = json.loads(submitted(out, "--json").stdout)
    assert (answer["rows_in"], answer["accepted"], answer["fault"]) == (1, 1, None)


def test_retry_lets_an_interrupted_submission_wait_again(tmp_path: Path) -> None:
    submitted(file_of(tmp_path / "a.csv", [penalty(1)]), "--job")
    held = Submission.objects.get()
    held.state, held.fault_code, held.interruptions = "refused", "E118", 5
    held.save()
    done = run("retry", str(held.pk))
    assert done.exit_code == 0, done.output
    held.refresh_from_db()
    assert (held.state, held.fault_code, held.interruptions) == ("received", "", 0)
    again = run("retry", str(held.pk))
    assert (again.exit_code, "不能重新处理" in again.output) == (1, True)
