"""A leaf belongs to the transaction of its change: both or neither, one after the other, without gaps."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from tests.ledger.conftest import AT, logged

from gongxin import ledger
from gongxin.errors import Unavailable
from gongxin.ledger import selectors, tree
from gongxin.ledger.models import Leaf, Opening

FIELDS = {"account": "li-si", "kind": "totp"}


@pytest.fixture
def raw() -> Iterator[psycopg.Connection[Any]]:
    """A psycopg connection of its own."""
    parameters = connection.get_connection_params()
    with psycopg.connect(
        **{name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    ) as opened:
        yield opened


@pytest.mark.django_db
def test_the_leaf_is_canonical_and_names_nobody() -> None:
    with transaction.atomic():
        seq = ledger.append("factor.added", fields=FIELDS, actor="zhang-san", at=AT)
    body = selectors.body(seq)
    leaf = json.loads(body)
    assert list(leaf) == ["actor", "at", "event", "fields", "v"]
    assert (leaf["event"], leaf["at"]) == ("factor.added", "2026-05-06T07:08:09.123456Z")
    assert leaf["fields"]["kind"] == "totp"
    assert b"zhang-san" not in body
    assert b"li-si" not in body
    assert selectors.opened(seq).values == {"actor": "zhang-san", "account": "li-si"}


@pytest.mark.django_db
def test_contents_can_be_destroyed_and_the_log_still_proves() -> None:
    with transaction.atomic():
        seq = ledger.append("factor.added", fields=FIELDS, actor="zhang-san", at=AT)
    root = selectors.growing(seq + 1).root()
    Opening.objects.filter(field="account").delete()
    kept = Opening.objects.get(field="actor")
    kept.value = "somebody-else"
    kept.save()
    assert selectors.opened(seq).values == {}
    assert selectors.opened(seq).closed == 2
    assert selectors.growing(seq + 1).root() == root == tree.root(selectors.bodies(0, seq + 1))


@pytest.mark.django_db
def test_stored_hashes_are_those_of_the_tree() -> None:
    assert [logged(number) for number in range(21)] == list(range(21))
    for size in range(22):
        assert selectors.growing(size).root() == tree.root(selectors.bodies(0, size))


@pytest.mark.django_db
def test_what_the_catalogue_does_not_know_is_not_logged() -> None:
    broken = [
        ("account.renamed", FIELDS, "x", AT),
        ("factor.added", {"account": "a"}, "x", AT),
        ("factor.added", {**FIELDS, "kind": 7}, "x", AT),
        ("factor.added", {**FIELDS, "more": "y"}, "x", AT),
        ("factor.added", FIELDS, "", AT),
        ("factor.added", FIELDS, "x", AT.replace(tzinfo=None)),
    ]
    for event, fields, actor, at in broken:
        with pytest.raises(ValueError, match=r"(account|factor)\."), transaction.atomic():
            ledger.append(event, fields=fields, actor=actor, at=at)
    assert selectors.size() == 0


@pytest.mark.django_db
def test_rows_are_not_changed_by_accident() -> None:
    logged(0)
    for attempt in (Leaf.objects.filter(pk=0).delete, lambda: Leaf.objects.update(body=b"")):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            attempt()


@pytest.mark.django_db(transaction=True)
def test_no_leaf_without_its_change() -> None:
    with pytest.raises(RuntimeError, match="there is none"):
        ledger.append("factor.added", fields=FIELDS, actor="x", at=AT)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ledger.append("factor.added", fields=FIELDS, actor="x", at=AT)
        raise ZeroDivisionError
    assert (selectors.size(), Opening.objects.count()) == (0, 0)
    assert logged(1) == 0


@pytest.mark.django_db(transaction=True)
def test_no_change_without_its_leaf() -> None:
    """When the log cannot be written the whole transaction fails, even if somebody swallows the error."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf RENAME TO ledger_gone")
    try:
        with transaction.atomic():
            Opening.objects.create(commitment=b"c", salt=b"s", field="change", value="v")
            with contextlib.suppress(Unavailable):
                ledger.append("factor.added", fields=FIELDS, actor="x", at=AT)
        assert Opening.objects.count() == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ledger_gone RENAME TO ledger_leaf")


@pytest.mark.django_db(transaction=True)
def test_a_raw_transaction(raw: psycopg.Connection[Any]) -> None:
    arguments = {"fields": FIELDS, "actor": "x", "at": AT, "connection": raw}
    assert ledger.append("factor.added", **arguments) == 0
    raw.rollback()
    assert ledger.append("factor.added", **arguments) == 0
    raw.commit()
    raw.autocommit = True
    with pytest.raises(RuntimeError, match="there is none"):
        ledger.append("factor.added", **arguments)
    with raw.transaction():
        assert ledger.append("factor.added", **arguments) == 1
    assert selectors.size() == 2


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_gap() -> None:
    """Four writers, every third transaction rolled back."""

    def write(writer: int) -> None:
        with contextlib.closing(connection):
            for number in range(12):
                fields = {"key": f"{writer}-{number}", "department": "D"}
                with transaction.atomic():
                    ledger.append("key.revoked", fields=fields, actor="x", at=AT)
                    transaction.set_rollback(number % 3 == 0)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list(Leaf.objects.order_by("seq").values_list("seq", flat=True)) == list(range(32))
    keys = {json.loads(body)["fields"]["key"] for body in selectors.bodies(0, 32)}
    assert len(keys) == 32
    assert selectors.growing(32).root() == tree.root(selectors.bodies(0, 32))
