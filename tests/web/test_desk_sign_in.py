"""Signing in and out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from tests.web.desk_world import PASSWORD, World

SIGN_IN = "/desk/sign-in"


def test_signs_in_and_goes_on(world: World) -> None:
    client = Client()
    answer = client.post(SIGN_IN, {"username": "officer", "password": PASSWORD, "next": "/desk/upload?item=penalty"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/upload?item=penalty")
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example", "///evil.example"],
)
def test_goes_on_only_to_addresses_of_ours(world: World, elsewhere: str) -> None:
    answer = Client().post(SIGN_IN, {"username": "officer", "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == reverse("desk:home")


def test_page_asked_for_comes_after_signing_in(world: World) -> None:
    answer = Client().get("/desk/submissions/?state=open")
    assert answer["Location"] == "/desk/sign-in?next=%2Fdesk%2Fsubmissions%2F%3Fstate%3Dopen"


def test_wrong_password_says_so_and_keeps_the_name(world: World) -> None:
    answer = Client().post(SIGN_IN, {"username": "officer", "password": "wrong"})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "账号或密码不正确" in said
    assert 'value="officer"' in said
    assert "wrong" not in said
    assert 'autofocus id="refused"' in said


def test_empty_form_names_the_fields(world: World) -> None:
    answer = Client().post(SIGN_IN, {})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_username"' in said
    assert 'aria-describedby="id_password_error"' in said


def test_signing_out_ends_the_session(world: World) -> None:
    client = world.client(world.officer)
    assert client.get("/desk/sign-out").status_code == 405
    assert client.post("/desk/sign-out")["Location"] == SIGN_IN
    assert client.get("/desk/").status_code == 302


def test_fragment_of_an_ended_session_sends_the_whole_page_away(world: World) -> None:
    page = f"/desk/submissions/{world.submission.pk}"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    answer = Client().get(f"{page}/progress", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/desk/sign-in?next=%2Fdesk%2Fsubmissions%2F")
