"""The table of access: what it answers, how it refuses, and that it is read strictly."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gongxin.identity import accounts, actors, keys, representations, substitutions
from gongxin.identity.decision_table import SOURCE, Action, load
from gongxin.identity.decisions import TABLE, Actor, Refused, Resource, StandIn, decide, opened, require
from gongxin.identity.models import Department, Role, User
from gongxin.ids import uuid7
from gongxin.policy.reading import PackError

DAY = date(2026, 4, 2)
AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
MINE, THEIRS = uuid7(), uuid7()
CODE = "91000000MA00000016"
OFFICER = Actor("officer", Role.DATA_OFFICER, MINE)
CASE_OFFICER = Actor("case", Role.CASE_OFFICER, MINE, purposes=frozenset({"tendering", "objection"}))


def test_a_refusal_says_rule_ground_and_next_step() -> None:
    with pytest.raises(Refused) as refused:
        require(OFFICER, Action.RECORD_READ, Resource(department=THEIRS, state="active"), day=DAY)
    error = refused.value
    assert (error.status, error.code, error.facts) == (403, "access-other-department", {"rule": "other-department"})
    assert error.decision.rule == "other-department"
    assert (error.title, error.remedy) == ("只能查看和办理本单位的数据。", "需要其他单位的数据时，请联系信用办。")
    assert error.decision.basis.confidence == "H"
    assert error.decision.reason_en
    assert error.decision.next_step_en


def test_what_no_rule_allows_is_refused_by_default() -> None:
    decision = decide(OFFICER, Action.LOOKS_SEARCH, day=DAY)
    assert (decision.allowed, decision.rule) == (False, "default")
    assert decision.reason == "信用信息报送员不能查询和审计查询留痕。"
    assert decision.next_step == "请由审计管理员办理。"
    assert not decide(Actor("x", "emperor"), Action.PUBLIC_READ, day=DAY).allowed


def test_what_is_allowed_names_its_rule() -> None:
    decision = require(OFFICER, Action.RECORD_READ, Resource(department=MINE, state="active"), day=DAY)
    assert (decision.rule, decision.next_step, decision.role) == ("provider-sees-records", "", "data_officer")


@pytest.mark.parametrize(
    ("purpose", "rule"),
    [
        ("", "purpose-missing"),
        ("no-such", "purpose-unknown"),
        ("audit", "purpose-unknown"),
        ("awards", "purpose-not-granted"),
        ("tendering", "check-for-purpose"),
    ],
)
def test_checks_need_a_granted_purpose(purpose: str, rule: str) -> None:
    assert decide(CASE_OFFICER, Action.CHECK_ASK, purpose=purpose, day=DAY).rule == rule


def test_authorised_records_need_purpose_and_consent() -> None:
    def classes(purpose: str, *, consent: bool) -> tuple[str, ...]:
        return opened(CASE_OFFICER, Action.CHECK_ASK, purpose=purpose, day=DAY, consent=consent)

    assert classes("objection", consent=False) == ("public", "shared")
    assert classes("objection", consent=True) == ("public", "authorised", "shared")
    assert classes("tendering", consent=True) == ("public", "shared")
    assert classes("awards", consent=True) == ()


def test_a_substitute_acts_in_the_absent_role_from_first_to_last_day() -> None:
    stands_in = StandIn("absent", Role.CASE_OFFICER, MINE, DAY, DAY + timedelta(days=1))
    substitute = replace(OFFICER, stands_in=(stands_in,))
    asked = (Action.CHECK_READ, Resource(department=MINE))
    allowed = [decide(substitute, *asked, day=DAY + timedelta(days=n)).allowed for n in (-1, 0, 1, 2)]
    assert allowed == [False, True, True, False]
    decision = decide(substitute, *asked, day=DAY)
    assert (decision.role, decision.absent) == ("case_officer", "absent")
    assert decide(substitute, Action.RECORD_READ, Resource(department=MINE), day=DAY).absent == ""


def test_a_decision_takes_less_than_ten_microseconds() -> None:
    asked = Resource(department=MINE, disclosure="public", state="active")
    best = min(_seconds(asked) for _ in range(20))
    assert best < 10e-6


def _seconds(asked: Resource) -> float:
    began = time.perf_counter()
    for _ in range(500):
        decide(CASE_OFFICER, Action.CHECK_ASK, asked, purpose="tendering", day=DAY)
    return (time.perf_counter() - began) / 500


def test_every_rule_and_deed_is_written_in_full() -> None:
    ids = [rule.id for rule in TABLE.rules()]
    assert len(ids) == len(set(ids))
    assert set(TABLE.deeds) == set(Action)
    for rule in TABLE.rules():
        assert rule.basis.title
        assert rule.title.zh.endswith("。")
        assert rule.title.en.endswith(".")


BROKEN = {
    "pack-unknown-value": (
        "roles: [auditor]\n    actions: [looks.search]",
        "roles: [emperor]\n    actions: [looks.search]",
    ),
    "pack-unknown-key": ("    states: [shielded]\n    basis: *repair", "    sates: [shielded]\n    basis: *repair"),
    "pack-missing-reference": ("    actions: [looks.search]\n    basis: *audit", "    actions: [looks.search]"),
    "pack-missing-key": ("    next: 请写明审计事由。\n", ""),
    "access-rule-twice": ("- id: own-checks", "- id: office-binds"),
    "access-empty": ("states: [repaired, closed]", "states: []"),
    "access-actions": (
        "  - {id: node.watch, whose: nobody, title: 查看节点运行状况, title_en: See how the node runs, "
        "next: 请联系系统管理员。, next_en: Please ask the system administrator.}\n",
        "",
    ),
    "pack-wrong-type": ("active: false", "active: maybe"),
}


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_a_broken_table_is_refused_with_its_place(code: str, tmp_path: Path) -> None:
    found, put = BROKEN[code]
    whole = SOURCE.read_text()
    assert found in whole
    path = tmp_path / "decisions.yaml"
    path.write_text(whole.replace(found, put, 1))
    with pytest.raises(PackError) as refused:
        load(path)
    assert refused.value.code == code
    assert refused.value.title.startswith("decisions.yaml 第 ")
    assert refused.value.remedy


@pytest.mark.django_db
class TestActors:
    """What of an account, or a key, plays a part."""

    @pytest.fixture
    def department(self) -> Department:
        return Department.objects.create(code="market", name="虚构市场监督管理局", purposes=["tendering"])

    def test_account(self, department: Department) -> None:
        user = User.objects.create(username="one", role=Role.CASE_OFFICER, department=department)
        other = User.objects.create(username="other", role=Role.DATA_OFFICER, department=department)
        substitutions.appoint(user, other, starts_on=DAY, ends_on=DAY, acting_user=None, at=AT)
        other = accounts.by_name("other")
        with CaptureQueriesContext(connection) as queries:
            actor = actors.of_user(other, day=DAY)
        assert len(queries) == 1
        assert actor.stands_in == (StandIn("one", "case_officer", department.pk, DAY, DAY),)
        assert (actor.active, actor.purposes, actor.department) == (True, {"tendering"}, department.pk)
        assert actors.of_user(other, day=DAY + timedelta(days=1)).stands_in == ()

    def test_closed_account_closed_department_and_none(self, department: Department) -> None:
        user = User.objects.create(username="one", role=Role.CASE_OFFICER, department=department)
        assert actors.of_user(user, day=DAY).active
        department.active = False
        assert not actors.of_user(user, day=DAY).active
        assert not actors.of_user(User.objects.create(username="two", role=Role.AUDITOR), day=DAY).active
        assert actors.of_user(User.objects.create(username="three", role=Role.PERSON), day=DAY).active
        assert not actors.of_user(User(username="four", role=Role.PERSON, is_active=False), day=DAY).active

    def test_representative(self) -> None:
        user = User.objects.create(username="one", role=Role.REPRESENTATIVE)
        bound = representations.bind(user, CODE, ground="授权委托书", acting_user=None, at=AT)
        assert decide(actors.of_user(user, day=DAY), Action.MINE_READ, Resource(organisation=CODE), day=DAY).allowed
        representations.end(bound.pk, acting_user=None, at=AT)
        assert not decide(actors.of_user(user, day=DAY), Action.MINE_READ, Resource(organisation=CODE), day=DAY).allowed

    def test_key(self, department: Department) -> None:
        key = keys.issue(department=department, label="审批系统", acting_user="a", at=AT).key
        actor = actors.of_key(key)
        assert (actor.role, actor.department, actor.purposes) == ("key", department.pk, {"tendering"})
        assert decide(actor, Action.CHECK_ASK, purpose="tendering", day=DAY).allowed
