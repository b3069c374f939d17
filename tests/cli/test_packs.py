"""`gongxin packs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from tests.policy.folders import copied
from typer.testing import CliRunner

from gongxin.cli import packs as command
from gongxin.policy import packs

RUNNER = CliRunner(env={"COLUMNS": "200"})


def test_check_passes_with_a_summary() -> None:
    ran = RUNNER.invoke(command.app, ["check"])
    assert ran.exit_code == 0, ran.output
    assert "问题 0 个" in ran.output


def test_check_fails_with_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path)
    (folder / "cn/tests/coercion.yaml").unlink()
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    ran = RUNNER.invoke(command.app, ["check"])
    assert ran.exit_code == 1
    assert "规则 other-adverse 没有任何测试涉及这条规则" in ran.output
    told = json.loads(RUNNER.invoke(command.app, ["check", "--json"]).output)
    assert told["problems"] == [{"kind": "untested", "where": "规则 other-adverse", "what": "没有任何测试涉及这条规则"}]


def test_rule_without_reference_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path)
    path = folder / "cn/terms/coercion-like.yaml"
    rule = "{id: some-rule, title: 规则, term: {max: 12}}"
    regime = f"[{{from: null, until: null, title: 规定, cases: [{rule}]}}]"
    path.write_text(f"id: coercion-like\ntitle: 示例\nregimes: {regime}\n", encoding="utf-8")
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    ran = RUNNER.invoke(command.app, ["check"])
    assert ran.exit_code == 1
    assert "cn/terms/coercion-like.yaml 第 3 行" in ran.stderr
    assert "每条规则都必须写明依据" in ran.stderr


def test_broken_pack_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path)
    (folder / "cn/codes/yes-no.yaml").write_text("id: yes-no\n", encoding="utf-8")
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    ran = RUNNER.invoke(command.app, ["check"])
    assert ran.exit_code == 1
    assert "cn/codes/yes-no.yaml 第 1 行" in ran.stderr
    assert "Traceback" not in ran.output


@pytest.mark.parametrize(
    ("day", "rule", "missing"),
    [("2026-04-02", "penalty-2026-ordinary", "penalty-2023"), ("2026-03-31", "penalty-2023-ordinary", "penalty-2026")],
)
def test_show_prints_the_rules_in_force_on_the_day(day: str, rule: str, missing: str) -> None:
    ran = RUNNER.invoke(command.app, ["show", "penalty", "--day", day])
    assert ran.exit_code == 0, ran.output
    assert rule in ran.output
    assert missing not in ran.output
    for wanted in ("CF_XDR_MC", "自然键：CF_WSH、CF_XDR_MC", "cap-five-years", "7 个工作日", "依据："):
        assert wanted in ran.output


def test_show_as_json() -> None:
    told = json.loads(RUNNER.invoke(command.app, ["show", "licence", "--day", "2026-04-02", "--json"]).output)
    assert told["day"] == "2026-04-02"
    assert told["item"]["natural_key"] == ["XK_WSH", "XK_XDR_MC"]
    assert [case["id"] for case in told["publicity"]["cases"]] == ["in-force"]
    assert {limit["id"]: limit["limit"] for limit in told["clocks"]} == {"report": 7, "entry": 3}


def test_unknown_item_is_answered_with_the_items_there_are() -> None:
    ran = RUNNER.invoke(command.app, ["show", "penalties"])
    assert ran.exit_code == 1
    assert "目录中没有“penalties”这一项" in ran.stderr
    assert "penalty" in ran.stderr


def test_list_names_every_item() -> None:
    told = json.loads(RUNNER.invoke(command.app, ["list", "--json"]).output)
    assert {item["id"] for item in told["items"]} == set(packs.current().items)
    assert told["chain"] == ["cn", "cn-shandong", "cn-shandong-jinan"]
    plain = RUNNER.invoke(command.app, ["list"])
    assert "abnormal-operations" in plain.output


@pytest.mark.django_db
def test_apply_before_the_tables_are_there_says_what_to_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE records_packapplied")
    ran = RUNNER.invoke(command.app, ["apply", "--json"])
    assert ran.exit_code == 1
    told = json.loads(ran.output)["error"]
    assert told["code"] == "database-not-migrated"
    assert "gongxin database migrate" in told["remedy"]
