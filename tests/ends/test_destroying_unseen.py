"""Lists of what nobody sees: entries of personal files (a number and a root), messages and e-mails (ids and days)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from tests import held
from tests.persons import people
from tests.rights import world as worlds
from tests.rights.world import at

from gongxin import clock
from gongxin.correspondence.models import Delivery, Enclosed, Kind, Message, State
from gongxin.ends import destroying, due
from gongxin.ends.models import Destruction, DestructionState, Tombstone
from gongxin.errors import Conflict
from gongxin.identity.decisions import Refused
from gongxin.identity.models import Role
from gongxin.ledger import selectors as log
from gongxin.persons import opening, terms
from gongxin.policy import packs

PENALTY = "retention-person-penalty"
# Sixty months after the decisions.
DAY = date(2031, 4, 9)


@pytest.fixture
def officials(db: None) -> tuple[Any, Any, Any]:
    """Two of the credit office, and the auditor."""
    unit = people.unit("office")
    roles = (("office", Role.CREDIT_OFFICE), ("second", Role.CREDIT_OFFICE), ("auditor", Role.AUDITOR))
    one, two, three = (worlds.user(name, role, unit) for name, role in roles)
    return one, two, three


def hand_in(count: int) -> None:
    people.handed_in(*(people.row(who, who, CF_JDRQ="2026-04-08") for who in range(1, count + 1)))


def leaf(number: int | None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(log.body(number or -1))
    return body


@pytest.mark.parametrize(("count", "told", "many"), [(9, None, "<10"), (10, 10, "10")])
def test_two_officials_decide_about_a_number(
    officials: tuple[Any, Any, Any], count: int, told: int | None, many: str
) -> None:
    office, second, auditor = officials
    hand_in(count)
    someone = people.account(1)
    assert {rule.id: number for rule, number in due.waiting(DAY)}[PENALTY] == 0
    terms.derive(DAY)
    assert {rule.id: number for rule, number in due.waiting(DAY)}[PENALTY] == count
    with pytest.raises(Refused):
        destroying.propose(PENALTY, reason="期满", acting_user=auditor, at=at(DAY))
    made = destroying.propose(PENALTY, reason="期满", acting_user=office, at=at(DAY))
    assert (made.count, len(made.root)) == (told, 64)
    with pytest.raises(Conflict):
        destroying.propose(PENALTY, reason="期满", acting_user=office, at=at(DAY))
    done = destroying.confirm(made.pk, reason="同意", acting_user=second, at=at(DAY))
    assert (done.state, done.count, done.root) == (DestructionState.DONE, told, made.root)
    assert not Tombstone.objects.exists()
    assert opening.open_own(acting_user=someone, at=at(DAY)).records == ()
    said = leaf(done.leaf)
    assert (said["event"], said["fields"]["many"], said["fields"]["root"]) == (
        "person.retention_destroyed", many, made.root,
    )  # fmt: skip
    assert "count" not in said["fields"]
    with pytest.raises(Conflict):
        destroying.propose(PENALTY, reason="期满", acting_user=office, at=at(DAY))


def test_what_is_not_agreed_to_stays_and_may_be_proposed_again(officials: tuple[Any, Any, Any]) -> None:
    office, second, _ = officials
    hand_in(2)
    made = destroying.propose(PENALTY, reason="期满", acting_user=office, at=at(DAY))
    done = destroying.reject(made.pk, reason="尚有诉讼", acting_user=second, at=at(DAY))
    assert leaf(done.leaf)["event"] == "person.retention_rejected"
    again = destroying.propose(PENALTY, reason="期满", acting_user=office, at=at(DAY))
    assert again.root == made.root
    people.account(1)


def test_messages_and_e_mails_go_by_their_terms(officials: tuple[Any, Any, Any]) -> None:
    """The day before and the day after, at the desk; what was read goes with the message, what still waits stays."""
    office, second, _ = officials
    agent = worlds.user("agent", Role.REPRESENTATIVE, None)
    told = datetime(2026, 11, 20, 2, tzinfo=UTC)
    message = Message.objects.create(
        user=agent, organisation=held.organisation(), kind=Kind.LOOKS, source="leaf 1", at=told, read_at=told
    )
    sent = Delivery.objects.create(user=agent, state=State.SENT, made_at=told, due_at=told)
    Enclosed.objects.create(delivery=sent, message=message)
    Delivery.objects.create(user=agent, made_at=told, due_at=told)
    for rule, last, kept in (
        ("retention-message", date(2029, 11, 20), message),
        ("retention-delivery", date(2027, 11, 20), sent),
    ):
        assert due.of(packs.current().retention[rule], last) == []
        with clock.at(at(last + timedelta(days=1))):
            address = reverse("desk:retention-rule", args=[rule])
            page = worlds.browser(office).get(address).content.decode()
            assert ("今天可以销毁 1 项" in page, str(kept.pk) in page) == (True, True)
            made = worlds.browser(office).post(address, {"reason": "期满"})["Location"]
            worlds.browser(second).post(f"{made}/decide", {"reason": "同意", "decision": "confirm"})
        assert not type(kept).objects.filter(pk=kept.pk).exists()
    assert not Enclosed.objects.exists()
    assert list(Delivery.objects.values_list("state", flat=True)) == [State.WAITING]
    assert Destruction.objects.filter(state=DestructionState.DONE, count=1).count() == 2
