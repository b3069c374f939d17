"""All addresses, found by walking the resolver: headers, caching, cookies, methods, types; for nobody and staff."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from tests import held
from tests.security.routes import Route, every_route

from gongxin.identity import keys
from gongxin.identity.models import Role, User
from gongxin.traffic.headers import DEFAULTS

pytestmark = pytest.mark.django_db
ROUTES = every_route()
# What a browser shows must say in which letters it is written.
_TEXTS = ("text/", "application/xml")


Answer = tuple[Route, HttpResponseBase]


@pytest.fixture(autouse=True)
def quiet(settings: Any, tmp_path: Any) -> None:
    """Files of requests go nowhere that lasts."""
    settings.FILES_DIR = tmp_path / "files"


def asked(**more: Any) -> list[Answer]:
    """Each route's answers to GET, from nobody and from the credit office."""
    staff, nobody = Client(raise_request_exception=False), Client(raise_request_exception=False)
    office = User.objects.create(username="office-1", role=Role.CREDIT_OFFICE, department=held.department())
    found: list[Answer] = []
    staff.force_login(office)
    for route in ROUTES:
        found += [(route, nobody.get(route.path, **more)), (route, staff.get(route.path, **more))]
    return found


@pytest.fixture(scope="module")
def walked(django_db_setup: None, django_db_blocker: Any) -> list[Answer]:
    """All addresses, walked once for this module."""
    with django_db_blocker.unblock(), transaction.atomic():
        found = asked()
        transaction.set_rollback(True)
    return found


def test_the_walk_finds_the_house() -> None:
    assert len(ROUTES) > 60
    assert {"public", "desk", "api"} <= {route.namespace for route in ROUTES}


def test_every_answer_has_every_header(walked: list[Answer]) -> None:
    for route, answer in walked:
        assert answer.status_code < 500 or answer.status_code == 503, route
        assert DEFAULTS.keys() <= dict(answer.headers).keys(), route
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Request-Id"]
        policy = answer["Content-Security-Policy"]
        for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy, (route, part)
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "Access-Control-Allow-Origin" not in answer, route


def test_private_answers_are_kept_by_nobody(walked: list[Answer]) -> None:
    seen = 0
    for route, answer in walked:
        if route.private:
            seen += 1
            assert "no-store" in answer["Cache-Control"], route
    assert seen > 40


def test_answers_to_a_key_are_kept_by_nobody() -> None:
    key = keys.issue(department=held.department(), label="x", acting_user="operator", at=held.AT).secret
    client = Client(headers={"Authorization": f"Bearer {key}"})
    for route in ROUTES:
        if route.namespace == "api":
            assert "no-store" in client.get(route.path)["Cache-Control"], route


def test_every_answer_says_its_type_and_letters(walked: list[Answer]) -> None:
    for route, answer in walked:
        content_type = answer.get("Content-Type", "")
        if answer.status_code in (204, 301, 302, 304):
            continue
        assert content_type, route
        if content_type.startswith(_TEXTS):
            assert "charset=utf-8" in content_type.lower(), (route, content_type)


def test_files_come_as_attachments(walked: list[Answer]) -> None:
    """What is no page, no answer of the API and no style is saved, not shown."""
    shown = ("text/html", "application/json", "application/problem+json", "text/css", "text/javascript", "image/")
    files = 0
    for route, answer in walked:
        content_type = answer.get("Content-Type", "")
        if (
            answer.status_code == 200
            and route.namespace != "api"
            and not content_type.startswith((*shown, "text/plain"))
        ):
            files += 1
            assert answer["Content-Disposition"].startswith("attachment"), route
    assert files > 3


def test_every_cookie_is_for_this_site_and_not_for_scripts(walked: list[Answer]) -> None:
    names = set()
    for route, answer in walked:
        for name, cookie in answer.cookies.items():
            if not cookie.value:
                continue
            names.add(name)
            assert cookie["samesite"] in ("Lax", "Strict"), (route, name)
            assert cookie["httponly"] or name == "django_language", (route, name)
            assert cookie["path"] == "/"
            assert not cookie["domain"]
            assert len(name) + len(cookie.value) < 4096
    assert names, "no cookie was seen: the walk has gone stale"


def test_other_methods_do_nothing() -> None:
    client = Client(raise_request_exception=False)
    for number, route in enumerate(ROUTES):
        answer = client.generic(("TRACE", "X-NOTHING")[number % 2], route.path, b"ECHO-CANARY")
        assert answer.status_code in (301, 302, 400, 403, 404, 405, 410, 429, 501), (route, answer.status_code)
        assert b"ECHO-CANARY" not in (b"" if answer.streaming else answer.content)


def test_a_forged_post_changes_nothing_anywhere() -> None:
    """A form of another site has the session's cookie and no token; an API request without a key has neither."""
    office = User.objects.create(username="office-1", role=Role.CREDIT_OFFICE, department=held.department())
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(office)
    for route in ROUTES:
        answer = client.post(route.path, {"x": "1"}, headers={"Origin": "https://evil.example"})
        # Preferences change nothing but the look of this browser.
        if route.path != "/preferences":
            assert answer.status_code not in range(200, 400), (route, answer.status_code)


@pytest.mark.long
def test_nonsense_and_forged_headers_break_nothing_and_lead_nowhere() -> None:
    nonsense = "page=-1&page=a&limit=%00&q=%27%3B--&code[]=1&id=../../etc/passwd&next=//evil.example&since=0000-99-99"
    for route, answer in asked(
        QUERY_STRING=nonsense, headers={"X-Forwarded-Host": "evil.example", "Referer": "https://evil.example/"}
    ):
        assert answer.status_code < 500 or answer.status_code == 503, route
        # The page asked for comes back as `next`, which is judged when it is used (test_injection).
        assert "evil.example" not in answer.get("Location", "").split("next=")[0], route


def test_addresses_of_ours_hold_no_secrets() -> None:
    """No address takes a key, a password, a session or a person's number; those go in bodies and headers."""
    for route in ROUTES:
        parts = "".join(re.findall(r"<[^>]+>", route.template))
        for word in ("token", "password", "secret", "session_key", "api_key", "id_number"):
            assert word not in parts, route
