"""What is new is found from the ledger: once, in order, whatever dies, in a fixed number of statements."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests import held
from tests.rights import world as worlds
from tests.rights.world import MONDAY, World, at

from gongxin import ledger
from gongxin.correspondence import following, gathering, mailboxes, messages
from gongxin.correspondence.messages import Filters
from gongxin.correspondence.models import Delivery, Enclosed, Kind, Message, Position, State
from gongxin.enquiries import checks
from gongxin.enquiries.asked import Asked
from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity.models import Role, User
from gongxin.records.models import Record
from gongxin.rights import deadlines

ALL = [kind.value for kind in Kind]
NOW = at(MONDAY)


def hand_in(world: World, records: list[Record], *, when: datetime = NOW, revised: bool = False) -> UUID:
    """A submission that brought these records, as intake leaves it."""
    submission = uuid4()
    Record.objects.filter(pk__in=[entry.pk for entry in records]).update(
        submission_id=submission, revision=2 if revised else 1
    )
    fields: dict[str, Any] = {
        "submission": str(submission), "item": "penalty", "provider": world.market.code, "rows_in": len(records),
        "accepted": 0 if revised else len(records), "revised": len(records) if revised else 0, "unchanged": 0,
        "rejected": 0, "file_sha256": "0" * 64, "records": len(records), "records_root": "0" * 64,
    }  # fmt: skip
    known = ledger.events.EVENTS["submission.completed"].fields
    fields = {name: fields.get(name, 0 if entry.kind == "count" else "") for name, entry in known.items()}
    with transaction.atomic():
        ledger.append("submission.completed", fields=fields, actor="worker", at=when)
    return submission


def started(world: World, kinds: list[str] | None = None) -> None:
    """Follow, and begin to gather at the end of the log."""
    code = world.company.uscc or ""
    following.follow(code, ALL if kinds is None else kinds, acting_user=world.agent, at=NOW - timedelta(hours=1))
    gathering.gather(at=NOW - timedelta(hours=1))


def told(user: User) -> list[tuple[str, str]]:
    return [(entry.kind, entry.zh) for entry in messages.entries(user, messages.listed(user, Filters()))]


def test_a_hand_in_is_one_message_whatever_its_size(world: World) -> None:
    started(world)
    mine = [held.record(world.company, provider=world.market) for _ in range(3)]
    other = held.record(held.organisation(), provider=world.market)
    hand_in(world, [*mine, other])
    hand_in(world, [world.record], revised=True)
    found = gathering.gather(at=NOW)
    assert (found.leaves, found.messages) == (2, 2)
    assert sorted(told(world.agent)) == [("changes", "行政处罚记录变更 1 条。"), ("records", "新增行政处罚记录 3 条。")]
    # Again: nothing is told twice; and a position that was lost before it was written brings nothing twice either.
    assert gathering.gather(at=NOW).messages == 0
    assert Message.objects.count() == 2


def test_nothing_is_lost_when_the_process_dies_between_finding_and_writing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(world)
    hand_in(world, [world.record])
    before = Position.objects.get().leaf

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gathering, "_enclose", dies)
        with pytest.raises(KeyboardInterrupt):
            gathering.gather(at=NOW)
    assert (Message.objects.count(), Position.objects.get().leaf) == (0, before)
    assert gathering.gather(at=NOW).messages == 1


def test_the_number_of_statements_does_not_grow_with_records_and_followers(world: World) -> None:
    started(world, ["records"])

    def statements(count: int) -> int:
        hand_in(world, [held.record(world.company, provider=world.market) for _ in range(count)])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert gathering.gather(at=NOW).leaves == 1
        return len(captured)

    few = statements(1)
    for number in range(5):
        user = worlds.user(f"agent{number}", Role.REPRESENTATIVE)
        code = world.company.uscc or ""
        worlds.representations.bind(user, code, ground="委托书", acting_user=None, at=NOW)
        following.follow(code, ["records"], acting_user=user, at=NOW - timedelta(hours=1))
    gathering.gather(at=NOW)
    assert statements(40) == few
    assert Message.objects.filter(facts__count=40).count() == 6


def test_steps_of_cases_looks_and_the_end_of_publicity(world: World) -> None:
    held.record(world.company, provider=world.market, publicity_until=MONDAY)
    world.other.purposes = ["licence-review"]
    world.other.save()
    started(world)
    case = world.object()
    world.take(case, "seek-help", by=world.maker)
    given: dict[str, Any] = {"purpose": "licence-review", "matter": "许可〔2026〕7号", "at": NOW}
    checks.check(department=world.other, asked_by="key", code_or_name=world.company.uscc or "", **given)
    checks.check(department=world.other, asked_by="key", code_or_name="91000000MA00000016", **given)
    gathering.gather(at=NOW)
    kinds = [kind for kind, _ in told(world.agent)]
    assert kinds.count("looks") == 1
    # A step that the organisation gets a notice of is told by that.
    noticed = case.notices.filter(addressee="organisation").count()
    assert (kinds.count("notice"), kinds.count("cases")) == (noticed, case.steps.count() - noticed)
    assert "changes" not in kinds
    gathering.gather(at=NOW + timedelta(days=1))
    assert ("changes", "1 条记录公示期届满，已停止公示。") in told(world.agent)
    gathering.gather(at=NOW + timedelta(days=1))
    assert [kind for kind, _ in told(world.agent)].count("changes") == 1


def test_a_batch_in_pieces_is_told_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.other.purposes = ["licence-review"]
    world.other.save()
    started(world, ["looks"])
    monkeypatch.setattr(checks, "CHUNK", 1)
    code = world.company.uscc or ""
    for _ in range(2):
        questions = [Asked(code, "批量", row) for row in (1, 2)]
        given: dict[str, Any] = {"asked_by": "key", "purpose": "licence-review", "at": NOW}
        list(checks.check_many(questions, department=world.other, **given))
        gathering.gather(at=NOW)
    assert [kind for kind, _ in told(world.agent)] == ["looks"]


def test_only_what_is_chosen_since_it_was_chosen_while_it_is_represented(world: World) -> None:
    started(world, ["looks"])
    hand_in(world, [world.record])
    gathering.gather(at=NOW)
    assert told(world.agent) == []
    following.follow(world.company.uscc or "", ["records"], acting_user=world.agent, at=NOW)
    hand_in(world, [world.record], when=NOW - timedelta(minutes=1))
    gathering.gather(at=NOW)
    assert told(world.agent) == []
    hand_in(world, [world.record], when=NOW + timedelta(minutes=1))
    worlds.representations.end(world.agent.representations.get().pk, acting_user=None, at=NOW)
    gathering.gather(at=NOW + timedelta(minutes=1))
    assert Message.objects.count() == 0
    with pytest.raises(NotPermitted):
        following.follow(world.company.uscc or "", ["records"], acting_user=world.agent, at=NOW)
    with pytest.raises(NotPermitted):
        following.follow(world.company.uscc or "", [], acting_user=world.maker, at=NOW)


def test_a_kind_there_is_not_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        following.follow(world.company.uscc or "", ["persons"], acting_user=world.agent, at=NOW)


def test_one_e_mail_waits_for_an_account_and_notices_do_not_wait(world: World) -> None:
    started(world)
    hand_in(world, [world.record])
    gathering.gather(at=NOW)
    assert not Delivery.objects.exists()
    box = mailboxes.give("info@example.cn", acting_user=world.agent, at=NOW)
    world.object()
    gathering.gather(at=NOW)
    # Not confirmed: nothing is sent.
    assert not Delivery.objects.exists()
    mailboxes.confirm(mailboxes.confirmation(box), at=NOW)
    hand_in(world, [world.record])
    gathering.gather(at=NOW)
    first = Delivery.objects.get()
    Delivery.objects.update(state=State.SENT, sent_at=NOW)
    later = NOW + timedelta(minutes=10)
    hand_in(world, [world.record], when=later)
    gathering.gather(at=later)
    waiting = Delivery.objects.get(state=State.WAITING)
    assert waiting.due_at == NOW + gathering.PAUSE
    world.take(worlds.Case.objects.get(), "seek-help", by=world.maker)
    gathering.gather(at=later)
    waiting.refresh_from_db()
    assert Delivery.objects.filter(state=State.WAITING).get() == waiting
    assert waiting.enclosed.filter(notice__isnull=False).count() == 1
    assert waiting.due_at == later
    assert Enclosed.objects.filter(delivery=first).count() == 1


def test_the_first_run_begins_at_the_end_of_the_log(world: World) -> None:
    following.follow(world.company.uscc or "", ALL, acting_user=world.agent, at=NOW - timedelta(days=9))
    hand_in(world, [world.record])
    gathering.gather(at=NOW)
    assert Message.objects.count() == 0
    assert Position.objects.get().day == date(2026, 6, 1)


def test_clocks_of_cases_reach_those_who_are_to_act_by_email(world: World) -> None:
    """Before a clock runs out and after: officers of the deciding department, the credit office, and the organisation
    where it is its turn. Nobody of another department, nobody without a confirmed address.
    """
    for user in (world.maker, world.office, world.stranger, world.agent):
        box = mailboxes.give(f"{user.username}@example.cn", acting_user=user, at=NOW)
        mailboxes.confirm(mailboxes.confirmation(box), at=NOW)
    mailboxes.give("checker@example.cn", acting_user=world.checker, at=NOW)
    world.object()
    reminder = world.about("reminder", "remind", by=world.maker)
    gathering.gather(at=NOW)
    gathering.gather(at=NOW)
    Delivery.objects.update(state=State.SENT, sent_at=NOW)
    for day, case in ((date(2026, 6, 3), "objection"), (date(2026, 6, 5), "objection"), (reminder.warn_on, "reminder")):
        deadlines.escalate(at=at(day))
        gathering.gather(at=at(day))
        told = set(Delivery.objects.filter(state=State.WAITING).values_list("user__username", flat=True))
        assert told == {"maker", "office"} | ({"agent"} if case == "reminder" else set()), (day, case)
        Delivery.objects.update(state=State.SENT, sent_at=at(day))
