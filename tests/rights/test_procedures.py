"""List exit, reorganisation in bankruptcy, untrue commitments, reminders and interviews: what each comes to, and that
nobody checks what he proposed, not even as a substitute.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import ForeignKey
from django.db.utils import ProgrammingError
from django.test import Client
from tests import held
from tests.rights.test_deadlines import STATES
from tests.rights.world import MONDAY, World, at, browser, fresh, listing, proof, user

from gongxin import clock
from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound, NotPermitted
from gongxin.identity import substitutions
from gongxin.identity.models import Role, User
from gongxin.ledger import selectors as ledger
from gongxin.policy import packs
from gongxin.records import explaining, payload, selectors
from gongxin.records.models import Record, State
from gongxin.rights import cases, eligibility, models, repair_notice, shielding
from gongxin.rights.cases import Given
from gongxin.rights.models import Case, CaseRecord, Notice, Outbox, Paper
from gongxin.subjects.models import Kind, Organisation


def _leaves() -> list[dict[str, Any]]:
    found = [json.loads(body) for body in ledger.bodies(0, ledger.size())]
    return [leaf["fields"] for leaf in found if leaf["event"] == "case.advanced"]


def _checks() -> list[tuple[str, str, str]]:
    """Of each procedure, the first step that somebody may not take who took another one before, and its state. Every
    such step is judged in tests/policy/test_procedures.py; here the accounts are real.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for procedure in packs.current().procedures.values():
        for row in procedure.transitions:
            if row.not_by and row.action not in {"send-back", "return", "uphold-correct"}:
                found.setdefault(procedure.id, (procedure.id, row.since[0], row.action))
    return list(found.values())


def test_every_procedure_that_decides_is_checked() -> None:
    assert {place[0] for place in _checks()} == set(packs.current().procedures) - {"revocation"}


@pytest.mark.parametrize("place", _checks(), ids="/".join)
def test_nobody_checks_what_he_proposed_and_a_substitute_may_check_for_the_absent(
    world: World, place: tuple[str, str, str]
) -> None:
    """The one who took a step before is refused, also while he stands in for the checker; somebody who took none is
    not, while he does.
    """
    procedure_id, state, action = place
    row = packs.current().procedure(procedure_id).transition(action)
    assert row is not None
    case = STATES[(procedure_id, state)][0](world)
    case.refresh_from_db()
    checker = world.checker if "case_officer" in row.roles else world.second
    deputy, day = user("deputy", Role.DATA_OFFICER, checker.department), case.state_since.date()
    makers = [step.actor for step in case.steps.filter(action__in=row.not_by) if step.role in row.roles]
    for maker in makers:
        assert maker is not None
        stands_in = substitutions.appoint(checker, maker, starts_on=day, ends_on=day, acting_user=None, at=at(day))
        with pytest.raises(NotPermitted) as caught:
            world.take(case, action, by=maker, on=day)
        assert caught.value.code == "case-same-person"
        substitutions.end(stands_in.pk, acting_user=None, at=at(day))
    with pytest.raises(NotPermitted):
        world.take(case, action, by=deputy, on=day)
    substitutions.appoint(checker, deputy, starts_on=day, ends_on=day, acting_user=None, at=at(day))
    world.take(case, action, by=deputy, on=day)
    step = case.steps.order_by("-number")[0]
    assert (step.action, step.actor, step.absent) == (action, deputy, checker)


# --- List exit


def _exit(world: World, *, by: User, on: date = MONDAY, **given: Any) -> Case:
    action = "propose-own" if by.role == Role.CASE_OFFICER else "apply"
    more: dict[str, Any] = {} if action == "propose-own" else {"committed": True, "files": [proof()]}
    return world.file(
        "list-exit", action, by=by, on=on, **({"reasons": "已补报", "ground": "put-right"} | more | given)
    )


@pytest.fixture
def listed(world: World) -> World:
    """The world with an entry for abnormal operations."""
    return replace(world, record=listing(world.company, world.market))


