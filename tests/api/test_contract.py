"""The OpenAPI document is true: schemathesis sends what it allows and what it does not, and every answer fits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests import held

from gongxin.api.page import documented
from gongxin.api.urls import service
from gongxin.wsgi import application

pytestmark = pytest.mark.django_db

_BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    # One transaction and one key serve all examples of an operation: nothing that an example leaves behind changes
    # what the next may expect of the document.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# Read once when the tests are collected: the document needs no database.
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: Any, value: Any) -> bytes:
    """The body as it is: the document says it is text."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(autouse=True)
def _one_transaction() -> Iterator[None]:
    """Something on record; and as in Django's own test client, a request does not end the transaction of the test."""
    held.record(held.organisation())
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@_BOUNDED
def test_without_a_key(case: schemathesis.Case) -> None:
    case.call_and_validate()


@schema.parametrize()
@_BOUNDED
def test_with_a_key(case: schemathesis.Case, keyed: dict[str, str]) -> None:
    # Whether rows are acceptable is judged by the catalogue, which a schema does not hold.
    judged_elsewhere = [positive_data_acceptance] if case.operation.path == "/api/v1/submissions" else []
    case.call_and_validate(headers=keyed, excluded_checks=judged_elsewhere)


def test_the_document_is_complete() -> None:
    document = documented(service)
    assert len(document["paths"]) > 12
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            assert operation["tags"], (method, path)
            assert "500" in operation["responses"], (method, path)
            assert ("401" in operation["responses"]) == ("security" in operation), (method, path)
            assert {"413", "415"} <= operation["responses"].keys() or "requestBody" not in operation, (method, path)
            if "{" in path:
                assert "404" in operation["responses"], (method, path)


def test_real_answers_are_what_the_schema_says(client: Client) -> None:
    """Made-up requests rarely meet a record; here every public look-up answers with one."""
    about = held.organisation()
    record = held.record(about)
    described = client.get("/api/v1/openapi.json").json()
    addresses = {
        "/api/v1/organisations/{ref}": f"/api/v1/organisations/{about.uscc}",
        "/api/v1/organisations/{organisation_id}/records": f"/api/v1/organisations/{about.pk}/records",
        "/api/v1/records/{record_id}": f"/api/v1/records/{record.pk}",
        "/api/v1/disclosures/{item_id}": "/api/v1/disclosures/penalty",
    }
    for path, address in addresses.items():
        answered = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = client.get(address).json()
        assert str(record.pk) in json.dumps(answer)
        jsonschema_rs.validate(answered | {"components": described["components"]}, answer)
