"""Who asks reaches the database, and stays in it no longer than the request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from tests import held
from tests.walls.conftest import Behind
from tests.walls.two_sides import AT, Side

import gongxin
from gongxin.identity import accounts, keys
from gongxin.identity.decisions import Actor, StandIn
from gongxin.identity.models import Role, User
from gongxin.identity.walls import asker_of
from gongxin.intake.models import Submission
from gongxin.walls import acting
from gongxin.walls.acting import NOBODY, Asker
from gongxin.walls.roles import Names

pytestmark = pytest.mark.django_db

# Every place where the node itself asks, whoever's rows it touches, and why.
AS_NODE = {
    "api/service.py": "a key that is over is nobody's; that it was shown goes on record for its department",
    "intake/jobs.py": "processing compares with what other departments hold",
    "web/mine/following.py": "whoever has the signed link of an e-mail confirms or stops its address; nothing is shown",
    "rights/acting.py": "which department is the credit office; nothing of its accounts is shown",
    "rights/cases.py": "numbers of cases are counted over all departments; only numbers are read",
    "rights/eligibility.py": "an untrue commitment bars repair whichever department found it; only the day is read",
    "rights/selectors.py": "seats of trainings are counted over everybody; whose the steps of a case that is seen were",
    "rights/training.py": "seats are counted over everybody who comes; only the number is read",
    "endurance/metrics.py": "sums over every department's hand-ins",
    "ends/due.py": "how much may be destroyed under each rule, in numbers; ids and days of messages of all accounts",
    "ends/destroying.py": "whether somebody else, in a draft too, keeps the same file",
    "web/public/records.py": "which fields a correction changed and by which rule it is not shown; no content",
    "persons/ending.py": "files are locked while entries of theirs are destroyed; only ids",
    "persons/terms.py": "until when entries are kept, for counting and destroying what is over; nothing of it is shown",
    "enquiries/verification.py": "whoever has a report's number may know whether it still holds",
}


def _told(name: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_told(%s)", [name])
        return list(cursor.fetchone()[0])


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _officer(side: Side) -> User:
    return accounts.create(
        f"officer-of-{side.department.code}",
        password="a-long-password-2026",
        full_name="账号",
        department=side.department,
        role=Role.DATA_OFFICER,
        at=AT,
    )


def test_one_connection_two_accounts_and_a_visitor(behind: Behind) -> None:
    """The pages show each its own rows, and the session knows nobody in between."""
    mine, theirs = Side(), Side()
    one, other = _signed_in(_officer(mine)), _signed_in(_officer(theirs))
    # mypy: rows are models of every kind; this one is a submission.
    names = {side: side.rows["intake_submission"].filename for side in (mine, theirs)}  # type: ignore[attr-defined]
    with behind(NOBODY):
        session = connection.connection.info.backend_pid
        for client, shown, hidden in ((one, mine, theirs), (other, theirs, mine), (one, mine, theirs)):
            page = client.get("/desk/submissions/").content.decode()
            assert names[shown] in page
            assert names[hidden] not in page
            assert _told("departments") == _told("roles") == _told("name") == []
            assert Submission.objects.count() == 0
            assert Client().get("/").status_code == 200
        assert connection.connection.info.backend_pid == session


def test_a_request_that_breaks_leaves_nothing(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _signed_in(_officer(Side()))

    def broken(*_args: object, **_more: object) -> None:
        assert _told("departments")
        raise ZeroDivisionError

    monkeypatch.setattr("gongxin.web.desk.listing._filtered", broken)
    client.raise_request_exception = False
    with behind(NOBODY):
        assert client.get("/desk/submissions/").status_code == 500
        assert _told("departments") == []


def test_the_next_request_begins_as_nobody_even_if_the_last_never_ended(behind: Behind) -> None:
    side = Side()
    with behind(side.staff()):
        assert Submission.objects.count() == 1
        acting._begun()
        assert Submission.objects.count() == 0
        assert acting.acting() == NOBODY


def test_a_session_that_is_opened_anew_is_told_anew(behind: Behind) -> None:
    side = Side()
    with behind(side.staff()):
        # What a new session of the server knows.
        connection.connection.execute("SELECT set_config('gongxin.departments', '', false)")
        acting._connected(connection)
        assert _told("departments") == [str(side.department.pk)]


def test_a_transaction_that_fails_does_not_leave_the_node_s_rights(behind: Behind) -> None:
    side = Side()
    with behind(side.staff()):
        with pytest.raises(ZeroDivisionError), acting.as_node(), transaction.atomic():
            assert "node" in _told("roles")
            raise ZeroDivisionError
        assert "node" not in _told("roles")
        with pytest.raises(Exception, match="does not exist"), transaction.atomic(), acting.as_node():
            connection.cursor().execute("SELECT nothing")
        assert "node" not in _told("roles")
        assert acting.acting() == side.staff()


def test_loading_ends_with_its_block_and_with_its_transaction(behind: Behind) -> None:
    side = Side()

    def role() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])

    with behind(side.staff()):
        before = role()
        with transaction.atomic(), acting.loading():
            assert role().endswith("_loader")
        assert role() == before
        with pytest.raises(ZeroDivisionError), transaction.atomic(), acting.loading():
            raise ZeroDivisionError
        assert role() == before


def test_without_a_loader_hand_ins_are_loaded_as_the_application(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with behind(NOBODY):
        monkeypatch.setattr("gongxin.walls.acting.roles.names", lambda: Names("", "nobody_is_called_so", ""))
        with transaction.atomic(), acting.loading(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert str(cursor.fetchone()[0]).endswith("_app")


def test_public_reads_tell_nothing(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up costs no round trip more than without the wall."""
    about = held.organisation()
    told: list[Any] = []
    monkeypatch.setattr(Asker, "told", lambda asker: told.append(asker) or [])
    with behind(NOBODY):
        for address in (f"/api/v1/organisations/{about.pk}", f"/organisations/{about.pk}", "/disclosures/"):
            assert Client().get(address).status_code == 200
    assert told == []


