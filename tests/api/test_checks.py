"""Checks over HTTP: one, many as a stream, and one asked before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from tests import held
from tests.held import AT

from gongxin import clock
from gongxin.api import batch
from gongxin.enquiries import checks
from gongxin.enquiries.models import Look
from gongxin.identity import keys
from gongxin.identity.models import Department
from gongxin.ledger import selectors

pytestmark = pytest.mark.django_db
BATCH = "/api/v1/checks/batch?purpose=licence-review&matter=%E6%89%B9%E9%87%8F"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(AT):
        yield


def ask(client: Client, headers: dict[str, str], **given: str) -> Any:
    body = {"code_or_name": "云河无此商贸有限公司", "purpose": "licence-review", "matter": "招标〔2026〕18号"} | given
    return client.post("/api/v1/checks", body, "application/json", headers=headers)


def test_a_check_is_answered_stored_and_read_again(
    client: Client, department: Department, keyed: dict[str, str]
) -> None:
    about = held.organisation()
    record = held.record(about)
    answer = ask(client, keyed, code_or_name=about.uscc)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert (told["outcome"], told["records"][0]["id"]) == ("found", str(record.pk))
    again = client.get(f"/api/v1/checks/{told['check']}", headers=keyed).json()
    assert again["disclosed"] == [[str(record.pk), 1]]
    assert again["asked_by"].endswith("审批系统")
    assert {name: again[name] for name in ("check", "purpose", "matter", "rule_version", "data_version")} == {
        name: told[name] for name in ("check", "purpose", "matter", "rule_version", "data_version")
    }


def test_another_department_cannot_read_it(client: Client, keyed: dict[str, str]) -> None:
    told = ask(client, keyed).json()
    assert told["outcome"] == "not_found"
    other = keys.issue(department=held.department(), label="别家", acting_user="operator", at=AT)
    answer = client.get(f"/api/v1/checks/{told['check']}", headers={"Authorization": f"Bearer {other.secret}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"purpose": "no-such"}, 422, "purpose-unknown"),
        ({"purpose": "financing"}, 403, "purpose-not-granted"),
        ({"code_or_name": "000000199001010042"}, 422, "person"),
    ],
)
def test_a_refusal_names_the_stored_check(
    client: Client, keyed: dict[str, str], given: dict[str, str], status: int, code: str
) -> None:
    answer = ask(client, keyed, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Look.objects.get(pk=answer.json()["check"]).reason == code


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def post(client: Client, body: bytes, kind: str, headers: dict[str, str]) -> Any:
    return client.generic("POST", BATCH, body, content_type=kind, headers=headers)


def test_the_three_forms_of_a_batch_are_answered_alike(client: Client, keyed: dict[str, str]) -> None:
    about = held.organisation()
    held.record(about)
    rows = [about.uscc, {"code_or_name": held.code(999_999_997), "matter": "甲事项"}]
    ndjson = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"
    table = f"\ufeffcode_or_name,matter\r\n{about.uscc},\r\n{held.code(999_999_997)},甲事项\r\n"
    for body, kind in (
        (ndjson, "application/x-ndjson"),
        (json.dumps(rows), "application/json"),
        (table, "text/csv; charset=utf-8"),
    ):
        *told, end = lines(post(client, body.encode(), kind, keyed))
        assert [line["row"] for line in told] == [1, 2]
        assert [line["outcome"] for line in told] == ["found", "not_found"]
        assert [line["matter"] for line in told] == ["批量", "甲事项"]
        assert end["summary"]["rows"] == 2
        assert end["summary"]["outcomes"]["found"] == 1
        assert Look.objects.filter(batch_id=end["summary"]["batch"]).count() == 2


def test_records_of_a_batch_have_their_fields_when_asked_for(client: Client, keyed: dict[str, str]) -> None:
    about = held.organisation()
    held.record(about, fields={"CF_WFXW": "违法"})
    for more, expected in (("", None), ("&fields=true", {"CF_WFXW": "违法"})):
        body = f'"{about.uscc}"\n'.encode()
        answer = client.generic("POST", BATCH + more, body, content_type="application/x-ndjson", headers=keyed)
        first, _ = lines(answer)
        assert first["records"][0].get("fields") == expected
        assert first["records"][0]["title"]


def test_rows_that_cannot_be_read_are_told_and_stored(client: Client, keyed: dict[str, str]) -> None:
    long = json.dumps("字" * 201)
    body = f'"\\u0000"\n{{"code": "x"}}\n7\nnot json\n{long}\n"\\ud800云河"\n["x"]\n'
    *told, end = lines(post(client, body.encode() + b"\xff\n", "application/x-ndjson", keyed))
    assert [line["reason"] for line in told] == [
        "asked-empty", "row-malformed", "row-malformed", "row-malformed", "asked-too-long", None, "row-malformed",
        "row-malformed",
    ]  # fmt: skip
    assert end["summary"]["rows"] == Look.objects.count() == 8


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 422),
        (b"[", "application/json", 400),
        (b"name\nx\n", "text/csv", 422),
        (b"\n", "text/csv", 422),
        (b"\xff\xff", "text/csv", 422),
        (b'code_or_name\n"a\nb\n', "text/csv", 422),
        (b"x" * 100, "text/plain", 415),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(
    client: Client, keyed: dict[str, str], body: bytes, kind: str, status: int
) -> None:
    answer = post(client, body, kind, keyed)
    assert answer.status_code == status
    assert answer.json()["remedy"]
    assert not Look.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'"a"\n' * 4, "application/x-ndjson"),
        (b'["a","b","c","d"]', "application/json"),
        (b"code_or_name\n" + b"a\n" * 4, "text/csv"),
    ],
)
def test_too_many_rows(
    client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch, body: bytes, kind: str
) -> None:
    monkeypatch.setattr(batch, "MAX_ROWS", 3)
    assert post(client, body, kind, keyed).status_code == 413
    monkeypatch.setattr(batch, "MAX_ROWS", 4)
    assert len(lines(post(client, body, kind, keyed))) == 5


def test_too_many_bytes(client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_BYTES", 10)
    assert post(client, b'"0123456789"\n', "application/x-ndjson", keyed).status_code == 413


def test_a_refused_batch_is_one_stored_check(client: Client, keyed: dict[str, str]) -> None:
    path = BATCH.replace("licence-review", "financing")
    answer = client.generic("POST", path, b'"a"\n', content_type="application/x-ndjson", headers=keyed)
    assert answer.status_code == 403
    assert Look.objects.get().pk.hex == answer.json()["check"].replace("-", "")


def test_an_empty_batch_is_complete_with_nothing(client: Client, keyed: dict[str, str]) -> None:
    assert [line["summary"]["rows"] for line in lines(post(client, b"\n", "application/x-ndjson", keyed))] == [0]


def broken_from(row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of one question; those from `row` on fail."""
    whole = checks.answers

    def broken(questions: Any, asking: Any) -> Any:
        found = whole(questions, asking)
        if questions["row"][0] >= row:
            raise RuntimeError("secret")
        return found

    monkeypatch.setattr(checks, "CHUNK", 1)
    monkeypatch.setattr(checks, "answers", broken)


