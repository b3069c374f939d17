"""Requests over the limit: refused with the time to wait, as problem and as page; also without a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests import held

from gongxin.identity import keys
from gongxin.traffic import buckets, limiting
from gongxin.traffic.classes import Limit

SLOW = Limit(per_minute=6, burst=3)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings: Any) -> Iterator[dict[str, Any]]:
    """Three of a class at once, then one in ten seconds, each test anew."""
    limiting.advances.clear()
    limiting._alone.held.clear()
    names = ("page", "search", "lookup", "download", "sign-in", "refused-key", "verify")
    settings.RATE_LIMITS = dict.fromkeys(names, (SLOW, None)) | {"check": (Limit(6000, 1000), SLOW)}
    yield settings.RATE_LIMITS
    limiting.advances.clear()


def statuses(client: Client, path: str, count: int = 5, **more: Any) -> list[int]:
    return [client.get(path, **more).status_code for _ in range(count)]


def test_pages_over_the_limit_say_how_long_to_wait(client: Client) -> None:
    assert statuses(client, "/about") == [200, 200, 200, 429, 429]
    answer = client.get("/about")
    assert 1 <= int(answer["Retry-After"]) <= 10
    text = answer.content.decode()
    assert "请求过于频繁" in text
    assert f"请在 {answer['Retry-After']} 秒后重试" in text
    assert answer["X-Request-Id"] in text
    assert answer["Cache-Control"] == "no-store"


def test_the_api_over_the_limit_is_a_problem(client: Client) -> None:
    assert statuses(client, "/api/v1/items") == [200, 200, 200, 429, 429]
    answer = client.get("/api/v1/items")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "too-many-requests"
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    assert 1 <= int(answer["Retry-After"]) <= 10


def test_classes_and_addresses_count_apart(client: Client) -> None:
    assert statuses(client, "/about", 4)[-1] == 429
    assert client.get("/search?q=x").status_code == 200
    assert client.get("/about", REMOTE_ADDR="203.0.113.5").status_code == 200
    assert client.get("/static/gongxin/gongxin.css").status_code == 200


@pytest.mark.parametrize("path", ["/search?q=a", "/disclosures/penalty.csv"])
def test_dear_requests_have_limits_of_their_own(client: Client, path: str) -> None:
    assert statuses(client, path, 4)[-1] == 429


def test_trying_passwords_is_limited(client: Client) -> None:
    answers = [client.post("/desk/sign-in", {"username": f"nobody{n}", "password": "x"}) for n in range(5)]
    assert [answer.status_code for answer in answers][3:] == [429, 429]
    assert 429 not in [answer.status_code for answer in answers][:3]


def test_a_forged_forwarding_header_does_not_help(client: Client) -> None:
    found = [client.get("/about", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(5)]
    assert found == [200, 200, 200, 429, 429]


def test_behind_our_proxy_each_client_counts_for_itself(client: Client, settings: Any) -> None:
    from gongxin.traffic.addresses import networks  # noqa: PLC0415  (only this test is behind a proxy)

    settings.TRUSTED_PROXIES = networks("127.0.0.1")
    found = [client.get("/about", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(5)]
    assert found == [200] * 5


def test_a_key_counts_wherever_it_is_used_from(client: Client) -> None:
    department = held.department()
    key = keys.issue(department=department, label="x", acting_user="operator", at=held.AT).secret
    body = {"code_or_name": "91000000MA00000016", "purpose": "licence-review", "matter": "1"}
    found = [
        client.post(
            "/api/v1/checks", body, "application/json", headers={"Authorization": f"Bearer {key}"},
            REMOTE_ADDR=f"203.0.113.{n}",
        ).status_code
        for n in range(5)
    ]  # fmt: skip
    assert found == [200, 200, 200, 429, 429]


def test_trying_keys_is_limited(client: Client) -> None:
    headers = {"Authorization": "Bearer gx_" + "A" * 43}
    found = [client.post("/api/v1/checks", {}, "application/json", headers=headers).status_code for n in range(5)]
    assert found == [401, 401, 401, 429, 429]


def test_a_flood_does_not_reach_the_database(client: Client) -> None:
    statuses(client, "/about", 4)
    with CaptureQueriesContext(connection) as queries:
        assert statuses(client, "/about", 20) == [429] * 20
    assert len(queries) == 0


def test_large_limits_ask_the_database_in_steps(client: Client, limits: dict[str, Any]) -> None:
    limits["lookup"] = (Limit(60_000, 1000), None)
    with CaptureQueriesContext(connection) as queries:
        assert set(statuses(client, "/api/v1/items", 100)) == {200}
    assert len([entry for entry in queries if "traffic_bucket" in entry["sql"]]) == 2


def test_without_the_database_every_process_counts_for_itself(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def silent(*_: Any, **__: Any) -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr(buckets, "take", silent)
    assert statuses(client, "/api/v1/items") == [200, 200, 200, 429, 429]
    assert "counts for itself" in caplog.text


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any]) -> None:
    monkeypatch.setattr(limiting, "_MOST_HELD", 50)
    for number in range(200):
        limiting.judge_address("page", f"10.0.{number}.1")
    assert len(limiting.advances.held) <= 50


def test_old_buckets_go_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(buckets, "tidy", lambda: asked.append(1))
    monkeypatch.setattr(limiting.advances, "tidied", 0.0)
    limiting.judge_address("page", "10.9.9.9")
    limiting.judge_address("page", "10.9.9.8")
    assert asked == [1]
