"""Staff accounts and the desk's access rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity import access, accounts, signing_in
from gongxin.identity.models import Department, Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 1, tzinfo=UTC)
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
        access.scope(user)


def test_officer_sees_the_own_department_and_credit_office_all(department: Department) -> None:
    officer, office = _create(department), _create(department, username="credit", role=Role.CREDIT_OFFICE)
    other = Department.objects.create(code="tax", name="虚构税务局")
    assert access.scope(officer) == department
    assert access.scope(office) is None
    assert access.may_hand_in(officer, department.pk)
    assert not access.may_hand_in(officer, other.pk)
    assert not access.may_hand_in(office, other.pk)
    with pytest.raises(NotPermitted):
        access.judge_overview(officer)
    access.judge_overview(office)
