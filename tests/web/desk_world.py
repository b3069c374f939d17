"""Two departments, their officers, the credit office, a submission with rejected rows: for tests of the desk."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client
from tests.intake.hand_ins import AT, hand_in, nameless, penalty, person

from gongxin import clock
from gongxin.identity import accounts, sessions
from gongxin.identity.models import Department, Role, User
from gongxin.intake.models import Submission
from gongxin.records.models import Record

PASSWORD = "a-long-password-2026"


@dataclass(frozen=True)
class World:
    """mine and theirs: departments; officer works for mine, other for theirs; submission and record belong to mine."""

    mine: Department
    theirs: Department
    officer: User
    other: User
    office: User
    submission: Submission
    record: Record

    def client(self, user: User | None) -> Client:
        """A browser, signed in as `user`, just now."""
        client = Client()
        if user is not None:
            client.force_login(user)
            session = client.session
            session[sessions.CONFIRMED] = int(clock.now().timestamp())
            session.save()
        return client


def build() -> World:
    """Rows 2 to 5 of the file: one accepted, two without a name, one of a natural person."""
    mine = Department.objects.create(code="market", name="虚构市场监督管理局", items=["penalty", "licence"])
    theirs = Department.objects.create(code="tax", name="虚构税务局", items=["penalty", "tax-arrears"])
    credit = Department.objects.create(code="credit", name="虚构信用中心", items=["honour"])
    submission = hand_in(
        [penalty(1, CF_WSH="泽市监罚〔2026〕9001号"), nameless(2), nameless(3), person(4)], provider=mine
    )
    assert (submission.rows_in, submission.accepted, submission.rejected) == (4, 1, 3)
    return World(
        mine=mine,
        theirs=theirs,
        officer=_account("officer", mine),
        other=_account("other", theirs),
        office=_account("office", credit, Role.CREDIT_OFFICE),
        submission=submission,
        record=Record.objects.get(submission_id=submission.pk),
    )


def _account(username: str, department: Department, role: Role = Role.DATA_OFFICER) -> User:
    return accounts.create(
        username, password=PASSWORD, full_name=f"账号{username}", department=department, role=role, at=AT
    )
