"""`gongxin keys`: the key is shown once, and void when revoked."""

from __future__ import annotations

import pytest
from tests import held
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli.keys import app
from gongxin.identity import keys

pytestmark = pytest.mark.django_db


def test_issue_list_revoke() -> None:
    department = held.department()
    run = CliRunner()
    made = run.invoke(app, ["issue", "--department", department.code, "--label", "审批系统", "--until", "2099-12-31"])
    assert made.exit_code == 0, made.output
    secret = made.stdout.split()[0]
    found = keys.authenticate(secret, at=clock.now())
    assert found is not None
    assert found.issued_by.startswith("command line")
    listed = run.invoke(app, ["list"])
    assert secret[:10] in listed.output
    assert secret not in listed.output
    assert run.invoke(app, ["revoke", str(found.pk)]).exit_code == 0
    assert keys.authenticate(secret, at=clock.now()) is None
    again = run.invoke(app, ["revoke", str(found.pk)])
    assert again.exit_code == 1
    assert "Traceback" not in again.output


def test_an_unknown_department_is_said_plainly() -> None:
    answer = CliRunner().invoke(app, ["issue", "--department", "nobody", "--label", "x"])
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output


def test_a_key_for_one_purpose_and_its_rotation() -> None:
    department = held.department(purposes=["licence-review", "tendering"])
    run = CliRunner()
    told = ["issue", "--department", department.code, "--label", "招标系统", "--operation", "check"]
    made = run.invoke(app, [*told, "--purpose", "tendering"])
    assert made.exit_code == 0, made.output
    old = keys.authenticate(made.stdout.split()[0], at=clock.now())
    assert old is not None
    assert (old.operations, old.purposes) == (["check"], ["tendering"])
    rotated = run.invoke(app, ["rotate", str(old.pk), "--overlap", "0"])
    assert rotated.exit_code == 0, rotated.output
    assert keys.authenticate(made.stdout.split()[0], at=clock.now()) is None
    new = keys.authenticate(rotated.stdout.split()[0], at=clock.now())
    assert new is not None
    assert (new.operations, new.purposes, new.replaces_id) == (["check"], ["tendering"], old.pk)
    refused = run.invoke(app, [*told, "--purpose", "fiscal-funds"])
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
