"""Signing in behind the second wall, before anybody is known: through doors that want a key and list nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests import held
from tests.persons import people
from tests.walls.conftest import Behind
from tests.web import signing_world
from tests.web.route_world import Everybody
from tests.web.signing_world import AT, PASSWORD, code_at, sign_in

from gongxin import clock
from gongxin.identity import doors, passwords, substitutions
from gongxin.identity.models import Representation, Role, Substitution, User
from gongxin.identity.warrants import of_operator
from gongxin.persons import holding
from gongxin.persons.models import Authorisation, File, Holder, Opening
from gongxin.secrecy import keyring, session_store
from gongxin.secrecy.session_store import kept
from gongxin.walls.acting import NOBODY, Asker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setenv("GONGXIN_KEYRING", keyring.demonstration("intl").text())


def test_a_whole_life_of_sign_ins(behind: Behind) -> None:
    """Password, second factor, the own sessions, a forgotten password, signing out: as the application, as nobody."""
    account = signing_world.build()
    account.with_app()
    other = signing_world.build(username="other")
    client, second, third = Client(), Client(), Client()
    with clock.at(AT + timedelta(minutes=1)), behind(NOBODY):
        assert sign_in(client, password="wrong").status_code == 422
        assert sign_in(client)["Location"] == "/desk/sign-in/second-factor"
        code = code_at(AT + timedelta(minutes=1))
        assert client.post("/desk/sign-in/second-factor", {"code": code})["Location"] == "/desk/"
        assert client.get("/desk/").status_code == 200
        assert sign_in(second, "other")["Location"] == "/desk/"
        assert sign_in(third, "other")["Location"] == "/desk/"
        assert "/end" in second.get("/desk/account/sessions").content.decode(), "the other browser's"
        assert second.post("/desk/account/sessions/end").status_code == 302
        assert [browser.get("/desk/").status_code for browser in (client, second, third)] == [200, 200, 302]
        assert client.post("/desk/sign-out").status_code == 302
        assert client.get("/desk/").status_code == 302
    made = passwords.reset(account.user, by=of_operator(), at=AT)
    issued = passwords.code_now(made, at=AT)
    given = {"username": "officer", "code": issued.code, "new": "another-long-one-26", "again": "another-long-one-26"}
    with behind(NOBODY):
        assert client.post("/desk/sign-in/new-password", given)["Location"] == "/desk/sign-in"
    assert User.objects.get(pk=account.user.pk).check_password("another-long-one-26")
    assert User.objects.get(pk=other.user.pk).check_password(PASSWORD)


def test_a_password_kept_in_an_older_form_is_kept_anew(behind: Behind, settings: Any) -> None:
    account = signing_world.build()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    with behind(NOBODY):
        assert sign_in(Client()).status_code == 302
    assert User.objects.get(pk=account.user.pk).password.startswith("scrypt$")


def test_nobody_reads_accounts_factors_and_sessions(behind: Behind) -> None:
    account = signing_world.build()
    account.with_app()
    client = Client()
    client.force_login(account.user)
    with behind(NOBODY):
        assert not User.objects.exists()
        assert not Authenticator.objects.exists()
        assert not UserSession.objects.exists()
        for statement in (
            "SELECT 1 FROM django_session",
            "DELETE FROM django_session",
            "INSERT INTO django_session VALUES ('k', 'd', now())",
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)


def test_doors_give_what_is_asked_for_and_no_more(behind: Behind) -> None:
    one, other = signing_world.build(), signing_world.build(username="other")
    browsers = [Client(), Client()]
    for browser, account in zip(browsers, (one, other), strict=True):
        browser.force_login(account.user)
    keys = [str(browser.session.session_key) for browser in browsers]
    with behind(NOBODY):
        assert doors.account_named(User, "officer") == one.user
        assert doors.account_with_id(User, other.user.pk) == other.user
        for wanted in ("", "%", "nobody", "officer' OR 'a'='a"):
            assert doors.account_named(User, wanted) is None
        assert doors.account_with_id(User, 0) is None
        assert doors.account_bound(User, ["", "%"]) is None
        assert set(session_store.stored([kept(keys[0])], at=clock.now())) == {kept(keys[0])}
        assert session_store.stored([keys[0], "", "%"], at=clock.now()) == {}, "the key itself is not in the database"


def test_who_signed_in_sees_the_own_rows_and_colleagues(behind: Behind) -> None:
    account = signing_world.build()
    account.with_app()
    mate = User.objects.create(username="mate", department=account.department)
    User.objects.create(username="stranger", department=held.department())
    with behind(Asker(name="officer")):
        assert set(User.objects.values_list("username", flat=True)) == {"officer"}
        assert Authenticator.objects.count() == 2
    asker = Asker(name="mate", departments=frozenset({account.department.pk}), roles=frozenset({"data_officer"}))
    with behind(asker):
        assert set(User.objects.values_list("username", flat=True)) == {"officer", "mate"}
        assert not Authenticator.objects.exists(), "a colleague's factors are not shown"
        assert User.objects.filter(pk=account.user.pk).update(is_active=False) == 0, "seen, not changed"
        assert User.objects.filter(pk=mate.pk).update(first_name="账号") == 1


def test_who_administers_sees_what_the_office_needs(behind: Behind) -> None:
    account = signing_world.build()
    account.with_app()
    signing_world.build(Role.REPRESENTATIVE, "agent")
    agent = User.objects.get(username="agent")
    Representation.objects.create(user=agent, uscc="91000000MA00000016", ground="委托书", bound_at=AT)
    absent = User.objects.create(username="absent", department=account.department)
    days = {"starts_on": AT.date(), "ends_on": AT.date()}
    substitutions.appoint(absent, account.user, **days, acting_user=None, at=AT)
    sees = {
        "security_admin": (True, 3, 1, 1),
        "credit_office": (False, 3, 1, 1),
        "system_admin": (False, 3, 1, 1),
        "auditor": (False, 3, 1, 1),
        "case_officer": (False, 0, 0, 0),
    }
    for role, wanted in sees.items():
        with behind(Asker(roles=frozenset({role}), name="x")):
            models = (User, Representation, Substitution)
            found = (Authenticator.objects.exists(), *(model._base_manager.count() for model in models))
        assert found == wanted, role
    with behind(NOBODY):
        assert doors.codes_of(agent.pk) == {"91000000MA00000016"}
        assert [entry[0] for entry in doors.stands_in(account.user.pk, AT.date())] == ["absent"]
        assert doors.stands_in(account.user.pk, AT.date() + timedelta(days=1)) == []


def test_the_doors_cost_no_statement_more(behind: Behind) -> None:
    """A page of the desk reads session, account and department, and tells the database once; a look-up reads no session
    and tells nothing.
    """
    account, about = signing_world.build(), held.organisation()
    client = Client()
    client.force_login(account.user)
    with behind(NOBODY):
        client.get("/desk/account")
        with CaptureQueriesContext(
            connection,
        ) as page:
            assert client.get("/desk/account").status_code == 200
        with CaptureQueriesContext(connection) as lookup:
            assert Client().get(f"/api/v1/organisations/{about.pk}").status_code == 200
    asked = [entry["sql"] for entry in page.captured_queries]
    of_sign_in = [sql for sql in asked if "gongxin_sessions(" in sql or "gongxin_account_with_id(" in sql]
    assert len(of_sign_in) == 2
    assert not any(
        "gongxin_session" in entry["sql"] or "identity_user" in entry["sql"] for entry in lookup.captured_queries
    )


def test_the_policies_are_asked_once_a_query(behind: Behind) -> None:
    """No sub-select of theirs runs once a row, and the index of the key that is asked for is used."""
    department = held.department()
    User.objects.bulk_create(User(username=f"u{n}", department=department) for n in range(2000))
    wanted = User.objects.get(username="u7").pk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE identity_user")
    with behind(Asker(name="u7")), connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM identity_user WHERE id = %s", [wanted])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan" in plan
    assert "SubPlan" not in plan, "InitPlans are asked once a query"


def test_a_personal_file_is_given_to_the_person_the_lent_unit_and_the_deciding_one(behind: Behind) -> None:
    """As the application, as nobody: the pages work, and no other file is there for whoever asks."""
    everybody = Everybody()
    stranger = people.account(7)
    people.handed_in(people.row(7, 7))
    world = everybody.file
    browsers = everybody.clients | {"stranger": Client()}
    browsers["stranger"].force_login(stranger)
    with behind(NOBODY):
        own = browsers["person"].get(reverse("person:home")).content.decode()
        assert reverse("person:record", args=[world.licence.id]) in own
        other = browsers["stranger"].get(reverse("person:home")).content.decode()
        assert reverse("person:record", args=[world.licence.id]) not in other
        lent = {"code": world.issued.code, "purpose": "authorised-query"}
        assert browsers["case_officer"].post(reverse("person-desk:authorised"), lent).status_code == 200
        deciding = reverse("person-desk:objection", args=[world.objection.id])
        assert browsers["case_officer"].get(deciding).status_code == 200
        assert browsers["other_officer"].get(deciding).status_code in {403, 404}
        for model in (File, Authorisation, Opening, Holder):
            assert not model._base_manager.exists(), model
    with behind(Asker(name=stranger.username)):
        assert holding.file_of(stranger) is not None
        assert File._base_manager.count() == 1
        assert not Authorisation._base_manager.exists(), "the other person's"