def test_off_the_list_by_two_officers_ends_everything_in_one_transaction(listed: World) -> None:
    case = _exit(listed, by=listed.agent)
    assert (case.number, case.ground) == ("移〔2026〕1号", "put-right")
    for action, by in (("accept", listed.maker), ("propose-remove", listed.maker), ("remove", listed.checker)):
        assert selectors.published_on(MONDAY).filter(pk=listed.record.pk).exists()
        case = listed.take(case, action, by=by)
    held_record = fresh(listed.record)
    assert (case.outcome, held_record.state) == ("granted", State.REMOVED)
    assert explaining.standing(held_record, MONDAY) == "closed"
    assert not selectors.published_on(MONDAY).filter(pk=held_record.pk).exists()
    for purpose in packs.current().purposes.values():
        assert not selectors.disclosable(purpose, MONDAY).filter(pk=held_record.pk).exists()
    (sent,) = case.outbox.all()
    assert (sent.topic, sent.body["state"], sent.body["ground"]) == ("record.removed", "removed", "put-right")
    assert "列入的情形已经消除" in case.notices.get(step=4, addressee="organisation").zh
    assert [leaf["ground"] for leaf in _leaves()] == ["put-right"] * 4


def test_the_recognising_unit_removes_of_its_own_accord(listed: World) -> None:
    case = _exit(listed, by=listed.maker)
    assert case.state == "own-accord"
    listed.take(case, "remove", by=listed.checker)
    assert fresh(listed.record).state == State.REMOVED


def test_an_unfounded_entry_is_annulled_and_not_removed(listed: World) -> None:
    case = _exit(listed, by=listed.maker, ground="unfounded")
    with pytest.raises(Conflict) as caught:
        listed.take(case, "remove", by=listed.checker)
    assert caught.value.code == "case-wrong-ground"
    listed.take(case, "annul", by=listed.checker)
    assert fresh(listed.record).state == State.REVOKED


@pytest.mark.parametrize(
    ("item", "ground", "on", "code"),
    [
        ("abnormal-operations", "term-over", MONDAY, "case-ground-unknown"),
        ("abnormal-operations", "", MONDAY, "case-incomplete"),
        ("serious-dishonesty", "early", date(2027, 3, 31), "repair-not-yet"),
        ("serious-dishonesty", "early", date(2027, 4, 1), ""),
        ("serious-dishonesty", "term-over", date(2029, 3, 31), "case-ground-early"),
        ("serious-dishonesty", "term-over", date(2029, 4, 1), ""),
    ],
)
def test_grounds_hold_from_their_day(world: World, item: str, ground: str, on: date, code: str) -> None:
    about = replace(world, record=listing(world.company, world.market, item))
    if not code:
        assert _exit(about, by=about.agent, on=on, ground=ground).state == "filed"
        return
    with pytest.raises((Conflict, InvalidInput)) as caught:
        _exit(about, by=about.agent, on=on, ground=ground)
    assert caught.value.code == code
    assert caught.value.remedy


def test_lists_are_left_by_list_exit_and_penalties_by_repair(world: World, listed: World) -> None:
    with pytest.raises(Conflict) as caught:
        listed.apply(on=MONDAY)
    assert caught.value.code == "repair-elsewhere"
    with pytest.raises(Conflict) as caught:
        _exit(world, by=world.agent)
    assert caught.value.code == "case-record-state"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("serious-dishonesty", ["列入期限届满：自2029年4月1日起", "提前移出的条件已经具备：自2027年4月1日起"]),
        ("abnormal-operations", ["列入的情形已经消除：自2026年4月1日起"]),
    ],
)
def test_with_each_entry_comes_the_notice_how_to_be_removed(world: World, item: str, said: list[str]) -> None:
    entry = listing(world.company, world.market, item)
    notice = repair_notice.facts(entry, day=MONDAY)
    assert notice.title == "移出名单告知书"
    assert notice.filename.startswith("移出名单告知书")
    lines = [f"{ground.title}：自{day.year}年{day.month}月{day.day}日起" for ground, day in notice.grounds]
    assert set(said) < set(lines)
    assert "不收取任何费用" in notice.text
    content = repair_notice.pdf(notice, at=at(MONDAY))
    assert content == repair_notice.pdf(notice, at=at(MONDAY))
    assert repair_notice.facts(world.record, day=MONDAY).grounds == ()


