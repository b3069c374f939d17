"""`gongxin access`: rules as a page, substitutes and representatives."""

from __future__ import annotations

import pytest
from tests import held
from typer.testing import CliRunner

from gongxin import clock
from gongxin.cli.access import app
from gongxin.identity import access_page
from gongxin.identity.models import Representation, Role, Substitution, User

pytestmark = pytest.mark.django_db


def test_rules() -> None:
    assert CliRunner().invoke(app, ["rules"]).output == access_page.page()


def test_substitute_and_its_end() -> None:
    department = held.department()
    for name in ("absent", "mate"):
        User.objects.create(username=name, role=Role.CASE_OFFICER, department=department)
    days = ["--from", "2026-04-10", "--until", "2026-04-12"]
    with clock.at(held.AT):
        made = CliRunner().invoke(app, ["substitute", "absent", "--by", "mate", *days])
        assert made.exit_code == 0, made.output
        held_now = Substitution.objects.get()
        assert (held_now.absent.username, held_now.substitute.username) == ("absent", "mate")
        assert CliRunner().invoke(app, ["end-substitute", str(held_now.pk)]).exit_code == 0
        again = CliRunner().invoke(app, ["end-substitute", str(held_now.pk)])
    assert again.exit_code == 1


def test_representative_and_its_end() -> None:
    User.objects.create(username="agent", role=Role.REPRESENTATIVE)
    organisation = held.organisation()
    ground = ["--ground", "授权委托书〔2026〕1号"]
    with clock.at(held.AT):
        unknown = CliRunner().invoke(app, ["represent", "agent", "--uscc", held.code(999), *ground])
        assert unknown.exit_code == 1
        made = CliRunner().invoke(app, ["represent", "agent", "--uscc", str(organisation.uscc), *ground])
        assert made.exit_code == 0, made.output
        bound = Representation.objects.get()
        assert CliRunner().invoke(app, ["end-representation", str(bound.pk)]).exit_code == 0
