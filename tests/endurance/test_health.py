"""/healthz does what it says, /metrics tells figures and nobody, alarms come and go with the clock."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from tests.endurance.conftest import log_something
from tests.held import organisation
from tests.intake.hand_ins import AT, department, hand_in, penalty
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli import alarms as command
from gongxin.endurance import alarms, health, metrics, views, watching
from gongxin.enquiries import checks
from gongxin.identity import accounts
from gongxin.identity.models import Role
from gongxin.ledger import checkpoints, keys, notes
from gongxin.subjects.models import Organisation

PASSWORD = "a-long-password-2026"


@pytest.fixture(autouse=True)
def not_remembered(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(views, "_health", health.Cached())
    settings.ALARM_DISK_BYTES = 0


@pytest.fixture
def signing(db: None, settings: Settings, tmp_path: Path) -> Path:
    """A node with a key and a folder of its own."""
    del db
    settings.VAR_DIR, settings.FILES_DIR = tmp_path, tmp_path / "files"
    keys.make("credit.example.cn/ledger")
    return tmp_path


def asked(path: str = "/healthz", **headers: str) -> tuple[int, str]:
    answer = Client().get(path, headers=headers)
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, answer.content.decode()


def test_round_trip_writes_reads_and_signs(signing: Path) -> None:
    status, text = asked()
    facts = json.loads(text)
    assert (status, facts["status"]) == (200, "ok")
    assert set(facts["parts"]) == {"write", "read", "files", "sign"}
    assert all(part["well"] and part["ms"] >= 0 for part in facts["parts"].values())
    assert set(facts) == {"status", "at", "parts"}
    assert "credit.example.cn" not in text
    assert [path for path in (signing / "files").rglob("*") if path.is_file()] == []


def test_each_part_fails_by_name(signing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _codes() == {"write": "", "read": "", "files": "", "sign": ""}
    (signing / "ledger" / "signing-key").unlink()
    assert _codes()["sign"] == "ledger-key-missing"

    def away(*_: object) -> None:
        raise OperationalError

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(signing))

    with monkeypatch.context() as patch:
        patch.setattr(health, "_be_brief", away)
        patch.setattr(connection, "close", lambda: None)
        patch.setattr(Path, "write_bytes", full)
        assert _codes() == {
            "write": "database-unavailable",
            "read": "database-unavailable",
            "files": "storage-full",
            "sign": "ledger-key-missing",
        }
        status, text = asked()
    assert status == 503
    assert str(signing) not in text


def _codes() -> dict[str, str]:
    return {part.name: part.code for part in health.round_trip(at=AT).parts}


def test_many_askers_cost_one_round_trip(signing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    write = health._write
    monkeypatch.setattr(health, "HOLDS_SECONDS", 60)
    monkeypatch.setattr(health, "_write", lambda *given: (made.append(1), write(*given)))
    assert [asked()[0] for _ in range(5)] == [200] * 5
    assert len(made) == 1


def test_what_is_signed_is_no_checkpoint(signing: Path) -> None:
    note = keys.signer().sign(f"{health._SIGNED}00\n")
    with pytest.raises(notes.NoteInvalid):
        checkpoints.Checkpoint.read(note, keys.verifier())


def test_alive_asks_nothing() -> None:
    assert asked("/livez") == (200, "ok\n")


def test_metrics_count_and_name_nobody(signing: Path) -> None:
    about = organisation(name="云河独有名称食品有限公司")
    hand_in([penalty(serial) for serial in range(1, 4)])
    log_something()
    before = _figures()
    _ask_about(about)
    Client().get(f"/organisations/{about.pk}")
    Client().get("/nowhere/91000000MA0000019X")
    status, text = asked("/metrics")
    assert status == 200
    found = _figures()
    assert found["gongxin_checks_total", "refused"] == before.get(("gongxin_checks_total", "refused"), 0) + 1
    assert found["gongxin_requests_total", "/organisations/<uuid:organisation_id>", "200", "GET"] >= 1
    assert found["gongxin_requests_total", "404", "GET", "other"] >= 1
    assert found["gongxin_request_seconds_count", "/organisations/<uuid:organisation_id>"] >= 1
    assert found["gongxin_intake_rows_total", "accepted"] == 3
    assert found["gongxin_jobs_waiting",] == 0
    assert found["gongxin_log_unsigned_leaves",] == found["gongxin_log_leaves_total",] >= 1
    assert found["gongxin_database_connections_limit",] > 0
    assert any(name[0] == "gongxin_database_connections" for name in found)
    for secret in (str(about.pk), about.uscc, "云河", "91000000MA", department().code, "officer"):
        assert secret not in text


def _ask_about(organisation: Organisation) -> None:
    """A check that is refused: its department has no such purpose."""
    checks.check(
        department=department(), asked_by="key", code_or_name=organisation.uscc, purpose="none", matter="m", at=AT
    )


def _figures() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(asked("/metrics")[1])
        for sample in family.samples
    }


def test_metrics_are_not_for_strangers(signing: Path, settings: Settings) -> None:
    assert Client(REMOTE_ADDR="203.0.113.5").get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 404, "behind a proxy"
    settings.METRICS_TOKEN = "x" * 40
    bearer = {"Authorization": "Bearer " + "x" * 40}
    assert Client(REMOTE_ADDR="203.0.113.5").get("/metrics", headers=bearer).status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.5").get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 404


def test_alarms_come_with_the_clock_and_go(
    signing: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The job closes its thread's connection, which here is the test's.
    monkeypatch.setattr(connection, "close", lambda: None)
    now = clock.now()
    hand_in([penalty(1)], mode="job")
    log_something(at=now)
    leaf = metrics.backlog.log(at=now)
    assert (leaf.unsigned, leaf.size) == (leaf.size, leaf.unsigned)
    assert alarms.standing(at=AT) == []
    late = now + timedelta(hours=1)
    found = {alarm.code: alarm for alarm in alarms.standing(at=late)}
    assert set(found) == {"log-backlog", "jobs-waiting"}
    assert found["jobs-waiting"].facts["waiting"] == 1
    assert found["log-backlog"].facts["unsigned"] == leaf.unsigned
    with clock.at(late), caplog.at_level(logging.WARNING, logger="gongxin.endurance.watching"):
        watching.watch.func(timestamp=0)
        told = CliRunner().invoke(command.app, ["--json"])
    said = [record.getMessage().split()[1] for record in caplog.records if record.name == watching.__name__]
    assert said == ["log-backlog", "jobs-waiting"]
    assert told.exit_code == 3, told.output
    assert [alarm["code"] for alarm in json.loads(told.stdout)] == ["log-backlog", "jobs-waiting"], told.output
    checkpoints.sign(at=late)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert alarms.standing(at=late) == []
    with clock.at(late):
        assert CliRunner().invoke(command.app, []).exit_code == 0


def test_many_leaves_and_little_room_are_alarms(signing: Path, settings: Settings) -> None:
    log_something()
    settings.ALARM_LOG_LEAVES, settings.ALARM_DISK_BYTES = 0, 2**62
    assert [alarm.code for alarm in alarms.standing(at=AT)] == ["log-backlog", "disk-low"]


@pytest.mark.parametrize(
    ("role", "told"),
    [(Role.CREDIT_OFFICE, True), (Role.SYSTEM_ADMIN, True), (Role.DATA_OFFICER, False), (Role.AUDITOR, False)],
)
def test_desk_tells_those_who_look_after_the_node(signing: Path, settings: Settings, role: Role, told: bool) -> None:
    settings.ALARM_DISK_BYTES = 2**62
    client = Client()
    client.force_login(
        accounts.create("watcher", password=PASSWORD, full_name="值班", department=department(), role=role, at=AT)
    )
    page = client.get(reverse("desk:home")).content.decode()
    assert ("disk-low" in page) is told