# --- Reorganisation in bankruptcy

RULING = date(2026, 5, 20)


def test_a_reorganisation_shields_what_was_decided_before_the_ruling_and_can_be_repaired(world: World) -> None:
    later = held.record(world.company, document_no="泽市监罚〔2026〕90号", decided_on=date(2026, 5, 21))
    licence = held.record(world.company, item="licence", document_no="泽许〔2026〕1号")
    court = listing(world.company, world.market, "court-enforcement", document_no="（2026）虚1号", fields={})
    entry = listing(world.company, world.market)
    case = world.shielded(ruling=RULING)
    assert {row.record_id for row in case.taken.all()} == {world.record.pk, entry.pk}
    states = {one.pk: fresh(one).state for one in (world.record, entry, later, licence, court)}
    assert states == {
        world.record.pk: "shielded", entry.pk: "shielded", later.pk: "active", licence.pk: "active", court.pk: "active",
    }  # fmt: skip
    assert not selectors.published_on(MONDAY).filter(pk__in=[world.record.pk, entry.pk]).exists()
    assert "2条" in case.notices.get(step=3, addressee="organisation").zh
    sent = Outbox.objects.get(case=case, topic="records.shielded")
    assert {one["state"] for one in sent.body["records"]} == {"shielded"}
    assert _leaves()[-1]["records"] == [str(row.record_id) for row in case.taken.all()]


def test_a_plan_carried_out_repairs_for_good(world: World) -> None:
    case = world.take(world.shielded(), "propose-complete", by=world.office, files=[proof(Paper.OTHER)])
    case = world.take(case, "complete", by=world.second)
    assert (case.outcome, fresh(world.record).state) == ("granted", State.REPAIRED)


def test_a_failed_plan_restores_with_the_original_terms(world: World) -> None:
    """What runs out while it is shielded does not come back; what has a term left is public for the rest of it only."""
    short = held.record(
        world.company,
        provider=world.market,
        document_no="泽市监罚〔2026〕80号",
        publicity_until=date(2027, 3, 1),
        decided_on=date(2026, 3, 1),
        severity="ordinary",
        fields={"CF_JDRQ": "2026-03-01", "CF_SXCD": "一般", "CF_CFLB": "罚款", "CF_ZT": "1"},
    )
    before = {one.pk: fresh(one).publicity_until for one in (world.record, short)}
    case = world.shielded()
    on = date(2027, 3, 15)
    case = world.take(case, "propose-restore", by=world.office, on=on, files=[proof(Paper.OTHER)])
    case = world.take(case, "restore", by=world.second, on=on)
    assert case.outcome == "refused"
    assert {one.pk: fresh(one).publicity_until for one in (world.record, short)} == before
    public = selectors.published_on(on)
    assert public.filter(pk=world.record.pk).exists()
    assert not public.filter(pk=short.pk).exists()
    assert not selectors.published_on(date(2027, 4, 2)).filter(pk=world.record.pk).exists()
    assert [row.change for row in CaseRecord.objects.filter(record=world.record)] == ["shielded", "restored"]


def test_what_was_revoked_while_shielded_stays_revoked(world: World) -> None:
    case = world.shielded()
    world.file("revocation", "report-revoked", by=world.reporter, reasons="复议撤销", occurred_on=MONDAY)
    case = world.take(case, "propose-restore", by=world.office, files=[proof(Paper.OTHER)])
    world.take(case, "restore", by=world.second)
    assert fresh(world.record).state == State.REVOKED


