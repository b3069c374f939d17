"""Roles that exclude each other: by the rule, by the verbs and by the database itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from gongxin.errors import Conflict, InvalidInput, NotPermitted
from gongxin.identity import accounts, representations, substitutions
from gongxin.identity.models import Department, Representation, Role, Substitution, User
from gongxin.identity.roles import ADMINISTRATORS, OUTSIDE, STAFF, WORKING, exclude
from gongxin.identity.selectors import codes, in_force
from gongxin.identity.warrants import TWO, Warrant, of_operator
from gongxin.ledger import selectors

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
DAY = date(2026, 4, 2)
CODE = "91000000MA00000016"


@pytest.fixture
def department() -> Department:
    return Department.objects.create(code="market", name="虚构市场监督管理局")


def account(name: str, role: Role, department: Department | None) -> User:
    return User.objects.create(username=name, role=role, department=department if role in STAFF else None)


def substitution(absent: User, substitute: User, role: str) -> Substitution:
    """A row as somebody might write it past the verbs."""
    return Substitution.objects.create(
        absent=absent,
        substitute=substitute,
        role=role,
        department_id=absent.department_id,
        starts_on=DAY,
        ends_on=DAY,
        appointed_at=AT,
    )


def test_every_role_is_of_one_kind_and_administrators_exclude_all_others() -> None:
    assert set(Role) == WORKING | ADMINISTRATORS | OUTSIDE
    assert len(WORKING) + len(ADMINISTRATORS) + len(OUTSIDE) == len(Role)
    for one, other in product(Role, Role):
        assert exclude(one, other) == exclude(other, one)
        if one != other and {one, other} & (ADMINISTRATORS | OUTSIDE):
            assert exclude(one, other)
    assert not any(exclude(one, other) for one, other in product(WORKING, WORKING))


def test_the_database_knows_the_same_exclusions() -> None:
    with connection.cursor() as cursor:
        for one, other in product(Role, Role):
            cursor.execute("SELECT identity_roles_exclude(%s, %s)", [one.value, other.value])
            assert cursor.fetchone() == (exclude(one, other),), (one, other)


def test_the_database_refuses_every_excluded_substitution(department: Department) -> None:
    made = {role: (account(f"{role}-a", role, department), account(f"{role}-b", role, department)) for role in STAFF}
    refused = 0
    for absent, substitute in product(sorted(STAFF), sorted(STAFF)):
        pair = (made[absent][0], made[substitute][1])
        if not exclude(absent, substitute):
            substitution(*pair, absent).delete()
            continue
        refused += 1
        with pytest.raises(IntegrityError, match="excludes"), transaction.atomic():
            substitution(*pair, absent)
    assert refused == 24


def test_the_database_refuses_a_role_that_a_substitution_excludes(department: Department) -> None:
    absent, substitute = (account(name, Role.CASE_OFFICER, department) for name in ("absent", "substitute"))
    substitution(absent, substitute, Role.CASE_OFFICER)
    with pytest.raises(IntegrityError, match="stands in for"), transaction.atomic():
        User.objects.filter(pk=substitute.pk).update(role=Role.AUDITOR)
    User.objects.filter(pk=substitute.pk).update(role=Role.DATA_OFFICER)


@pytest.mark.parametrize(
    "changes", [{"role": "emperor"}, {"role": "person"}, {"is_superuser": True}, {"is_staff": True}]
)
def test_the_database_refuses_impossible_accounts(department: Department, changes: dict[str, object]) -> None:
    made = account("officer", Role.DATA_OFFICER, department)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=made.pk).update(**changes)


def test_only_representatives_are_bound(department: Department) -> None:
    officer, person = account("officer", Role.DATA_OFFICER, department), account("person", Role.PERSON, None)
    for user in (officer, person):
        with pytest.raises(InvalidInput, match="不能绑定"):
            representations.bind(user, CODE, ground="委托书", acting_user=None, at=AT)
        with pytest.raises(IntegrityError, match="no organisation"), transaction.atomic():
            Representation.objects.create(user=user, uscc=CODE, bound_at=AT)


def test_binding_begins_once_and_ends_once() -> None:
    user, since = account("representative", Role.REPRESENTATIVE, None), selectors.size()
    bound = representations.bind(user, CODE, ground=" 授权委托书〔2026〕1号 ", acting_user=None, at=AT)
    assert codes(user) == {CODE}
    with pytest.raises(Conflict):
        representations.bind(user, CODE, ground="委托书", acting_user=None, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(role=Role.PERSON)
    representations.end(bound.pk, acting_user=None, at=AT + timedelta(days=1))
    with pytest.raises(Conflict):
        representations.end(bound.pk, acting_user=None, at=AT + timedelta(days=2))
    assert codes(user) == frozenset()
    assert selectors.size() == since + 2
    assert all(CODE.encode() not in body for body in selectors.bodies(since, since + 2))


@pytest.mark.parametrize("code", ["", "91000000MA0000001", "91000000ma00000016", "91000000MA0000001I"])
def test_code_of_another_shape_is_refused(code: str) -> None:
    user = account("representative", Role.REPRESENTATIVE, None)
    with pytest.raises(InvalidInput, match="18 位"):
        representations.bind(user, code, ground="委托书", acting_user=None, at=AT)


def test_substitute_is_in_force_from_first_to_last_day(department: Department) -> None:
    absent, substitute = (account(name, Role.CASE_OFFICER, department) for name in ("absent", "substitute"))
    days = {"starts_on": DAY, "ends_on": DAY + timedelta(days=2)}
    admin = account("security", Role.SECURITY_ADMIN, department)
    made = substitutions.appoint(absent, substitute, **days, acting_user=admin, at=AT)
    assert (made.role, made.department) == (Role.CASE_OFFICER, department)
    found = [in_force(substitute, DAY + timedelta(days=n)).exists() for n in range(-1, 4)]
    assert found == [False, True, True, True, False]
    with pytest.raises(Conflict, match="已有代理人"):
        substitutions.appoint(absent, substitute, **days, acting_user=None, at=AT)
    substitutions.end(made.pk, acting_user=admin, at=AT)
    assert not in_force(substitute, DAY).exists()
    with pytest.raises(Conflict):
        substitutions.end(made.pk, acting_user=admin, at=AT)


@pytest.mark.parametrize("absent", sorted(STAFF))
@pytest.mark.parametrize("own", sorted(STAFF))
def test_no_verb_gives_a_substitute_an_excluded_role(department: Department, absent: Role, own: Role) -> None:
    one, other = account("one", absent, department), account("other", own, department)
    days = {"starts_on": DAY, "ends_on": DAY}
    if not exclude(absent, own):
        substitutions.appoint(one, other, **days, acting_user=None, at=AT)
        return
    with pytest.raises(InvalidInput) as refused:
        substitutions.appoint(one, other, **days, acting_user=None, at=AT)
    assert refused.value.code == "substitute-excluded"
    assert not Substitution.objects.exists()


def test_appointments_that_make_no_sense(department: Department) -> None:
    other = Department.objects.create(code="tax", name="虚构税务局")
    absent, mate = (account(name, Role.CASE_OFFICER, department) for name in ("absent", "mate"))
    stranger, person = account("stranger", Role.CASE_OFFICER, other), account("person", Role.PERSON, None)
    later, long = DAY + timedelta(days=1), DAY + timedelta(days=400)
    said = []
    for one, two, starts_on, ends_on, actor in (
        (absent, absent, DAY, later, None),
        (absent, stranger, DAY, later, None),
        (person, mate, DAY, later, None),
        (absent, mate, later, DAY, None),
        (absent, mate, DAY, long, None),
        (absent, mate, DAY, later, mate),
        (absent, mate, DAY, later, absent),
    ):
        with pytest.raises((InvalidInput, NotPermitted)) as refused:
            substitutions.appoint(one, two, starts_on=starts_on, ends_on=ends_on, acting_user=actor, at=AT)
        said.append(refused.value.code)
    assert said == [
        "substitute-same",
        "substitute-department",
        "substitute-outside",
        "substitute-days",
        "substitute-too-long",
        "account-own",
        "access-default",
    ]


def test_a_new_role_ends_what_belonged_to_the_old_one(department: Department) -> None:
    absent, substitute = (account(name, Role.CASE_OFFICER, department) for name in ("absent", "substitute"))
    substitutions.appoint(absent, substitute, starts_on=DAY, ends_on=DAY, acting_user=None, at=AT)
    since = selectors.size()
    by = Warrant("security", TWO)
    changed = accounts.change_role(substitute, role=Role.AUDITOR, department=department, by=by, at=AT)
    assert changed.role == Role.AUDITOR
    assert Substitution.objects.get().ended_by == "security"
    assert selectors.opened(since).values == {"actor": "security", "account": "substitute", "reason": ""}
    with pytest.raises(Conflict):
        accounts.change_role(changed, role=Role.AUDITOR, department=department, by=by, at=AT)


def test_staff_has_a_department_and_others_have_none(department: Department) -> None:
    user = account("officer", Role.DATA_OFFICER, department)
    for role, given in ((Role.CASE_OFFICER, None), (Role.REPRESENTATIVE, department)):
        with pytest.raises(InvalidInput):
            accounts.change_role(user, role=role, department=given, by=of_operator(), at=AT)
    assert accounts.change_role(user, role=Role.REPRESENTATIVE, department=None, by=of_operator(), at=AT)
