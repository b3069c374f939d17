"""Staff accounts and the desk's access rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity import accounts, actors, decisions, signing_in
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department, Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
DAY = AT.date()
PASSWORD = "long-enough-2026"


@pytest.fixture
def department() -> Department:
    return Department.objects.create(code="market", name="虚构市场监督管理局")


def _create(department: Department, **changes: str) -> User:
    facts = {"password": PASSWORD, "full_name": "报送员甲", "role": "data_officer", **changes}
    return accounts.create(facts.pop("username", "officer"), department=department, at=AT, **facts)


def test_created_account_can_sign_in(department: Department) -> None:
    made = _create(department)
    found = signing_in.by_password(RequestFactory().post("/"), username="officer", password=PASSWORD, at=AT)
    assert (found, found.display_name(), found.date_joined) == (made, "报送员甲", AT)
    assert PASSWORD not in made.password


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "short"}, "password-weak"),
        ({"password": "1234567890123"}, "password-weak"),
        ({"username": "marketoffice", "password": "marketoffice"}, "password-weak"),
        ({"username": "has blank"}, "account-name"),
        ({"username": ""}, "account-name"),
        ({"role": "emperor"}, "role-unknown"),
    ],
)
def test_bad_account_is_refused_with_the_next_step(department: Department, changes: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _create(department, **changes)
    assert refused.value.code == code
    assert refused.value.remedy
    assert not User.objects.exists()


def test_name_is_taken_once(department: Department) -> None:
    _create(department)
    with pytest.raises(InvalidInput, match="已经存在"):
        _create(department)


def test_wrong_password_unknown_name_and_closed_account_say_the_same(department: Department) -> None:
    _create(department)
    closed = _create(department, username="closed")
    closed.is_active = False
    closed.save()
    said = set()
    for username, password in (("officer", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD)):
        with pytest.raises(NotPermitted) as refused:
            signing_in.by_password(RequestFactory().post("/"), username=username, password=password, at=AT)
        said.add((refused.value.code, refused.value.title, refused.value.remedy))
    assert len(said) == 1


def test_department_out_of_use_stops_its_accounts(department: Department) -> None:
    user = _create(department)
    department.active = False
    department.save()
    user.refresh_from_db()
    with pytest.raises(NotPermitted, match="停用"):
        decisions.require(actors.of_user(user, day=DAY), Action.DESK_ENTER, day=DAY)


def test_officer_sees_the_own_department_and_credit_office_all(department: Department) -> None:
    officer, office = (
        actors.of_user(_create(department, username=role, role=role), day=DAY)
        for role in (Role.DATA_OFFICER, Role.CREDIT_OFFICE)
    )
    assert decisions.scope(officer, Action.SUBMISSION_READ, day=DAY) == department.pk
    assert decisions.scope(office, Action.SUBMISSION_READ, day=DAY) is None
    with pytest.raises(NotPermitted):
        decisions.scope(officer, Action.LOOKS_SEARCH, day=DAY)
