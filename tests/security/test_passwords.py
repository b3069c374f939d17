"""Passwords, sessions and accounts as ASVS asks for them, where no other test says it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from tests import held
from tests.security.test_injection import TEMPLATES

from gongxin.errors import InvalidInput
from gongxin.identity import accounts
from gongxin.identity.models import User

AT = datetime(2026, 5, 6, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def made(password: str, name: str = "officer-1") -> User:
    return accounts.create(name, password=password, full_name="测试人", department=held.department(), at=AT)


def signed_in(password: str, name: str = "officer-1") -> bool:
    return Client().post("/desk/sign-in", {"username": name, "password": password}).status_code == 302


@pytest.mark.parametrize(
    "password",
    ["just small letters", "ONLY LARGE LETTERS", "用中文写成的一句话当密码", "!?#%&(){}[]<>~^", "t4bl3 \t tab"],
)
def test_any_composition_is_taken(password: str) -> None:
    made(password)
    assert signed_in(password)


def test_long_passwords_are_taken_whole() -> None:
    password = "many words " * 15 + "end"
    assert len(password) > 128
    made(password)
    assert not signed_in(password[:-1] + "x")
    assert signed_in(password)


def test_a_password_is_taken_as_typed() -> None:
    made("  Blanks and Case stay  ")
    assert not signed_in("Blanks and Case stay")
    assert not signed_in("  blanks and case stay  ")
    assert signed_in("  Blanks and Case stay  ")


def test_a_password_does_not_grow_old() -> None:
    user = made("correct horse battery")
    User.objects.filter(pk=user.pk).update(date_joined=datetime(2016, 1, 1, tzinfo=UTC), last_login=None)
    assert signed_in("correct horse battery")


@pytest.mark.parametrize(
    "password", ["gongxin2026!", "Credit-2026-01", "信用中国2026年", "admin.jinan.888", "MiMa123456mima"]
)
def test_words_of_this_place_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        made(password)


def test_words_of_this_place_among_others_are_fine() -> None:
    assert made("our credit office drinks tea").check_password("our credit office drinks tea")


def test_fields_are_masked_and_open_to_managers() -> None:
    text = Client().get("/desk/sign-in").content.decode()
    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', text)
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "readonly" not in field
    assert "onpaste" not in "".join(path.read_text() for path in TEMPLATES)


def test_a_new_node_has_no_account() -> None:
    """Migrations make none; those of the demonstration are made by `gongxin demo` alone."""
    assert not User.objects.exists()


def test_there_are_no_hints_and_no_questions() -> None:
    names = {field.name for field in User._meta.get_fields()}
    assert not {name for name in names if re.search("hint|question|answer", name)}
    assert names >= {field.name for field in AbstractUser._meta.get_fields() if field.name in {"username", "password"}}


def test_session_keys_cannot_be_guessed(settings: Any) -> None:
    user = made("correct horse battery")
    keys = set()
    for _ in range(5):
        client = Client()
        client.force_login(user)
        keys.add(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert len(keys) == 5
    # 32 letters and digits: more than 160 bits.
    assert all(re.fullmatch(r"[a-z0-9]{32,}", key) for key in keys)


def test_signing_out_clears_the_browser() -> None:
    client = Client()
    client.force_login(made("correct horse battery"))
    answer = client.post("/desk/sign-out")
    assert '"cache"' in answer["Clear-Site-Data"]
    assert client.get("/desk/").status_code == 302
