"""Who gets which page of the desk: one row a route; a route without a row fails."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.web.desk_world import World

from gongxin.web.desk import urls


class Row(NamedTuple):
    """Expected status for each actor. owner: officer of the department the object belongs to."""

    arguments: tuple[str, ...]
    anonymous: int
    owner: int
    other: int
    office: int
    method: str = "get"


SUBMISSION, RECORD = "<submission>", "<record>"
# Of no department: only the security administrator gets there (tests/web/test_desk_keys.py).
KEY = "0193f0a2-c0de-7000-8000-00000000abcd"
# The office may look at every submission, but corrects and retries none that is not its own.
TABLE: dict[str, Row] = {
    "home": Row((), 302, 200, 200, 200),
    "sign-in": Row((), 200, 302, 302, 302),
    "sign-out": Row((), 302, 302, 302, 302, "post"),
    "account": Row((), 302, 200, 200, 200),
    "second-factor": Row((), 302, 302, 302, 302),
    "new-password": Row((), 200, 200, 200, 200),
    "identity-service": Row((), 403, 403, 403, 403),
    "identity-service-return": Row((), 403, 403, 403, 403),
    "confirm": Row((), 302, 200, 200, 200),
    "password": Row((), 302, 200, 200, 200),
    "factors": Row((), 302, 200, 200, 200),
    "factor-app": Row((), 302, 200, 200, 200),
    "factor-key": Row((), 302, 200, 200, 200),
    "factor-codes": Row((), 302, 409, 409, 409, "post"),
    "factor-remove": Row(("1",), 302, 404, 404, 404, "post"),
    "sessions": Row((), 302, 200, 200, 200),
    "sessions-end": Row((), 302, 302, 302, 302, "post"),
    "session-end": Row(("1",), 302, 404, 404, 404, "post"),
    "upload": Row((), 302, 200, 200, 200),
    "submissions": Row((), 302, 200, 200, 200),
    "submissions-file": Row(("csv",), 302, 200, 200, 200),
    "submission": Row((SUBMISSION,), 302, 200, 404, 200),
    "progress": Row((SUBMISSION,), 302, 302, 404, 302),
    "findings": Row((SUBMISSION,), 302, 200, 404, 200),
    "rejected": Row((SUBMISSION, "csv"), 302, 200, 404, 200),
    "whole": Row((SUBMISSION, "csv"), 302, 404, 404, 404),
    "receipt": Row((SUBMISSION,), 302, 200, 404, 200),
    "receipt-pdf": Row((SUBMISSION,), 302, 200, 404, 200),
    "rows": Row((SUBMISSION,), 302, 200, 404, 302),
    "retry": Row((SUBMISSION,), 302, 409, 404, 403, "post"),
    "entry-items": Row((), 302, 200, 200, 200),
    "entry": Row(("licence",), 302, 200, 403, 403),
    "catalogue": Row((), 302, 200, 200, 200),
    "item": Row(("penalty",), 302, 200, 200, 200),
    "template": Row(("penalty",), 302, 200, 200, 200),
    "records": Row((), 302, 200, 200, 200),
    "record": Row((RECORD,), 302, 200, 404, 200),
    "keys": Row((), 302, 403, 403, 403),
    "key-new": Row((), 302, 403, 403, 403),
    "key-rotate": Row((KEY,), 302, 403, 403, 403),
    "key-revoke": Row((KEY,), 302, 403, 403, 403),
    "departments": Row((), 302, 403, 403, 200),
    "departments-file": Row(("xlsx",), 302, 403, 403, 200),
}


def address(world: World, name: str) -> str:
    """The route's address, of objects that belong to the department `mine`."""
    objects = {SUBMISSION: str(world.submission.pk), RECORD: str(world.record.pk)}
    return reverse(f"desk:{name}", args=[objects.get(entry, entry) for entry in TABLE[name].arguments])


def body(response: HttpResponseBase) -> bytes:
    """What was sent, whole."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_every_route_has_a_row() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_actors_get_what_the_table_says(world: World, name: str) -> None:
    row, at = TABLE[name], address(world, name)
    actors = {"anonymous": None, "owner": world.officer, "other": world.other, "office": world.office}
    for actor, user in actors.items():
        response = getattr(world.client(user), row.method)(at)
        assert response.status_code == getattr(row, actor), (actor, at)
        assert response["Cache-Control"] == "no-store, private", (actor, at)


def test_nothing_of_another_department_is_told(world: World) -> None:
    client = world.client(world.other)
    for name, row in TABLE.items():
        content = body(getattr(client, row.method)(address(world, name)))
        for secret in (world.submission.filename, world.record.document_no, world.mine.name):
            assert secret.encode() not in content, name
        client.force_login(world.other)


def test_looking_changes_nothing(world: World) -> None:
    """GET writes to no table of ours; what it reads stays as it was."""
    client = world.client(world.officer)
    for name, row in TABLE.items():
        if row.method == "get":
            with CaptureQueriesContext(connection) as queries:
                body(client.get(address(world, name)))
            written = [entry["sql"] for entry in queries if entry["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
            assert [sql for sql in written if "django_session" not in sql] == [], name


@pytest.mark.parametrize(
    "name", ["sign-in", "sign-out", "password", "factor-app", "sessions-end", "upload", "rows", "retry", "entry"]
)
def test_posting_needs_the_token(world: World, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.officer)
    assert client.post(address(world, name)).status_code == 403


@pytest.mark.parametrize("name", ["submission", "entry", "departments"])
def test_refusal_says_what_to_do(world: World, name: str) -> None:
    content = world.client(world.other).get(address(world, name)).content.decode()
    assert "<h1>" in content
    assert "回到待办" in content


def test_closed_account_and_closed_department_are_refused(world: World) -> None:
    client = world.client(world.officer)
    world.mine.active = False
    world.mine.save()
    assert client.get(reverse("desk:home")).status_code == 302
    world.mine.active = True
    world.mine.save()
    client = world.client(world.officer)
    world.officer.is_active = False
    world.officer.save()
    assert client.get(reverse("desk:home")).status_code == 302
