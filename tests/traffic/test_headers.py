"""Headers of every kind of answer; all addresses are walked in tests/security/test_every_route.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests import held

from gongxin.traffic.headers import DEFAULTS

pytestmark = pytest.mark.django_db
KINDS = ["/about", "/nothing", "/static/gongxin/gongxin.css", "/api/v1/items", "/api/v1/nothing", "/api/v1/docs"]


@pytest.mark.parametrize("path", KINDS)
def test_every_kind_of_answer_has_them_all(client: Client, path: str) -> None:
    answer = client.get(path)
    assert DEFAULTS.keys() <= dict(answer.headers).keys()
    assert "Strict-Transport-Security" not in answer


@pytest.mark.parametrize("path", KINDS)
def test_behind_tls_browsers_stay_there(client: Client, settings: Any, path: str) -> None:
    settings.TLS = True
    found = client.get(path, secure=True)["Strict-Transport-Security"]
    assert int(found.split(";")[0].removeprefix("max-age=")) >= 365 * 24 * 3600
    assert "includeSubDomains" in found


def test_what_is_public_may_be_kept_and_asked_for_again(client: Client) -> None:
    assert "no-cache" in client.get("/about")["Cache-Control"]
    assert client.get("/api/v1/items")["Cache-Control"] == "no-store"


def test_pages_allow_our_own_files_only(client: Client) -> None:
    policy = client.get("/about")["Content-Security-Policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    assert parts["default-src"] == ["'none'"]
    assert parts["object-src"] == ["'none'"]
    assert parts["base-uri"] == ["'none'"]
    assert parts["frame-ancestors"] == ["'none'"]
    assert set(parts["script-src"]) <= {"'self'"}
    assert "unsafe" not in policy
    assert "http" not in policy


def test_over_plain_http_pages_go_to_https_and_the_api_is_refused(client: Client, settings: Any) -> None:
    settings.TLS = settings.SECURE_SSL_REDIRECT = True
    held.department()
    page = Client().get("/about")
    assert (page.status_code, page["Location"]) == (301, "https://testserver/about")
    refused = Client().get("/api/v1/items")
    assert (refused.status_code, refused.json()["code"]) == (403, "https-required")


def test_only_our_proxy_may_say_that_it_was_https(settings: Any) -> None:
    settings.TLS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    forged = {"X-Forwarded-Proto": "https"}
    assert Client().get("/api/v1/items", headers=forged).status_code == 403
    from gongxin.traffic.addresses import networks  # noqa: PLC0415  (only here is there a proxy)

    settings.TRUSTED_PROXIES = networks("127.0.0.1")
    assert Client().get("/api/v1/items", headers=forged).status_code == 200
