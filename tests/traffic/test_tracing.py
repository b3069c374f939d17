"""The id of a request, and its one line: what is in it, what never is."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from typing import Any

import pytest
from django.test import Client
from tests import held

from gongxin.identity import keys
from gongxin.identity.models import User
from gongxin.traffic import tracing
from gongxin.traffic.lines import Lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_line(settings: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines as in production, whatever the environment says; written when a test asks for them."""
    quiet = Lines()
    monkeypatch.setattr(quiet, "_start", lambda: None)
    monkeypatch.setattr(tracing, "gathered", quiet)
    settings.LOG_FORM = "json"
    caplog.set_level(logging.INFO, "gongxin.access")


def lines(capsys: Any) -> list[dict[str, Any]]:
    tracing.gathered.flush()
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"gongxin.access"' in line]


@pytest.mark.parametrize("path", ["/about", "/nothing", "/api/v1/items", "/api/v1/nothing", "/static/none.css"])
def test_every_answer_carries_an_id(client: Client, path: str) -> None:
    given = client.get(path)["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", given)
    assert client.get(path)["X-Request-Id"] != given


def test_an_id_that_is_well_formed_is_kept(client: Client) -> None:
    for path in ("/about", "/api/v1/items"):
        assert client.get(path, headers={"X-Request-Id": "trace-0193f0a2"})["X-Request-Id"] == "trace-0193f0a2"


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "a b c d e f", "trace\u202e12345", "trace;12345", 'tr"ace123'])
def test_any_other_is_replaced(client: Client, sent: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/about", headers={"X-Request-Id": sent})["X-Request-Id"])


def test_error_pages_and_problems_name_it(client: Client) -> None:
    page = client.get("/nothing")
    assert page["X-Request-Id"] in page.content.decode()
    problem = client.get("/api/v1/nothing")
    assert problem.json()["request_id"] == problem["X-Request-Id"]


def test_the_line_says_who_where_and_what(client: Client, capsys: Any) -> None:
    key = keys.issue(department=held.department(), label="x", acting_user="operator", at=held.AT)
    answer = client.get(
        "/api/v1/submissions/0193f0a2-c0de-7000-8000-00000000abcd",
        headers={"Authorization": f"Bearer {key.secret}"},
    )
    (line,) = lines(capsys)
    assert line["request"] == answer["X-Request-Id"]
    assert (line["method"], line["status"], line["address"]) == ("GET", 404, "127.0.0.1")
    assert line["route"].startswith("v1/submissions/<")
    assert (line["key"], line["department"]) == (str(key.key.pk), str(key.key.department_id))
    assert line["ms"] > 0
    assert line["at"].endswith("Z")


def test_the_line_names_the_account(client: Client, capsys: Any) -> None:
    user = User.objects.create(username="officer-7", department=held.department())
    client.force_login(user)
    client.get("/desk/account")
    line = lines(capsys)[-1]
    assert (line["user"], line["department"]) == (user.pk, str(user.department_id))
    assert "officer-7" not in json.dumps(line)


def test_nothing_of_the_address_or_the_headers_is_in_it(client: Client, capsys: Any) -> None:
    sent = {
        "Authorization": "Bearer gx_SECRETSECRETSECRETSECRETSECRETSECRETSECRET1",
        "User-Agent": "UA-CANARY",
        "Referer": "http://testserver/search?q=REFERER-CANARY",
    }
    client.get("/search", {"q": "QUERY-CANARY"}, headers=sent)
    client.get("/api/v1/organisations", {"q": "QUERY-CANARY"}, headers=sent)
    client.get("/PATH-CANARY/11010119900307001X", headers=sent)
    client.post("/desk/sign-in", {"username": "NAME-CANARY", "password": "PASSWORD-CANARY"}, headers=sent)
    tracing.gathered.flush()
    written = capsys.readouterr().err
    assert [json.loads(line)["event"] for line in written.splitlines()].count("request") == 4
    assert "CANARY" not in written
    assert "SECRET" not in written
    assert "11010119900307001X" not in written


def test_lines_are_written_soon_and_whole(capsys: Any) -> None:
    lines_of_threads, own = [], Lines()

    def work(number: int) -> None:
        for step in range(200):
            own.add(f"{number}-{step}\n")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    give_up = time.monotonic() + 5
    while len(lines_of_threads) < 800 and time.monotonic() < give_up:
        lines_of_threads += [line for line in capsys.readouterr().err.splitlines() if re.fullmatch(r"\d-\d+", line)]
        time.sleep(0.02)
    assert sorted(lines_of_threads) == sorted(f"{number}-{step}" for number in range(4) for step in range(200))
