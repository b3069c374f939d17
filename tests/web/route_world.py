"""Everybody who may come to an address, and what the addresses name: for the table of routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from tests.rights.world import proof
from tests.web import desk_world, person_world
from tests.web.desk_world import PASSWORD, World

from gongxin import clock
from gongxin.identity import accounts, consents, keys, proposals, representations, substitutions
from gongxin.identity.models import Department, Proposal, ProposalKind, Role, User
from gongxin.identity.proposals import Wanted
from gongxin.rights import cases, training
from gongxin.rights.cases import Given
from gongxin.rights.models import Channel

# Who asks. other_officer hands in for another department; everybody else named for a role works where the objects are.
ACTORS: Final = (
    "visitor", "data_officer", "other_officer", "case_officer", "credit_office", "auditor", "system_admin",
    "security_admin", "representative", "person", "key",
)  # fmt: skip
GROUPS: Final = {
    "everyone": ACTORS,
    "signed_in": ACTORS[1:10],
    "staff": ACTORS[1:8],
    "working": ACTORS[1:5],
    "officers": ACTORS[1:4],
    "administrators": ACTORS[5:8],
    "outside": ACTORS[8:10],
}
NOTHING: Final = "0193f0a2-c0de-7000-8000-00000000abcd"


@dataclass(frozen=True)
class Question:
    """One request: how and where. body: JSON for the API, a form elsewhere."""

    method: str
    path: str
    body: Any = None


class Everybody:
    """A browser or program for each actor, and the objects that addresses name."""

    def __init__(self) -> None:
        world = desk_world.build()
        self.world, at = world, clock.now()
        Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"])
        world.mine.refresh_from_db()
        users: dict[str, User] = {"data_officer": world.officer, "other_officer": world.other}
        users["credit_office"] = world.office
        for role in (Role.CASE_OFFICER, Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            users[role] = _account(role, world.mine)
        for role in (Role.REPRESENTATIVE, Role.PERSON):
            users[role] = _account(role, None)
        organisation = world.record.organisation
        bound = representations.bind(
            users["representative"], str(organisation.uscc), ground="授权委托书", acting_user=None, at=at
        )
        today = clock.today()
        stood_in = substitutions.appoint(
            _account(Role.CASE_OFFICER, world.mine, "absent"),
            users["case_officer"],
            starts_on=today,
            ends_on=today + timedelta(days=9),
            acting_user=None,
            at=at,
        )
        case = cases.open_case(
            "objection",
            "file",
            world.record.pk,
            given=Given(reasons="罚款金额有误", files=[proof()]),
            channel=Channel.ACCOUNT,
            acting_user=users["representative"],
            at=at,
        )
        self.file = person_world.build(users["person"], world.mine)
        course = training.open_course("信用修复培训", "", acting_user=users["case_officer"], at=at)
        session = training.schedule(
            course.pk, at + timedelta(days=9), "市民中心", hours=3, seats=9, acting_user=users["case_officer"], at=at
        )
        issued = keys.issue(department=world.mine, label="审批系统", acting_user="operator", at=at)
        self.users = users
        self.clients = {name: world.client(user) for name, user in users.items()}
        self.clients |= {"visitor": Client(), "key": Client(headers={"Authorization": f"Bearer {issued.secret}"})}
        self.objects = {
            "<submission>": world.submission.pk,
            "<record>": world.record.pk,
            "<organisation>": organisation.pk,
            "<uscc>": organisation.uscc,
            "<account>": world.officer.pk,
            "<representative>": users["representative"].pk,
            "<substitution>": stood_in.pk,
            "<representation>": bound.pk,
            "<key>": issued.key.pk,
            "<proposal>": _proposed(users).pk,
            "<course>": course.pk,
            "<session>": session.pk,
            "<case>": case.pk,
            "<evidence>": case.evidence.get().pk,
            "<notice>": case.notices.get(addressee="organisation").pk,
            "<consent>": consents.lend(
                str(organisation.uscc),
                consents.Borrower(world.mine),
                items=["penalty"],
                purpose="authorised-query",
                ends_on=today,
                acting_user=users["representative"],
                at=at,
            ).consent.pk,
            "<person-record>": self.file.licence.id,
            "<person-objection>": self.file.objection.id,
            "<person-paper>": self.file.objection.papers[0].id,
            "<person-authorisation>": self.file.issued.authorisation.id,
            "<person-code>": self.file.issued.code,
            "<nothing>": NOTHING,
        }
        # What was answered last, whole.
        self.said = b""

    def named(self, text: Any) -> Any:
        """The object an entry of the table stands for, or the entry itself; also within a body."""
        if isinstance(text, Mapping):
            return {name: self.named(entry) for name, entry in text.items()}
        return self.objects.get(text, text) if isinstance(text, str) else text

    def ask(self, actor: str, question: Question) -> HttpResponseBase:
        """What the actor is answered; nothing of it stays."""
        client = self.clients[actor]
        cookies = SimpleCookie({name: morsel.value for name, morsel in client.cookies.items()})
        with transaction.atomic():
            answer = _asked(client, question)
            self.said = body(answer)
            transaction.set_rollback(True)
        client.cookies = cookies
        return answer

    def text(self) -> str:
        """What was answered last, as far as it is text; sheets of workbooks too."""
        if not self.said.startswith(b"PK"):
            return self.said.decode("utf-8", "replace")
        with ZipFile(BytesIO(self.said)) as book:
            return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def body(response: HttpResponseBase) -> bytes:
    """What was sent, whole."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def _asked(client: Client, question: Question) -> HttpResponseBase:
    if question.method == "get":
        return client.get(question.path)
    if question.path.startswith("/api/"):
        return client.post(question.path, question.body or {}, content_type="application/json")
    return client.post(question.path, question.body or {})


def _proposed(users: dict[str, User]) -> Proposal:
    """A new account, to be approved."""
    officer = {"username": "proposed", "full_name": "虚构员工", "role": Role.CASE_OFFICER.value}
    wanted = Wanted(ProposalKind.ACCOUNT, department=users["other_officer"].department, **officer)
    return proposals.propose(wanted, reason="新入职", acting_user=users[Role.SYSTEM_ADMIN], at=clock.now())


def _account(role: str, department: Department | None, name: str = "") -> User:
    given: dict[str, Any] = {"password": PASSWORD, "department": department, "role": role, "at": clock.now()}
    return accounts.create(name or role, full_name=f"账号{name or role}", **given)


__all__ = ["ACTORS", "GROUPS", "Everybody", "Question", "World"]
