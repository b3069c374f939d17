"""What a body may be: how large, how deep, of which type, with which members; the same everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests import held

from gongxin.api.service import MAX_QUESTION
from gongxin.enquiries.models import Look
from gongxin.identity import keys

pytestmark = pytest.mark.django_db
CHECK = {"code_or_name": "91000000MA00000016", "purpose": "licence-review", "matter": "1"}


@pytest.fixture
def keyed() -> dict[str, str]:
    """The headers of a department's key."""
    key = keys.issue(department=held.department(), label="x", acting_user="operator", at=held.AT).secret
    return {"Authorization": f"Bearer {key}"}


def asked(client: Client, keyed: dict[str, str], body: Any, **more: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic("POST", "/api/v1/checks", content, content_type="application/json", headers=keyed | more)


def test_a_question_is_small(client: Client, keyed: dict[str, str]) -> None:
    answer = asked(client, keyed, CHECK | {"matter": "x" * MAX_QUESTION})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_length_that_was_announced_is_enough_to_refuse(client: Client, keyed: dict[str, str]) -> None:
    answer = client.generic(
        "POST", "/api/v1/submissions", b"{}", content_type="application/json", headers=keyed, CONTENT_LENGTH=str(10**12)
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_compressed_bodies_are_not_opened(client: Client, keyed: dict[str, str], encoding: str) -> None:
    answer = asked(client, keyed, CHECK, **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "content-encoding")


@pytest.mark.parametrize("depth", [5_000, 50_000])
def test_deep_bodies_are_refused(client: Client, keyed: dict[str, str], depth: int) -> None:
    assert asked(client, keyed, b'{"a":' * depth + b"1" + b"}" * depth).status_code in (400, 413)


@pytest.mark.parametrize("extra", [{"department": "other"}, {"outcome": "found"}, {"at": "2020-01-01"}, {"id": 1}])
def test_members_nobody_asked_for_are_refused(client: Client, keyed: dict[str, str], extra: dict[str, Any]) -> None:
    answer = asked(client, keyed, CHECK | extra)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["allowed"] == "没有此项"


@pytest.mark.parametrize(
    "wrong",
    [{"code_or_name": 1}, {"code_or_name": ["x"]}, {"code_or_name": {"$ne": ""}}, {"purpose": True}, {"matter": None}],
)
def test_values_of_another_type_are_refused(client: Client, keyed: dict[str, str], wrong: dict[str, Any]) -> None:
    assert asked(client, keyed, CHECK | wrong).status_code == 422


@pytest.mark.parametrize(
    "numbers", ["page=99999999999999999999", "page=0", "page=-1", "page=1e9", "page=NaN", "limit=1&limit=2"]
)
def test_numbers_have_limits(client: Client, numbers: str) -> None:
    assert client.get(f"/api/v1/disclosures/penalty?{numbers}").status_code in (200, 422)


def test_the_same_parameter_twice_is_no_second_meaning(client: Client) -> None:
    held.organisation("云河虚构甲有限公司")
    found = client.get("/api/v1/organisations?q=云河虚构甲&q=' OR 1=1")
    assert found.status_code == 200
    assert found.json()["query"] in {"云河虚构甲", "' OR 1=1"}
    # A parameter of the query is none of the body, and the other way round.
    assert client.post("/preferences?theme=dark", {"next": "/"}).cookies.get("gx_theme") is None


def test_forms_have_few_members(client: Client, settings: Any) -> None:
    many = {f"field{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert client.post("/preferences", many).status_code == 400


def test_bodies_of_another_type_are_refused(client: Client, keyed: dict[str, str]) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "text/xml", "application/json-seq"):
        answer = client.generic(
            "POST", "/api/v1/checks", json.dumps(CHECK).encode(), content_type=content_type, headers=keyed
        )
        assert answer.status_code == 415, content_type


def test_a_simple_request_of_another_site_needs_what_it_cannot_have(client: Client) -> None:
    """Without preflight a browser sends no Authorization header and no application/json: both are needed here."""
    answer = client.generic("POST", "/api/v1/checks", json.dumps(CHECK).encode(), content_type="text/plain")
    assert answer.status_code in (401, 415)
    preflight = client.options("/api/v1/checks", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in preflight


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xef\xbb\xbf" + json.dumps(CHECK).encode(), 400),
        (json.dumps(CHECK).encode("utf-16"), 400),
        (json.dumps(CHECK).replace("1", "\xff").encode("latin-1"), 400),
        # Decoded once: what still looks escaped afterwards is text.
        (json.dumps(CHECK | {"matter": "%41\\u0041&#65;"}).encode(), 200),
    ],
)
def test_json_is_read_one_way(client: Client, keyed: dict[str, str], body: bytes, status: int) -> None:
    """UTF-8 without a mark, decoded once; anything else is refused before it is judged."""
    assert asked(client, keyed, body).status_code == status
    if status == 200:
        assert Look.objects.get().matter == "%41\\u0041&#65;"


def test_of_a_member_that_comes_twice_the_last_counts(client: Client, keyed: dict[str, str]) -> None:
    text = json.dumps(CHECK).replace('"matter": ', '"matter": "first", "matter": ')
    assert text.count("matter") == 2
    assert asked(client, keyed, text.encode()).status_code == 200
    assert Look.objects.get().matter == CHECK["matter"]