def test_a_plan_without_a_record_to_shield_is_told_so_and_nothing_is_half_done(world: World) -> None:
    case = world.take(world.reorganising(ruling=date(2026, 3, 1)), "propose-shield", by=world.office)
    with pytest.raises(Conflict) as caught:
        world.take(case, "shield", by=world.second)
    assert caught.value.code == "shield-none"
    case.refresh_from_db()
    assert (case.state, case.steps.count()) == ("to-shield", 2)
    assert shielding.eligible(world.company, procedure="bankruptcy", ruling=MONDAY, day=MONDAY) == [world.record]


def test_the_credit_office_decides_and_one_case_runs_at_a_time(world: World) -> None:
    case = world.reorganising()
    assert case.department == world.office.department
    with pytest.raises(NotPermitted):
        world.take(case, "propose-shield", by=world.maker)
    with pytest.raises(Conflict) as caught:
        world.reorganising()
    assert caught.value.code == "case-running"


# --- Untrue commitments


def test_a_commitment_found_untrue_bars_repair_and_shielding_for_the_years_of_the_pack(world: World) -> None:
    world.found_untrue(on=MONDAY)
    serious = held.record(
        world.company,
        provider=world.market,
        document_no="泽市监罚〔2026〕81号",
        severity="serious",
        publicity_until=date(2029, 9, 1),
        fields={"CF_JDRQ": "2026-04-01", "CF_SXCD": "严重", "CF_CFLB": "罚款", "CF_ZT": "1"},
    )
    found = eligibility.of(serious, day=date(2027, 6, 1))
    assert (found.standing, found.since, found.barred) == ("not_yet", date(2029, 6, 1), True)
    assert found.rule == "repair-penalty-2026"
    assert any("可信度 L" in note or "待核实" in note for note in found.notes)
    assert shielding.eligible(world.company, procedure="bankruptcy", ruling=MONDAY, day=MONDAY) == []
    with pytest.raises(Conflict) as caught:
        world.apply(on=date(2026, 7, 1))
    assert "承诺不实" in caught.value.title


def test_a_finding_that_is_dismissed_bars_nothing(world: World) -> None:
    case = world.about("untrue-commitment", "propose", by=world.maker, files=[proof(Paper.OTHER)])
    assert case.department == world.market
    world.take(case, "respond", by=world.agent)
    world.take(case, "dismiss", by=world.checker)
    assert world.apply(on=date(2026, 7, 1)).state == "filed"


# --- Reminders and interviews


def test_an_interview_goes_on_record_in_the_checked_words(world: World) -> None:
    case = world.about("interview", "call-warning", by=world.maker)
    world.take(case, "hold", by=world.maker, reasons="谈到进货价每件 87 元，主要负责人到场")
    world.take(case, "write-up", by=world.maker, reasons="已要求限期整改。身份证 110101199003077272")
    case = world.take(case, "enter", by=world.checker)
    made = case.taken.get().record
    item = packs.current().item("interview")
    said = payload.named(item, made.payload)
    assert (made.item, made.document_no, made.title, made.provider) == (item.id, case.number, "警示约谈", world.market)
    assert (said["YT_JG"], said["YT_RQ"]) == ("已约谈", "2026-06-01")
    assert "110101199003077272" not in json.dumps(said)
    assert "87" not in json.dumps(said)
    assert made.disclosure == "shared"
    assert not selectors.published_on(MONDAY).filter(pk=made.pk).exists()
    assert selectors.usable(Record.objects.all(), day=MONDAY).filter(pk=made.pk).exists()
    assert made.publicity_until == date(2031, 6, 1)


def test_a_refused_interview_is_recorded_as_refused(world: World) -> None:
    case = world.about("interview", "call-prompt", by=world.maker)
    world.take(case, "note-refusal", by=world.maker)
    world.take(case, "write-up-refusal", by=world.maker, reasons="经两次通知，拒绝约谈")
    case = world.take(case, "enter-refusal", by=world.checker)
    made = case.taken.get().record
    said = payload.named(packs.current().item("interview"), made.payload)
    assert (case.outcome, made.title, said["YT_JG"]) == ("refused", "提示约谈", "拒绝约谈")
    # What is on record can be contested like any other.
    assert replace(world, record=made).object().state == "received"


