"""Handing in over HTTP: the same pipeline as the desk, once for each request however often it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests import held
from tests.held import AT
from tests.intake.hand_ins import csv_of, nameless, penalty, person

from gongxin import clock
from gongxin.api import idempotency, submissions
from gongxin.identity import keys
from gongxin.intake.models import Submission
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/submissions"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(AT):
        yield


def upload(client: Client, headers: dict[str, str], content: bytes, item: str = "penalty", **more: str) -> Any:
    file = SimpleUploadedFile("处罚.csv", content)
    return client.post(PATH, {"item": item, "file": file, **more}, headers=headers)


def test_a_file_is_taken_in_and_counted(client: Client, keyed: dict[str, str]) -> None:
    answer = upload(client, keyed, csv_of([penalty(1), penalty(2), nameless(3)]))
    assert answer.status_code == 201, answer.content.decode()
    told = answer.json()
    assert (told["rows_in"], told["accepted"], told["rejected"], told["finished"]) == (3, 2, 1, True)
    assert answer["Location"] == f"{PATH}/{told['submission']}"
    assert client.get(answer["Location"], headers=keyed).json() == told
    assert Submission.objects.get().channel == "api"
    assert Record.objects.count() == 2


def test_of_two_files_none_is_dropped_in_silence(client: Client, keyed: dict[str, str]) -> None:
    files = [SimpleUploadedFile(f"{serial}.csv", csv_of([penalty(serial)])) for serial in (1, 2)]
    answer = client.post(PATH, {"item": "penalty", "file": files}, headers=keyed)
    assert (answer.status_code, answer.json()["errors"][0]["found"]) == (422, "2 个文件")
    assert not Submission.objects.exists()


def test_rows_as_json_are_the_same_file(client: Client, keyed: dict[str, str]) -> None:
    body = {"item": "penalty", "rows": [penalty(1), penalty(2) | {"CF_NR_FK": 0.2}]}
    first = client.post(PATH, body, "application/json", headers=keyed).json()
    assert (first["accepted"], first["rejected"]) == (2, 0)
    second = upload(client, keyed, csv_of([penalty(1)])).json()
    assert (second["unchanged"], second["accepted"]) == (1, 0)


def test_rejected_rows_are_paged_and_come_back_as_files(client: Client, keyed: dict[str, str]) -> None:
    told = upload(client, keyed, csv_of([penalty(1), nameless(2), person(3)])).json()
    path = f"{PATH}/{told['submission']}/rejections"
    found = client.get(path, headers=keyed).json()
    assert {finding["code"] for finding in found["findings"]} >= {"E203", "E404"}
    only = client.get(path + "?code=E203", headers=keyed).json()
    assert {finding["code"] for finding in only["findings"]} == {"E203"}
    table = client.get(path + ".csv", headers=keyed)
    assert table["Content-Type"].startswith("text/csv")
    assert "错误原因" in b"".join(table.streaming_content).decode("utf-8-sig")
    workbook = client.get(path + ".xlsx", headers=keyed)
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    assert client.get(path + ".exe", headers=keyed).status_code == 422


def test_a_file_refused_whole_is_a_problem_with_its_submission(client: Client, keyed: dict[str, str]) -> None:
    answer = upload(client, keyed, b"")
    assert answer.status_code == 422
    assert answer.json()["code"].startswith("E1")
    assert answer.json()["type"].endswith(f"/errors/{answer.json()['code']}")
    if "submission" in answer.json():
        told = client.get(f"{PATH}/{answer.json()['submission']}", headers=keyed).json()
        assert told["state"] == "refused"


def test_a_large_file_runs_as_a_job(client: Client, keyed: dict[str, str], settings: Any) -> None:
    settings.INTAKE_INLINE_BYTES = 10
    answer = upload(client, keyed, csv_of([penalty(1)]))
    assert answer.status_code == 202
    assert answer.json()["finished"] is False
    assert client.get(answer["Location"], headers=keyed).status_code == 200


def test_another_department_sees_nothing_of_it(client: Client, keyed: dict[str, str]) -> None:
    told = upload(client, keyed, csv_of([penalty(1), nameless(2)])).json()
    other = {"Authorization": "Bearer " + _other_key()}
    for tail in ("", "/rejections", "/rejections.csv", "/rejections.xlsx"):
        assert client.get(f"{PATH}/{told['submission']}{tail}", headers=other).status_code == 404
    answer = upload(client, other, csv_of([penalty(1)]), corrects=told["submission"])
    assert answer.status_code == 404


def _other_key() -> str:
    return keys.issue(department=held.department(), label="别家", acting_user="operator", at=AT).secret


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rows": [{}]}, "#/item"),
        ({"item": "penalty"}, "#/rows"),
        ({"item": "penalty", "rows": []}, "#/rows"),
        ({"item": "penalty", "rows": [[1]]}, "#/rows/0"),
        ({"item": "penalty", "rows": [{"a": {"b": 1}}]}, "#/rows/0/a"),
        ({"item": "penalty", "rows": [{}], "corrects": "x"}, "#/corrects"),
        ({"item": "penalty", "rows": [{}], "more": 1}, "#/more"),
        ([], "#"),
    ],
)
def test_a_body_that_does_not_fit_names_the_place(
    client: Client, keyed: dict[str, str], body: Any, pointer: str
) -> None:
    answer = client.post(PATH, json.dumps(body), "application/json", headers=keyed)
    assert answer.status_code == 422
    assert any(place["pointer"].startswith(pointer) for place in answer.json()["errors"])
    assert not Submission.objects.exists()


def test_a_multipart_body_without_its_file(client: Client, keyed: dict[str, str]) -> None:
    answer = client.post(PATH, {"item": "penalty"}, headers=keyed)
    assert answer.json()["errors"][0]["pointer"] == "#/file"


def test_an_unknown_or_foreign_item(client: Client, keyed: dict[str, str]) -> None:
    assert upload(client, keyed, csv_of([penalty(1)]), item="no-such-item").status_code == 422
    assert upload(client, keyed, csv_of([penalty(1)]), item="honour").status_code == 403


def test_the_same_request_again_is_the_same_submission(client: Client, keyed: dict[str, str]) -> None:
    once = keyed | {"Idempotency-Key": "order-1"}
    first = upload(client, once, csv_of([penalty(1)]))
    second = upload(client, once, csv_of([penalty(1)]))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Submission.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(client: Client, keyed: dict[str, str]) -> None:
    once = keyed | {"Idempotency-Key": "order-1"}
    upload(client, once, csv_of([penalty(1)]))
    for content, item in ((csv_of([penalty(2)]), "penalty"), (csv_of([penalty(1)]), "licence")):
        answer = upload(client, once, content, item=item)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-key-reused")
    assert Submission.objects.count() == 1


def test_a_key_belongs_to_its_department_and_is_free_after_its_time(client: Client, keyed: dict[str, str]) -> None:
    once = {"Idempotency-Key": "order-1"}
    upload(client, keyed | once, csv_of([penalty(1)]))
    other = {"Authorization": "Bearer " + _other_key()}
    assert upload(client, other | once, csv_of([penalty(2)])).status_code == 201
    with clock.at(AT + idempotency.LIFETIME - timedelta(seconds=1)):
        assert upload(client, keyed | once, csv_of([penalty(3)])).status_code == 409
    with clock.at(AT + idempotency.LIFETIME):
        assert upload(client, keyed | once, csv_of([penalty(3)])).status_code == 201


def test_a_refused_request_does_not_use_the_key_up(client: Client, keyed: dict[str, str]) -> None:
    once = keyed | {"Idempotency-Key": "order-1"}
    assert upload(client, once, csv_of([penalty(1)]), item="honour").status_code == 403
    assert upload(client, once, csv_of([penalty(1)])).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "字", "x" * 129])
def test_a_malformed_key(client: Client, keyed: dict[str, str], key: str) -> None:
    answer = upload(client, keyed | {"Idempotency-Key": key}, csv_of([penalty(1)]))
    assert answer.status_code == 422


def test_lists_of_parts_do_not_meet() -> None:
    assert idempotency.body_hash("ab", "c") != idempotency.body_hash("a", "bc")


def test_an_unknown_submission(client: Client, keyed: dict[str, str]) -> None:
    answer = client.get(f"{PATH}/{uuid4()}", headers=keyed)
    assert (answer.status_code, answer.json()["code"]) == (404, "submission-unknown")
    assert submissions.MAX_ROWS == 10_000