def test_a_break_at_the_beginning_answers_nothing_and_keeps_nothing(
    client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_from(1, monkeypatch)
    answer = post(client, b'"a"\n"b"\n', "application/x-ndjson", keyed)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert b"secret" not in answer.content
    assert not Look.objects.exists()


def test_a_break_on_the_way_leaves_what_was_answered_on_record_and_no_summary(
    client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_from(3, monkeypatch)
    before = selectors.size()
    answer = post(client, b'"a"\n"b"\n"c"\n', "application/x-ndjson", keyed)
    told: list[bytes] = []
    with pytest.raises(RuntimeError):
        told.extend(answer.streaming_content)
    assert [json.loads(part)["row"] for part in told] == [1, 2]
    assert set(Look.objects.values_list("pk", flat=True)) == {UUID(json.loads(part)["check"]) for part in told}
    assert selectors.size() == before + 2


def test_the_first_lines_come_while_later_questions_are_still_unasked(
    client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHUNK", 1)
    content = iter(post(client, b'"a"\n"b"\n"c"\n', "application/x-ndjson", keyed).streaming_content)
    assert json.loads(next(content))["row"] == 1
    assert Look.objects.count() == 1
    rest = b"".join(content).splitlines()
    assert Look.objects.count() == 3
    assert json.loads(rest[-1])["summary"]["rows"] == 3