def test_a_reminder_leaves_no_record(world: World) -> None:
    before = Record.objects.count()
    case = world.take(world.about("reminder", "remind", by=world.maker), "answer", by=world.agent)
    assert world.take(case, "confirm", by=world.maker).outcome == "granted"
    assert Record.objects.count() == before


# --- All of them


def test_measures_rest_on_nothing_contested_shielded_repaired_removed_or_revoked(world: World) -> None:
    def usable(day: date = MONDAY) -> bool:
        return selectors.usable(Record.objects.all(), day=day).filter(pk=world.record.pk).exists()

    assert usable()
    case = world.object()
    assert not usable()
    world.take(case, "reject", by=world.maker)
    assert usable()
    assert not usable(date(2027, 4, 2))
    for state in State:
        Record.objects.filter(pk=world.record.pk).update(state=state)
        assert usable() == (state == State.ACTIVE)


def test_there_is_no_such_case_about_a_person(world: World) -> None:
    """A case is about an organisation; there is no kind of it that is a person, and no relation that leads to one."""
    assert set(Kind.values) == {"enterprise", "institution", "social", "sole_trader"}
    about = {
        field.related_model
        for model in (Case, CaseRecord, models.Registration, models.Certificate)
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey)
    }
    allowed = {"Case", "Record", "Organisation", "Department", "Session", "Course"}
    assert {model.__name__ for model in about if isinstance(model, type)} == allowed
    for name in ("bankruptcy", "untrue-commitment", "reminder", "interview"):
        with pytest.raises(NotFound):
            cases.open_about(
                name, "propose", world.agent.pk, given=Given(reasons="x"), acting_user=world.maker, at=at(MONDAY)
            )
    assert Organisation.objects.get() == world.company


def test_a_stranger_and_another_representative_open_nothing(world: World) -> None:
    nobody = user("nobody", Role.REPRESENTATIVE)
    for procedure, action, by in (
        ("bankruptcy", "apply", nobody),
        ("bankruptcy", "apply", world.maker),
        ("untrue-commitment", "propose", world.agent),
        ("interview", "call-prompt", world.reporter),
        ("reminder", "remind", user("auditor", Role.AUDITOR, world.market)),
    ):
        with pytest.raises(NotPermitted):
            world.about(procedure, action, by=by, occurred_on=MONDAY, committed=True, files=[proof()])
    assert not Case.objects.exists()


def test_what_a_step_did_to_a_record_is_not_changed(world: World) -> None:
    world.shielded()
    for statement in ("UPDATE rights_caserecord SET step = 9", "DELETE FROM rights_caserecord"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_withdrawn_record_is_gone_from_its_page(world: World) -> None:
    with clock.at(at(MONDAY)):
        assert Client().get(f"/records/{world.record.pk}").status_code == 200
        world.shielded()
        assert Client().get(f"/records/{world.record.pk}").status_code == 410
        assert browser(world.agent).get(f"/mine/records/{world.record.pk}").status_code == 200


def test_no_case_about_an_organisation_asks_for_money_or_names_nobody(world: World) -> None:
    world.shielded()
    assert all(notice.zh and notice.en for notice in Notice.objects.all())
    assert not any("{" in notice.zh + notice.en for notice in Notice.objects.all())


def test_errors_of_opening_say_the_next_step(world: World) -> None:
    for attempt in (
        lambda: world.about("interview", "call-prompt", by=world.maker, reasons=" "),
        lambda: world.about("objection", "file", by=world.agent),
        lambda: world.file("interview", "call-prompt", by=world.maker, reasons="x"),
    ):
        with pytest.raises(GongxinError) as caught:
            attempt()
        assert caught.value.remedy