def test_a_key_asks_for_its_department(behind: Behind) -> None:
    mine, theirs = Side(), Side()
    key = keys.issue(department=mine.department, label="审批系统", acting_user="operator", at=AT)
    headers = {"Authorization": f"Bearer {key.secret}"}
    with behind(NOBODY):
        own, foreign = (side.rows["intake_submission"].pk for side in (mine, theirs))
        assert Client().get(f"/api/v1/submissions/{own}", headers=headers).status_code == 200
        assert Client().get(f"/api/v1/submissions/{foreign}", headers=headers).status_code == 404
        assert _told("departments") == _told("digest") == []


def test_what_an_actor_is_told_as() -> None:
    side = Side()
    one, other = side.department.pk, held.department().pk
    absent = StandIn("absent", "case_officer", other, AT.date(), AT.date())
    officer = Actor("officer", "data_officer", one, stands_in=(absent,))
    assert asker_of(officer) == Asker(
        roles=frozenset({"data_officer", "case_officer"}), departments=frozenset({one, other}), name="officer"
    )
    for role in ("auditor", "system_admin", "security_admin"):
        assert asker_of(Actor("admin", role, one)).departments == frozenset()
    closed = asker_of(Actor("officer", "credit_office", one, active=False))
    assert (closed.roles, closed.departments, closed.codes) == (frozenset(), frozenset(), frozenset())


def test_lists_are_read_back_as_they_were_told(behind: Behind) -> None:
    odd = 'a "name", with {all} of it\\'
    with behind(Asker(name=odd)):
        assert _told("name") == [odd]


def test_every_place_where_the_node_asks_is_known() -> None:
    root = Path(gongxin.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"\bas_node\(\)", path.read_text()) and "walls" not in path.relative_to(root).parts
    }
    assert found == set(AS_NODE)
