"""What takes two administrators: proposed by one, approved by another, and no code in one hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from tests import held

import gongxin
from gongxin.errors import Conflict, GongxinError, InvalidInput, NotPermitted
from gongxin.identity import accounts, passwords, proposals, suspension, warrants
from gongxin.identity.models import Department, Proposal, ProposalKind, ProposalState, Role, User
from gongxin.identity.proposals import Wanted
from gongxin.ledger import selectors

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
NEW = "a-new-long-password-26"


class World:
    """Two administrators of either kind, an officer, and what the log has since."""

    def __init__(self) -> None:
        self.department = held.department()
        self.system, self.system_two = self.account(Role.SYSTEM_ADMIN), self.account(Role.SYSTEM_ADMIN, "system-2")
        self.security = self.account(Role.SECURITY_ADMIN)
        self.security_two = self.account(Role.SECURITY_ADMIN, "security-2")
        self.officer = self.account(Role.DATA_OFFICER)
        self.since = selectors.size()

    def account(self, role: Role, name: str = "") -> User:
        return User.objects.create(username=name or role.value, role=role, department=self.department)

    def wanted(self, kind: ProposalKind, **more: Any) -> Wanted:
        if kind == ProposalKind.ACCOUNT:
            given = {"username": "zhao-liu", "full_name": "虚构员工", "role": "case_officer"}
            return Wanted(kind, department=self.department, **(given | more))
        role = {"role": "case_officer", "department": self.department} if kind == ProposalKind.ROLE else {}
        return Wanted(kind, self.officer, **(role | more))

    def proposed(self, kind: ProposalKind, **more: Any) -> Proposal:
        wanted = self.wanted(kind, **more)
        return proposals.propose(wanted, reason="书面申请", acting_user=self.system, at=AT)

    def events(self) -> list[str]:
        return [json.loads(body)["event"] for body in selectors.bodies(self.since, selectors.size())]


@pytest.fixture
def world() -> World:
    return World()


def refused(code: str, act: Any, **given: Any) -> None:
    """It raises this, and nothing changes."""
    before = (selectors.size(), list(Proposal.objects.values_list()), list(User.objects.order_by("pk").values_list()))
    with pytest.raises(GongxinError) as error, transaction.atomic():
        act(**given)
    assert error.value.code == code
    assert error.value.remedy
    after = (selectors.size(), list(Proposal.objects.values_list()), list(User.objects.order_by("pk").values_list()))
    assert after == before


def test_an_account_is_there_when_approved_and_opens_with_both_halves_only(world: World) -> None:
    made = world.proposed(ProposalKind.ACCOUNT)
    assert not User.objects.filter(username="zhao-liu").exists()
    done = proposals.approve(made.pk, reason="已核实", acting_user=world.security, at=AT)
    account = User.objects.get(username="zhao-liu")
    assert (account.role, account.department, account.get_full_name()) == ("case_officer", world.department, "虚构员工")
    second = proposals.take_half(made.pk, acting_user=world.system, at=AT)
    assert done.half is not None
    assert (done.half.number, second.number) == (1, 2)
    for alone in (done.half.text, second.text):
        with pytest.raises(NotPermitted):
            passwords.set_by_code("zhao-liu", code=alone, new=NEW, at=AT)
    passwords.set_by_code("zhao-liu", code=f"{done.half.text} {second.text}", new=NEW, at=AT)
    assert User.objects.get(pk=account.pk).check_password(NEW)
    assert world.events() == ["account.change.proposed", "account.created", "account.code.taken", "password.changed"]
    opened = selectors.opened(world.since + 1).values
    assert opened == {"actor": "security_admin", "account": "zhao-liu", "reason": "已核实"}
    fields = json.loads(selectors.body(world.since + 1))["fields"]
    assert (fields["rule"], fields["proposal"]) == (warrants.TWO, str(made.pk))
    assert all(
        half.text.encode() not in body for half in (done.half, second) for body in selectors.bodies(0, selectors.size())
    )
    held_row = Proposal.objects.get()
    assert (held_row.full_name, held_row.account, held_row.half_taken_by) == ("", account, world.system)


def test_the_second_half_is_shown_once_and_never_to_who_approved(world: World) -> None:
    made = world.proposed(ProposalKind.PASSWORD)
    refused("code-void", proposals.take_half, proposal_id=made.pk, acting_user=world.system, at=AT)
    proposals.approve(made.pk, reason="已核实", acting_user=world.security, at=AT)
    refused("access-default", proposals.take_half, proposal_id=made.pk, acting_user=world.security, at=AT)
    # Even where the approver has become a system administrator since.
    User.objects.filter(pk=world.security.pk).update(role=Role.SYSTEM_ADMIN)
    world.security.refresh_from_db()
    refused("half-same-person", proposals.take_half, proposal_id=made.pk, acting_user=world.security, at=AT)
    proposals.take_half(made.pk, acting_user=world.system, at=AT)
    refused("half-taken", proposals.take_half, proposal_id=made.pk, acting_user=world.system_two, at=AT)


def test_a_code_that_is_used_has_no_second_half_any_more(world: World) -> None:
    made = world.proposed(ProposalKind.PASSWORD)
    proposals.approve(made.pk, reason="已核实", acting_user=world.security, at=AT)
    world.officer.refresh_from_db()
    assert not world.officer.has_usable_password()
    world.officer.set_password(NEW)
    world.officer.save()
    refused("code-void", proposals.take_half, proposal_id=made.pk, acting_user=world.system, at=AT)


@pytest.mark.parametrize("kind", [ProposalKind.ROLE, ProposalKind.RESTORE])
def test_what_needs_no_code_takes_effect_when_approved(world: World, kind: ProposalKind) -> None:
    if kind == ProposalKind.RESTORE:
        suspension.disable(world.officer, acting_user=world.security, at=AT - timedelta(days=9))
        world.officer.refresh_from_db()
    made = world.proposed(kind)
    world.officer.refresh_from_db()
    assert (world.officer.role, world.officer.is_active) == ("data_officer", kind == ProposalKind.ROLE)
    assert proposals.approve(made.pk, reason="已核实", acting_user=world.security, at=AT).half is None
    world.officer.refresh_from_db()
    assert (world.officer.role, world.officer.is_active) == (
        "case_officer" if kind == ProposalKind.ROLE else "data_officer",
        True,
    )
    assert list(proposals.about(world.officer)) == [made]


def test_nobody_does_both_steps_nor_either_for_himself(world: World) -> None:
    wanted = world.wanted(ProposalKind.ROLE)
    for user in (world.security, world.officer):
        refused("access-default", proposals.propose, wanted=wanted, reason="x", acting_user=user, at=AT)
    own = Wanted(ProposalKind.ROLE, world.system, role="auditor", department=world.department)
    refused("access-not-by-oneself", proposals.propose, wanted=own, reason="x", acting_user=world.system, at=AT)
    made = world.proposed(ProposalKind.ROLE)
    said = {world.system: "access-not-by-oneself", world.system_two: "access-default", world.officer: "access-default"}
    for user, code in said.items():
        for verb in (proposals.approve, proposals.reject):
            refused(code, verb, proposal_id=made.pk, reason="x", acting_user=user, at=AT)
    # Who proposed it has become a security administrator since.
    User.objects.filter(pk=world.system.pk).update(role=Role.SECURITY_ADMIN)
    world.system.refresh_from_db()
    refused(
        "access-not-by-oneself", proposals.approve, proposal_id=made.pk, reason="x", acting_user=world.system, at=AT
    )
    about = Wanted(ProposalKind.PASSWORD, world.security)
    other = proposals.propose(about, reason="x", acting_user=world.system_two, at=AT)
    refused(
        "access-not-by-oneself", proposals.approve, proposal_id=other.pk, reason="x", acting_user=world.security, at=AT
    )
    proposals.approve(other.pk, reason="x", acting_user=world.security_two, at=AT)


@pytest.mark.parametrize("state", ["done", "rejected"])
def test_the_database_wants_two_as_well(world: World, state: str) -> None:
    made = world.proposed(ProposalKind.ROLE)
    for given in ({"decided_by": world.system}, {"decided_by": None}):
        with pytest.raises(IntegrityError, match="proposal_by_two"), transaction.atomic():
            Proposal.objects.filter(pk=made.pk).update(state=state, **given)
    with pytest.raises(IntegrityError, match="proposal_halves"), transaction.atomic():
        Proposal.objects.filter(pk=made.pk).update(
            state="done", decided_by=world.security, half_taken_by=world.security, half_taken_at=AT
        )


def test_a_proposal_is_void_after_its_days_and_may_be_made_again(world: World) -> None:
    made, over = world.proposed(ProposalKind.ACCOUNT), AT + timedelta(days=settings.PROPOSAL_DAYS)
    assert proposals.standing(made, at=over - timedelta(seconds=1)) == ProposalState.PROPOSED
    assert proposals.standing(made, at=over) == ProposalState.EXPIRED
    assert list(proposals.waiting(at=over)) == []
    assert list(proposals.refused_lately(world.system, at=over)) == [made]
    for verb in (proposals.approve, proposals.reject):
        refused("proposal-over", verb, proposal_id=made.pk, reason="x", acting_user=world.security, at=over)
    wanted = world.wanted(ProposalKind.ACCOUNT)
    refused("proposal-waiting", proposals.propose, wanted=wanted, reason="x", acting_user=world.system, at=AT)
    again = proposals.propose(wanted, reason="x", acting_user=world.system_two, at=over)
    made.refresh_from_db()
    assert (made.state, made.full_name, again.state) == (ProposalState.EXPIRED, "", ProposalState.PROPOSED)


def test_a_proposal_is_withdrawn_or_rejected_and_nothing_has_changed(world: World) -> None:
    made = world.proposed(ProposalKind.ROLE)
    proposals.withdraw(made.pk, acting_user=world.system, at=AT)
    refused("proposal-over", proposals.withdraw, proposal_id=made.pk, acting_user=world.system, at=AT)
    other = world.proposed(ProposalKind.ROLE)
    proposals.reject(other.pk, reason="理由不足", acting_user=world.security, at=AT)
    world.officer.refresh_from_db()
    assert world.officer.role == "data_officer"
    assert [event.removeprefix("account.change.") for event in world.events()] == [
        "proposed", "withdrawn", "proposed", "rejected",
    ]  # fmt: skip
    assert [entry.decided_reason for entry in proposals.refused_lately(world.system, at=AT)] == ["理由不足"]


def test_an_account_that_has_changed_meanwhile_is_proposed_anew(world: World) -> None:
    made = world.proposed(ProposalKind.ROLE)
    User.objects.filter(pk=world.officer.pk).update(role="credit_office")
    refused("proposal-stale", proposals.approve, proposal_id=made.pk, reason="x", acting_user=world.security, at=AT)


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        (ProposalKind.ACCOUNT, {"role": "emperor"}, "role-unknown"),
        (ProposalKind.ACCOUNT, {"department": None}, "account-needs-department"),
        (ProposalKind.ACCOUNT, {"username": "data_officer"}, "account-taken"),
        (ProposalKind.ACCOUNT, {"username": "a b"}, "account-name"),
        (ProposalKind.ROLE, {"role": "person"}, "account-from-outside"),
        (ProposalKind.ROLE, {"role": "data_officer"}, "account-role-same"),
        (ProposalKind.RESTORE, {}, "account-open"),
        (ProposalKind.FACTORS, {}, "factor-none"),
    ],
)
def test_what_cannot_be_is_told_to_who_proposes_it(
    world: World, kind: ProposalKind, more: dict[str, Any], code: str
) -> None:
    given = {"department": world.department, "username": "zhao-liu", "full_name": "虚构员工", "role": "case_officer"}
    if kind != ProposalKind.ACCOUNT:
        given = {"account": world.officer}
        if kind == ProposalKind.ROLE:
            given["department"] = world.department
    wanted = Wanted(kind, **(given | more))
    refused(code, proposals.propose, wanted=wanted, reason="x", acting_user=world.system, at=AT)


def test_both_give_a_reason(world: World) -> None:
    made = world.proposed(ProposalKind.ROLE)
    for text in (" ", "字" * 501):
        for act in (
            lambda text=text: world.proposed(ProposalKind.PASSWORD).reason and _propose(world, text),
            lambda text=text: proposals.approve(made.pk, reason=text, acting_user=world.security, at=AT),
        ):
            with pytest.raises(InvalidInput, match="理由"), transaction.atomic():
                act()


def _propose(world: World, reason: str) -> Proposal:
    return proposals.propose(world.wanted(ProposalKind.ROLE), reason=reason, acting_user=world.system, at=AT)


def test_a_recent_suspension_is_taken_back_by_one_and_no_older_one(world: World) -> None:
    suspension.disable(world.officer, acting_user=world.security, at=AT)
    late = AT + settings.RESTORE_ALONE + timedelta(seconds=1)
    refused("restore-by-two", suspension.enable, account=world.officer, acting_user=world.security, at=late)
    assert suspension.enable(world.officer, acting_user=world.security, at=late - timedelta(seconds=1)).is_active


class TestOperator:
    def test_begins_alone_until_both_administrators_are_there(self, world: World) -> None:
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            User.objects.filter(role=role).update(is_active=False)
            assert warrants.of_operator().rule == warrants.BOOTSTRAP
            User.objects.filter(role=role).update(is_active=True)
        with pytest.raises(NotPermitted, match="--emergency") as error:
            warrants.of_operator()
        assert error.value.code == "account-two-administrators"
        Department.objects.update(active=False)
        assert warrants.of_operator().rule == warrants.BOOTSTRAP

    def test_gives_a_reason_in_an_emergency(self, world: World) -> None:
        by = warrants.of_operator(emergency=" 两名管理员均已离职 ")
        made = accounts.create_unopened(
            "rescue", full_name="值班", department=world.department, role=Role.SYSTEM_ADMIN, by=by, at=AT
        )
        leaf = json.loads(selectors.body(world.since))
        assert (leaf["event"], leaf["fields"]["rule"]) == ("account.created", "emergency")
        assert selectors.opened(world.since).values["reason"] == "两名管理员均已离职"
        assert made.has_usable_password(), "nobody knows it"


def test_accounts_with_a_known_password_are_made_for_the_demonstration_only() -> None:
    root = Path(gongxin.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "accounts.create(" in path.read_text(encoding="utf-8") or "DEMONSTRATION" in path.read_text(encoding="utf-8")
    }
    assert found == {"sample/city.py", "identity/accounts.py", "identity/warrants.py"}


def test_a_proposal_that_was_not_kept_is_a_conflict(world: World) -> None:
    world.proposed(ProposalKind.PASSWORD)
    with pytest.raises(Conflict, match="等待批准"), transaction.atomic():
        world.proposed(ProposalKind.PASSWORD)
