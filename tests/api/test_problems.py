"""One shape for everything that goes wrong under /api."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gongxin.api import gate, organisations, problems

MEMBERS = {"type", "title", "status", "detail", "remedy", "code", "errors", "request_id"}
pytestmark = pytest.mark.django_db


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem of an answer, its shape checked."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert set(found) >= MEMBERS
    assert (found["status"], found["code"]) == (status, code)
    assert found["type"].startswith("http://testserver/")
    assert found["remedy"]
    assert found["request_id"] == answer["X-Request-Id"]
    return found


CHECK = {"code_or_name": "云河食品有限公司", "purpose": "licence-review", "matter": "7号"}


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/items", "/api/v1/checks/not-a-uuid"])
def test_unknown_paths(client: Client, path: str) -> None:
    problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/organisations/x", "/api/v1/openapi.json", "/api/v1/docs"])
def test_a_wrong_method_names_the_right_ones(client: Client, path: str) -> None:
    answer = client.delete(path)
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer gx_wrong", "Basic Z3g6Z3g=", "gx_" + "A" * 43])
def test_without_a_valid_key(client: Client, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.post("/api/v1/checks", CHECK, content_type="application/json", headers=headers)
    problem(answer, 401, "key-required")
    assert answer["WWW-Authenticate"] == 'Bearer realm="gongxin"'


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b"not json"])
def test_malformed_json(client: Client, keyed: dict[str, str], body: bytes) -> None:
    answer = client.generic("POST", "/api/v1/checks", body, content_type="application/json", headers=keyed)
    problem(answer, 400, "malformed-json")


def test_another_content_type(client: Client, keyed: dict[str, str]) -> None:
    for path in ("/api/v1/checks", "/api/v1/submissions", "/api/v1/checks/batch?purpose=licence-review&matter=1"):
        answer = client.generic("POST", path, b"<a/>", content_type="application/xml", headers=keyed)
        problem(answer, 415, "unsupported-media-type")


def test_a_body_too_large(client: Client, keyed: dict[str, str], settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post("/api/v1/checks", CHECK | {"matter": "字" * 200}, "application/json", headers=keyed)
    problem(answer, 413, "too-large")


def test_what_does_not_fit_is_named_by_place_found_and_allowed(client: Client, keyed: dict[str, str]) -> None:
    body = {"code_or_name": "字" * 201, "purpose": 7, "more": "000000199001010042"}
    found = problem(client.post("/api/v1/checks", body, "application/json", headers=keyed), 422, "invalid")
    places = {place["pointer"]: place for place in found["errors"]}
    assert places["#/code_or_name"]["allowed"] == "不超过 200 个字符"
    assert places["#/purpose"] == {"pointer": "#/purpose", "found": "7", "allowed": "文字"}
    assert places["#/matter"] == {"pointer": "#/matter", "found": "", "allowed": "必填"}
    assert places["#/more"]["found"] == "*" * 18
    found = problem(client.get("/api/v1/disclosures/penalty?limit=many"), 422, "invalid")
    assert found["errors"] == [{"pointer": "query:limit", "found": "many", "allowed": "整数"}]


def test_patterns_and_facts_are_told_in_words(client: Client, keyed: dict[str, str]) -> None:
    body = {"code_or_name": "甲\0乙", "purpose": " ", "matter": "x"}
    found = problem(client.post("/api/v1/checks", body, "application/json", headers=keyed), 422, "invalid")
    assert {place["allowed"] for place in found["errors"]} == {"不能为空白，不含控制字符"}
    rows = {"item": "absent", "rows": [{"a": "b"}]}
    found = problem(client.post("/api/v1/submissions", rows, "application/json", headers=keyed), 422, "E117")
    assert found["errors"][0]["found"] == "absent"
    assert "penalty" in found["errors"][0]["allowed"]


@pytest.mark.parametrize("text", ["\x00", "a\x00b", " ", "\n"])
def test_text_no_database_keeps(client: Client, keyed: dict[str, str], text: str) -> None:
    body = CHECK | {"code_or_name": text}
    problem(client.post("/api/v1/checks", body, "application/json", headers=keyed), 422, "invalid")


def test_half_a_surrogate_pair(client: Client, keyed: dict[str, str]) -> None:
    body = b'{"code_or_name": "\\ud800", "purpose": "licence-review", "matter": "1"}'
    answer = client.generic("POST", "/api/v1/checks", body, content_type="application/json", headers=keyed)
    problem(answer, 422, "invalid")


def test_a_fault_of_ours_tells_nothing_of_itself(client: Client, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(organisations.lookups, "read", broken)
    answer = client.get("/api/v1/organisations/00000000-0000-0000-0000-000000000000")
    found = problem(answer, 500, "internal")
    assert "secret" not in answer.content.decode()
    assert found["request_id"] in caplog.text


def test_an_unknown_host(client: Client) -> None:
    answer = client.get("/api/v1/items", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


def test_every_problem_code_has_a_status_title_and_remedy() -> None:
    assert len(problems.types()) > 15
    for known in problems.types().values():
        assert 400 <= known.status < 600
        assert known.title
        assert known.title_en
        assert known.remedy.endswith("。")


def test_pages_do_not_pass_the_gate(rf: Any) -> None:
    reached = gate.ApiGate(lambda request: request)
    request = rf.get("/apidocs")
    assert reached(request) is request
