"""The OpenAPI document is true: schemathesis sends what it allows and what it does not, and every answer fits it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
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
            if "{" in path:
                assert "404" in operation["responses"], (method, path)
