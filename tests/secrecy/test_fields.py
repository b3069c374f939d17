"""Encrypted fields of models: sealed in the table, silent everywhere, refused as search terms. Both suites."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.template import Context, Template
from django.test.utils import isolate_apps

from gongxin.errors import Conflict
from gongxin.secrecy import blind, sealing
from gongxin.secrecy.fields import BlindIndexField, EncryptedTextField, SealedText
from gongxin.secrecy.keyring import KeyRing

pytestmark = pytest.mark.django_db
CANARY = "CANARY-13800000000"


@pytest.fixture
def person(ring: KeyRing) -> Iterator[Any]:
    """A model of the test's own with its table."""
    with isolate_apps("gongxin.ledger"):

        class Contact(models.Model):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
            name = models.TextField()
            phone = EncryptedTextField(null=True)
            phone_index = BlindIndexField(of="phone", purpose="contact.phone", null=True)

            class Meta:
                app_label = "ledger"
                db_table = "secrecy_test_contact"

        with connection.schema_editor() as editor:
            editor.create_model(Contact)
        yield Contact


def in_the_table(row: Any) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, phone_index FROM secrecy_test_contact WHERE id = %s", [row.pk])
        return cursor.fetchone()


def test_the_table_holds_the_sealed_text_and_the_object_gives_the_text(person: Any) -> None:
    made = person.objects.create(name="甲", phone=CANARY)
    kept, index = in_the_table(made)
    assert sealing.open_sealed(kept, table="secrecy_test_contact", field="phone", row=str(made.pk)) == CANARY
    assert CANARY not in kept + index
    assert made.phone.reveal() == CANARY
    assert person.objects.get(pk=made.pk).phone.reveal() == CANARY
    assert index == blind.blind_index(CANARY, purpose="contact.phone")


def test_it_is_shown_nowhere(person: Any, caplog: pytest.LogCaptureFixture) -> None:
    person.objects.create(name="甲", phone=CANARY)
    new, read = person(name="乙", phone=CANARY), person.objects.get()
    logging.getLogger("test").warning("%s %r %s %s", new.phone, read.phone, vars(new), vars(read))
    shown = [f"{one.phone} {one.phone!r} {one.phone:>20} {vars(one)} {one!r} {one}" for one in (new, read)]
    shown += [repr(list(person.objects.values())), repr(list(person.objects.values_list())), caplog.text]
    shown.append(Template("{{ one.phone }}").render(Context({"one": read})))
    assert all(CANARY not in text for text in shown)
    assert shown[-1] == "••••••"
    for refused in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError):
            refused(read.phone)
    with pytest.raises(TypeError, match="not serialised"):
        person._meta.get_field("phone").value_to_string(read)
    assert copy.deepcopy(read.phone).reveal() == copy.copy(read.phone).reveal() == CANARY


def test_saving_again_keeps_what_is_sealed_and_seals_what_is_new(person: Any) -> None:
    made = person.objects.create(name="甲", phone=CANARY)
    before = in_the_table(made)
    made = person.objects.get()
    made.name = "乙"
    made.save()
    assert in_the_table(made) == before
    made.phone = "other"
    made.save()
    assert in_the_table(made) != before
    made.refresh_from_db()
    assert made.phone.reveal() == "other"
    made.phone = None
    made.save()
    assert in_the_table(made) == (None, None)
    assert person.objects.get().phone is None


def test_a_value_carried_to_another_object_is_sealed_for_it(person: Any) -> None:
    made = person.objects.create(name="甲", phone=CANARY)
    carried = person.objects.create(name="乙", phone=person.objects.get().phone)
    assert in_the_table(carried)[0] != in_the_table(made)[0]
    assert person.objects.get(pk=carried.pk).phone.reveal() == CANARY


def test_a_row_moved_or_exchanged_by_hand_is_noticed(person: Any) -> None:
    one, two = person.objects.create(name="甲", phone="1"), person.objects.create(name="乙", phone="2")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE secrecy_test_contact SET phone = %s WHERE id = %s", [in_the_table(two)[0], one.pk])
    moved = person.objects.get(pk=one.pk)
    with pytest.raises(Conflict, match="phone"):
        moved.phone.reveal()
    with pytest.raises(Conflict):
        moved.save()


def test_many_are_made_at_once(person: Any) -> None:
    person.objects.bulk_create(person(name=str(n), phone=f"phone {n}") for n in range(50))
    assert {one.name: one.phone.reveal() for one in person.objects.all()} == {str(n): f"phone {n}" for n in range(50)}


def test_searching_is_refused_with_the_way_out(person: Any) -> None:
    made = person.objects.create(name="甲", phone=CANARY)
    for lookup in ({"phone": CANARY}, {"phone__contains": "CAN"}, {"phone__in": [CANARY]}, {"phone__lower": "x"}):
        with pytest.raises(TypeError, match="blind index"):
            person.objects.filter(**lookup).count()
    assert person.objects.filter(phone__isnull=False).count() == 1
    for change in (lambda: person.objects.update(phone="x"), lambda: person.objects.bulk_update([made], ["phone"])):
        made.phone = "y"
        with pytest.raises(TypeError, match="save it"), transaction.atomic():
            change()
    with pytest.raises(TypeError, match="as a whole"):
        person.objects.filter(phone_index__startswith="b").count()
    candidates = blind.blind_candidates(CANARY, purpose="contact.phone")
    assert person.objects.get(phone_index__in=candidates).pk == made.pk
    assert not person.objects.filter(phone_index__in=blind.blind_candidates("x", purpose="contact.phone")).exists()


def test_only_texts_are_taken(person: Any) -> None:
    with pytest.raises(TypeError, match="takes a text"):
        person(phone=13800000000)
    assert isinstance(person(phone="").phone, SealedText)
    assert person._meta.get_field("phone").formfield() is None


@isolate_apps("gongxin.ledger")
def test_a_row_that_is_numbered_when_written_cannot_be_sealed_for() -> None:
    class Counted(models.Model):
        secret = EncryptedTextField(unique=True)

        class Meta:
            app_label = "ledger"

    assert {error.id for error in Counted._meta.get_field("secret").check()} >= {"secrecy.E001", "secrecy.E002"}


def test_migrations_can_write_the_fields_down() -> None:
    for field in (EncryptedTextField(plain_before=True), EncryptedTextField(), BlindIndexField(of="a", purpose="b")):
        _, path, args, kwargs = field.deconstruct()
        assert path.startswith("gongxin.secrecy.fields.")
        assert type(field)(*args, **kwargs).deconstruct()[2:] == (args, kwargs)
