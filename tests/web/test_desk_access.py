"""What every page of the desk keeps to, whoever opens it. Who may open which: `routes.yaml`, test_routes.py."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.web import route_table
from tests.web.desk_world import World
from tests.web.route_world import NOTHING

TABLE = {name.removeprefix("desk:"): row for name, row in route_table.rows().items() if name.startswith("desk:")}
# What GET may write to: that somebody was here.
LOGS = ("django_session", "usersessions", "enquiries_look", "ledger_")


def address(world: World, name: str) -> str:
    """The route's address, of objects that belong to the department `mine`; what the world has not, is not there."""
    objects = {"<submission>": world.submission.pk, "<record>": world.record.pk, "<account>": world.officer.pk}
    absent = {"<representative>": 0, "<substitution>": NOTHING, "<representation>": NOTHING, "<key>": NOTHING}
    absent |= {"<proposal>": NOTHING, "<case>": NOTHING, "<evidence>": NOTHING}
    known = objects | absent | {"<nothing>": NOTHING}
    return reverse(f"desk:{name}", args=[known.get(entry, entry) for entry in TABLE[name].at])


def body(response: HttpResponseBase) -> bytes:
    """What was sent, whole."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_nothing_of_another_department_is_told(world: World) -> None:
    client = world.client(world.other)
    for name, row in TABLE.items():
        content = body(getattr(client, "post" if row.posts else "get")(address(world, name)))
        for secret in (world.submission.filename, world.record.document_no, world.mine.name):
            assert secret.encode() not in content, name
        client.force_login(world.other)


def test_looking_changes_nothing(world: World) -> None:
    """GET writes to no table of ours but the log of looks; what it reads stays as it was."""
    client = world.client(world.officer)
    for name, row in TABLE.items():
        if not row.posts:
            with CaptureQueriesContext(connection) as queries:
                body(client.get(address(world, name)))
            written = [entry["sql"] for entry in queries if entry["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
            assert [sql for sql in written if not any(log in sql for log in LOGS)] == [], name


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
