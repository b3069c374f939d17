"""Cases: opened, advanced and ended by their procedure; every step a row, a notice and a leaf."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from tests.rights.world import MONDAY, PDF, World, at, fresh, proof, user

from gongxin.errors import Conflict, InvalidInput, NotPermitted
from gongxin.identity import substitutions
from gongxin.identity.models import Role
from gongxin.ledger import selectors as ledger
from gongxin.policy import packs
from gongxin.records import selectors
from gongxin.records.models import Contested, State
from gongxin.rights import cases, evidence
from gongxin.rights.models import Case, CaseStep, Evidence, Notice, Outbox, Paper


def _leaves() -> list[dict[str, Any]]:
    bodies = ledger.bodies(0, ledger.size())
    found = [json.loads(body) for body in bodies]
    return [leaf["fields"] for leaf in found if leaf["event"] == "case.advanced"]


def test_an_objection_marks_the_record_and_starts_its_clock(world: World) -> None:
    case = world.object()
    assert (case.state, case.due_on, case.warn_on) == ("received", date(2026, 6, 4), date(2026, 6, 3))
    assert case.number == "异〔2026〕1号"
    assert selectors.is_contested(world.record)
    assert fresh(world.record).state == State.ACTIVE
    step = case.steps.get()
    assert (step.action, step.to, step.rule, step.role) == ("file", "received", "objection-file", "representative")
    assert {notice.addressee for notice in case.notices.all()} == {"organisation", "department"}
    told = case.notices.get(addressee="organisation").zh
    assert case.number in told
    assert "2026年6月4日" in told
    assert "不得据此采取措施" in told
    (leaf,) = _leaves()
    assert (leaf["case"], leaf["rule"], leaf["due_on"]) == (str(case.pk), "objection-file", "2026-06-04")
    assert "罚款金额有误" not in json.dumps(leaf, ensure_ascii=False)


def test_rejected_objection_takes_the_mark_off_and_names_the_remedy(world: World) -> None:
    case = world.take(world.object(), "reject", by=world.maker, on=date(2026, 6, 3), reasons="与决定书一致")
    assert (case.outcome, case.due_on) == ("refused", None)
    assert not selectors.is_contested(world.record)
    told = case.notices.get(step=2, addressee="organisation").zh
    assert "与决定书一致" in told
    assert "行政复议" in told
    assert [entry.topic for entry in case.outbox.all()] == ["case.closed"]


def test_upheld_objection_corrects_in_a_new_revision_and_keeps_the_old(world: World) -> None:
    case = world.object(correction={"CF_NR_FK": "0.1"})
    case = world.take(case, "uphold-correct", by=world.maker, correction={"CF_NR_FK": "0.10", "CF_NR": "罚款 1000 元"})
    held = fresh(world.record)
    revision = held.revisions.get()
    names = [field.name for field in packs.current().item("penalty").fields]
    assert (held.revision, revision.number, revision.reason) == (2, 1, "case")
    assert held.payload[names.index("CF_NR_FK")] == "0.1"
    assert revision.payload[names.index("CF_NR_FK")] == "0.2"
    assert held.content_hash != revision.content_hash
    assert (held.publicity_from, held.publicity_until) == (date(2026, 4, 1), date(2027, 4, 1))
    assert held.key_hash == world.record.key_hash
    assert not Contested.objects.exists()
    (outgoing,) = case.outbox.all()
    assert (outgoing.topic, outgoing.body["revision"], outgoing.sent_at) == ("record.corrected", 2, None)


def test_a_correction_moves_publicity_where_the_rules_say_so(world: World) -> None:
    world.take(world.object(), "uphold-correct", by=world.maker, correction={"CF_SXCD": "轻微"})
    held = fresh(world.record)
    assert held.severity == "minor"
    assert not selectors.published_on(MONDAY).filter(pk=held.pk).exists()


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        ({}, "case-incomplete"),
        ({"CF_WSH": "泽市监罚〔2026〕78号"}, "correction-field"),
        ({"CF_XDR_MC": "别的公司"}, "correction-field"),
        ({"CF_FR_ZJHM": "x"}, "correction-field"),
        ({"NO_SUCH": "x"}, "correction-field"),
        ({"CF_NR_FK": "0.2"}, "correction-same"),
        ({"CF_NR_FK": "很多"}, "correction-refused"),
        ({"CF_JDRQ": "2026-13-01"}, "correction-refused"),
        ({"CF_WFXW": ""}, "correction-refused"),
        ({"CF_SY": "身份证号 110101199003077272"}, "correction-person"),
    ],
)
def test_a_correction_that_cannot_be_made_changes_nothing(world: World, correction: dict[str, str], code: str) -> None:
    case = world.object()
    with pytest.raises(InvalidInput) as caught:
        world.take(case, "uphold-correct", by=world.maker, correction=correction)
    assert caught.value.code == code
    assert caught.value.remedy
    assert fresh(world.record).revision == 1
    assert Case.objects.get().state == "received"
    assert case.steps.count() == 1
    assert len(_leaves()) == 1


def test_revocation_acts_at_once_and_tells_whether_it_came_in_time(world: World) -> None:
    world.object()
    case = world.file(
        "revocation", "report-revoked", by=world.reporter, reasons="复议撤销", occurred_on=date(2026, 5, 26)
    )
    held = fresh(world.record)
    assert held.state == State.REVOKED
    assert not selectors.published_on(MONDAY).filter(pk=held.pk).exists()
    assert (case.outcome, case.due_on) == ("granted", None)
    step = case.steps.get()
    assert (step.within, step.late) == (date(2026, 5, 29), True)
    # The objection that was under way can still be answered.
    assert world.take(Case.objects.get(procedure="objection"), "reject", by=world.maker).outcome == "refused"


def test_repair_is_not_open_before_its_day(world: World) -> None:
    with pytest.raises(Conflict) as caught:
        world.apply(on=date(2026, 6, 30))
    assert caught.value.code == "repair-not-yet"
    assert "2026-07-01" in caught.value.title
    assert world.apply(on=date(2026, 7, 1)).state == "filed"


def test_repair_by_two_officers_ends_everything_in_one_transaction(world: World) -> None:
    on = date(2026, 7, 1)
    case = world.repaired(on=on)
    held = fresh(world.record)
    assert (case.outcome, held.state) == ("granted", State.REPAIRED)
    assert not selectors.published_on(on).filter(pk=held.pk).exists()
    for purpose in packs.current().purposes.values():
        assert not selectors.disclosable(purpose, on).filter(pk=held.pk).exists()
    assert [step.action for step in case.steps.all()] == ["apply", "accept", "propose-grant", "grant"]
    assert "penalty-2026-ordinary" in case.steps.get(number=1).choice
    assert [leaf["to"] for leaf in _leaves()] == ["filed", "accepted", "to-grant", "granted"]
    assert Outbox.objects.filter(topic="record.repaired", case=case).count() == 1


def test_who_proposes_cannot_confirm_not_even_as_a_substitute(world: World) -> None:
    on = date(2026, 7, 1)
    case = world.apply(on=on)
    for action in ("accept", "propose-grant"):
        world.take(case, action, by=world.maker, on=on)
    substitutions.appoint(world.checker, world.maker, starts_on=on, ends_on=on, acting_user=None, at=at(on))
    with pytest.raises(NotPermitted) as caught:
        world.take(case, "grant", by=world.maker, on=on)
    assert caught.value.code == "case-same-person"
    assert fresh(world.record).state == State.ACTIVE


def test_a_substitute_confirms_for_the_absent_checker(world: World) -> None:
    """A data officer of the department stands in for the absent case officer."""
    on = date(2026, 7, 1)
    case = world.apply(on=on)
    for action in ("accept", "propose-grant"):
        world.take(case, action, by=world.maker, on=on)
    with pytest.raises(NotPermitted):
        world.take(case, "grant", by=world.reporter, on=on)
    substitutions.appoint(world.checker, world.reporter, starts_on=on, ends_on=on, acting_user=None, at=at(on))
    world.take(case, "grant", by=world.reporter, on=on)
    step = case.steps.get(action="grant")
    assert (step.actor, step.absent, step.role) == (world.reporter, world.checker, "case_officer")


def test_another_department_and_another_representative_are_refused(world: World) -> None:
    case = world.object()
    stranger = user("nobody", Role.REPRESENTATIVE)
    for who in (world.stranger, stranger):
        with pytest.raises(NotPermitted):
            world.take(case, "reject", by=who)
    with pytest.raises(NotPermitted):
        world.file("objection", "file", by=stranger, reasons="不是我的")
    with pytest.raises(NotPermitted):
        world.take(case, "reject", by=world.agent)


def test_paper_comes_in_through_the_credit_office_which_does_not_decide(world: World) -> None:
    case = world.file("objection", "file", by=world.office, reasons="书面异议", paper="收文〔2026〕3号")
    assert (case.channel, case.paper) == ("paper", "收文〔2026〕3号")
    with pytest.raises(NotPermitted):
        world.take(case, "reject", by=world.office)


def test_one_case_of_a_kind_at_a_time(world: World) -> None:
    case = world.object()
    with pytest.raises(Conflict) as caught:
        world.object()
    assert caught.value.code == "case-running"
    assert case.number in caught.value.title
    world.take(case, "retract", by=world.agent)
    assert world.object().number == "异〔2026〕2号"


def test_a_case_goes_on_by_its_table_only(world: World) -> None:
    case = world.take(world.object(), "reject", by=world.maker)
    with pytest.raises(Conflict) as caught:
        world.take(case, "reject", by=world.maker)
    assert caught.value.code == "case-wrong-state"
    with pytest.raises(Conflict):
        world.file("repair", "apply", by=world.agent, on=date(2027, 4, 2), files=[proof()], committed=True)


def test_what_a_step_asks_for_must_be_there(world: World) -> None:
    on = date(2026, 7, 1)
    for given, missing in (
        ({}, ["evidence", "commitment"]),
        ({"committed": True}, ["evidence"]),
        ({"files": [proof()]}, ["commitment"]),
        ({"files": [proof(Paper.COMMITMENT)]}, ["evidence"]),
    ):
        with pytest.raises(InvalidInput) as caught:
            world.file("repair", "apply", by=world.agent, on=on, **given)
        assert caught.value.facts["missing"] == missing
    assert not Case.objects.exists()


def test_steps_notices_and_evidence_are_not_changed_and_nothing_goes(world: World) -> None:
    world.apply(on=date(2026, 7, 1))
    for broken in (
        lambda: CaseStep.objects.update(reasons="改写"),
        lambda: CaseStep.objects.all().delete(),
        lambda: Notice.objects.update(zh="改写"),
        lambda: Evidence.objects.update(filename="改写.pdf"),
        lambda: Evidence.objects.all().delete(),
        lambda: connection.cursor().execute("DELETE FROM rights_case"),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            broken()
    assert Notice.objects.update(read_at=at(MONDAY)) == 2


def test_evidence_lies_under_its_hash_which_is_in_the_leaf(world: World) -> None:
    world.apply(on=date(2026, 7, 1))
    held = Evidence.objects.get()
    assert evidence.path(held).read_bytes() == PDF
    assert evidence.path(held).stat().st_mode & 0o077 == 0
    (leaf,) = _leaves()
    assert leaf["evidence"] == [held.sha256]
    assert len(held.sha256) == 64


def test_a_repair_is_undone_by_a_case_of_its_own_after_a_hearing(world: World) -> None:
    on = date(2026, 7, 1)
    world.repaired(on=on)
    undo = world.file("repair-undo", "propose", by=world.maker, on=on, reasons="凭证系伪造", files=[proof(Paper.OTHER)])
    assert undo.due_on is not None
    with pytest.raises(Conflict) as caught:
        world.take(undo, "close-hearing", by=world.maker, on=undo.due_on)
    assert caught.value.code == "case-too-early"
    after = undo.due_on + timedelta(days=1)
    world.take(undo, "close-hearing", by=world.maker, on=after)
    with pytest.raises(NotPermitted):
        world.take(undo, "undo", by=world.maker, on=after)
    world.take(undo, "undo", by=world.checker, on=after)
    held = fresh(world.record)
    assert held.state == State.ACTIVE
    assert selectors.published_on(after).filter(pk=held.pk).exists()
    assert not selectors.published_on(date(2027, 4, 2)).filter(pk=held.pk).exists()
    # The untrue commitment bars further repair.
    with pytest.raises(Conflict) as caught:
        world.apply(on=after)
    assert caught.value.code == "repair-not-yet"
    assert "承诺不实" in caught.value.title


def test_pages_are_offered_exactly_what_may_be_done(world: World) -> None:
    case = world.object()

    def offered(who: Any) -> list[str]:
        return [row.action for row in cases.possible(case, user=who, day=MONDAY)]

    assert offered(world.maker) == ["seek-help", "uphold-correct", "uphold-withdraw", "reject"]
    assert offered(world.agent) == offered(world.office) == ["retract"]
    assert offered(world.stranger) == offered(world.reporter) == []


def test_nothing_of_a_person_is_kept_with_a_case(world: World) -> None:
    case = world.object(reasons="联系人身份证 110101199003077272")
    assert "110101199003077272" not in case.steps.get().reasons
    assert "110101199003077272" not in case.notices.get(addressee="organisation").zh
