"""The page of API keys: who may use it, a key shown once and kept nowhere, rotation, revocation; looked at with axe."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from tests import held
from tests.web import in_browser

from gongxin import clock
from gongxin.identity import keys
from gongxin.identity.models import ApiKey, Department, Role, User

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def department() -> Department:
    return held.department(purposes=["licence-review", "tendering"])


@pytest.fixture
def admin(department: Department) -> Client:
    """A security administrator's browser."""
    client = Client()
    client.force_login(
        User.objects.create(username="security-1", role=Role.SECURITY_ADMIN, department=held.department())
    )
    return client


def sent(**more: object) -> dict[str, object]:
    until = (clock.today() + timedelta(days=30)).isoformat()
    return {"label": "招标系统", "operations": ["check"], "purposes": ["tendering"], "until": until} | more


def secret_in(text: str) -> str:
    (found,) = set(re.findall(r"gx_[A-Za-z0-9_-]{43}", text))
    return str(found)


def test_a_key_is_shown_once_and_is_for_what_was_chosen(admin: Client, department: Department) -> None:
    address = reverse("desk:key-new") + f"?department={department.code}"
    assert "tendering" in admin.get(address).content.decode()
    answer = admin.post(address, sent())
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    key = keys.authenticate(secret_in(answer.content.decode()), at=clock.now())
    assert key is not None
    assert (key.operations, key.department.purposes, key.issued_by) == (["check"], ["tendering"], "security-1")
    listed = admin.get(reverse("desk:keys")).content.decode()
    assert key.prefix in listed
    assert "招标系统" in listed
    assert not re.search(r"gx_[A-Za-z0-9_-]{43}", listed)


@pytest.mark.parametrize(
    "wrong",
    [{"label": ""}, {"operations": []}, {"operations": ["delete"]}, {"purposes": ["fiscal-funds"]}, {"until": "x"},
     {"until": "2020-01-01"}],
)  # fmt: skip
def test_what_does_not_fit_is_said_and_no_key_is_made(
    admin: Client, department: Department, wrong: dict[str, object]
) -> None:
    answer = admin.post(reverse("desk:key-new") + f"?department={department.code}", sent(**wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_an_unknown_department(admin: Client) -> None:
    assert admin.get(reverse("desk:key-new") + "?department=nobody").status_code == 404


def test_rotation_shows_the_new_key_and_says_when_the_old_one_ends(admin: Client, department: Department) -> None:
    made = keys.issue(department=department, label="招标系统", acting_user="operator", at=clock.now())
    address = reverse("desk:key-rotate", args=[made.key.pk])
    assert admin.post(address, {"hours": "721"}).status_code == 422
    text = admin.post(address, {"hours": "2"}).content.decode()
    assert "旧密钥" in text
    assert keys.authenticate(secret_in(text), at=clock.now()) is not None
    assert keys.authenticate(made.secret, at=clock.now() + timedelta(hours=1)) is not None
    assert keys.authenticate(made.secret, at=clock.now() + timedelta(hours=3)) is None
    assert "已轮换" in admin.get(reverse("desk:keys")).content.decode()


def test_revocation_asks_first_and_ends_the_key_at_once(admin: Client, department: Department) -> None:
    made = keys.issue(department=department, label="招标系统", acting_user="operator", at=clock.now())
    address = reverse("desk:key-revoke", args=[made.key.pk])
    assert "不能恢复" in admin.get(address).content.decode()
    assert keys.authenticate(made.secret, at=clock.now()) is not None
    assert admin.post(address).status_code == 302
    assert keys.authenticate(made.secret, at=clock.now()) is None
    assert admin.post(address).status_code == 409


@pytest.mark.parametrize(("role", "reads"), [("auditor", 200), ("system_admin", 200), ("data_officer", 403)])
def test_others_issue_no_keys(department: Department, role: str, reads: int) -> None:
    made = keys.issue(department=department, label="x", acting_user="operator", at=clock.now())
    client = Client()
    client.force_login(User.objects.create(username="somebody", role=role, department=department))
    answer = client.get(reverse("desk:keys"))
    assert answer.status_code == reads
    assert "desk/keys/new" not in answer.content.decode()
    for name, arguments in (("key-new", []), ("key-rotate", [made.key.pk]), ("key-revoke", [made.key.pk])):
        assert client.post(reverse(f"desk:{name}", args=arguments), sent()).status_code == 403
    assert keys.authenticate(made.secret, at=clock.now()) is not None


@pytest.mark.browser
def test_the_pages_are_accessible(admin: Client, department: Department, page: Page) -> None:
    key = keys.issue(department=department, label="招标系统", acting_user="operator", at=clock.now()).key
    odd = in_browser.connect(page, admin)
    for address in (
        reverse("desk:keys"),
        reverse("desk:key-new") + f"?department={department.code}",
        reverse("desk:key-rotate", args=[key.pk]),
        reverse("desk:key-revoke", args=[key.pk]),
    ):
        assert in_browser.complaints(page, in_browser.ORIGIN + address) == [], address
    assert odd == []
