"""Keys of the node over time: made, rotated while everything stays readable, retired, each with its leaf."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test.utils import isolate_apps
from tests.secrecy.conftest import AT

from gongxin import ledger
from gongxin.custody import keeping, places, resealing
from gongxin.errors import Conflict, Unavailable
from gongxin.ledger import selectors
from gongxin.ledger.models import Opening
from gongxin.secrecy import blind, keyring, sealing, sources
from gongxin.secrecy.fields import BlindIndexField, EncryptedTextField
from gongxin.secrecy.keyring import KeyRing, Purpose, State

DYING = Path(__file__).with_name("dying_rotation.py")
LATER = AT + timedelta(days=1)


def leaves(*events: str) -> list[tuple[str, dict[str, Any]]]:
    found = [json.loads(body) for body in selectors.bodies(0, selectors.size())]
    return [(leaf["event"], leaf["fields"]) for leaf in found if leaf["event"] in events]


def events(count: int) -> list[int]:
    with transaction.atomic():
        fields = {"key": "k", "department": "D"}
        return [ledger.append("key.revoked", fields=fields, actor=f"officer-{n}", at=AT) for n in range(count)]


def actors(seqs: list[int]) -> list[str]:
    return [selectors.opened(seq).values["actor"] for seq in seqs]


def made_by() -> dict[str, int]:
    return dict(places.in_use(places.sealed()))


@pytest.mark.django_db
def test_the_keys_of_a_node_are_made_once_and_logged(suite_name: str, ring_file: Path) -> None:
    ring = keeping.init(acting_user="operator", at=AT)
    assert ring_file.stat().st_mode & 0o777 == 0o600
    assert [(key.purpose, key.suite, key.state, key.logged) for key in ring.keys] == [
        (purpose, suite_name, State.ACTIVE, True) for purpose in Purpose
    ]
    told = leaves("nodekey.made")
    assert [fields for _, fields in told] == [
        {"key": key.id, "purpose": key.purpose, "suite": key.suite} for key in ring.keys
    ]
    with pytest.raises(Conflict, match="不会覆盖"):
        keeping.init(acting_user="operator", at=AT)
    assert sources.current() == ring
    assert leaves("nodekey.made") == told


@pytest.mark.django_db
def test_no_leaf_and_no_message_holds_key_material(ring_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring = keeping.init(acting_user="operator", at=AT)
    keeping.rotate(acting_user="operator", at=LATER)
    printed = capsys.readouterr()
    said = b"".join(selectors.bodies(0, selectors.size())).decode() + printed.out + printed.err + repr(keeping.status())
    for key in (*ring.keys, *sources.current().keys):
        for form in (
            key.secret.hex(),
            repr(key.secret)[2:-1],
            json.loads(keyring.KeyRing((key,)).text())["keys"][0]["secret"],
        ):
            assert form not in said


@pytest.mark.django_db
def test_a_key_whose_leaf_is_missing_gets_it_at_the_next_command(ring: KeyRing) -> None:
    """As after a crash between file and leaf, or keys made before the database was."""
    assert not any(key.logged for key in ring.keys)
    keeping.init(acting_user="operator", at=AT)
    assert len(leaves("nodekey.made")) == 3
    assert all(key.logged for key in sources.current().keys)
    with pytest.raises(Conflict):
        keeping.init(acting_user="operator", at=AT)


@pytest.mark.django_db
def test_rotation_brings_everything_under_the_new_key(ring: KeyRing) -> None:
    old = ring.active(Purpose.DATA)
    written = events(250)
    before = {bytes(one.commitment): one.value._stored for one in Opening.objects.all()}
    told: list[tuple[str, int, int]] = []
    done = keeping.rotate(
        acting_user="operator", at=LATER, progress=lambda place, now, total: told.append((str(place), now, total))
    )
    new = sources.current().active(Purpose.DATA)
    assert [one.purpose for one in done] == list(Purpose)
    assert (done[0].key, done[0].replaced, done[0].resumed) == (new.id, (old.id,), False)
    # The openings of the three keys' own leaves, and of the new key's, are sealed too.
    assert done[0].values >= 253
    assert told[-1][0] == "ledger_opening.value"
    assert made_by().keys() == {new.id}
    assert sources.current().key(old.id).state == State.RETIRED
    assert actors(written[::50]) == [f"officer-{n}" for n in range(0, 250, 50)]
    after = {bytes(one.commitment): one.value._stored for one in Opening.objects.filter(commitment__in=before)}
    assert all(after[row] != before[row] for row in before)
    retired = [fields for _, fields in leaves("nodekey.retired")]
    assert retired == [{"key": key.id, "purpose": key.purpose} for key in ring.keys]
    rotated = [fields for _, fields in leaves("nodekey.rotated")]
    assert rotated[0] == {"purpose": "data", "key": new.id, "replaced": [old.id], "values": done[0].values}


@pytest.mark.django_db
def test_a_node_changes_its_suite_by_rotating(ring: KeyRing, suite_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = events(3)
    other = "gm" if suite_name == "intl" else "intl"
    monkeypatch.setenv("GONGXIN_SUITE", other)
    keeping.rotate(acting_user="operator", at=LATER)
    assert {sources.current().active(purpose).suite for purpose in Purpose} == {other}
    assert actors(written) == ["officer-0", "officer-1", "officer-2"]


@pytest.mark.django_db
def test_plain_values_of_an_older_version_are_read_and_then_sealed(ring: KeyRing) -> None:
    (seq,) = events(1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_opening SET value = 'officer-0'")
    assert actors([seq]) == ["officer-0"]
    assert made_by() == {"": 1}
    keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.DATA])
    assert "" not in made_by()
    assert actors([seq]) == ["officer-0"]


@pytest.mark.django_db
def test_a_value_that_does_not_open_keeps_the_old_key_and_nothing_else(ring: KeyRing) -> None:
    written = events(5)
    broken = Opening.objects.first()
    with connection.cursor() as cursor:
        cut = "UPDATE ledger_opening SET value = left(value, 40) WHERE commitment = %s"
        cursor.execute(cut, [broken.commitment])
    with pytest.raises(Conflict, match="仍有 1 个值") as refused:
        keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.DATA])
    assert refused.value.code == "rotation-unfinished"
    old, new = ring.active(Purpose.DATA).id, sources.current().active(Purpose.DATA).id
    assert [key.id for key in sources.current().of(Purpose.DATA, State.HELD)] == [old]
    assert made_by()[old] == 1
    assert sum(selectors.opened(seq).closed for seq in written) == 1
    assert leaves("nodekey.retired", "nodekey.rotated") == []
    broken.delete()
    (done,) = keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.DATA])
    assert (done.resumed, done.key, done.values) == (True, new, 0)
    assert sources.current().of(Purpose.DATA, State.HELD) == ()


@pytest.mark.django_db(transaction=True)
def test_a_rotation_killed_in_the_middle_is_finished_by_the_next(use: Any, ring_file: Path, tmp_path: Path) -> None:
    ring = use(keyring.new("intl", at=AT))
    written, marker = events(1000), tmp_path / "marker"
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
    url += f"?host={database['HOST']}&port={database['PORT']}"
    environment = os.environ | {"DATABASE_URL": url, "GONGXIN_KEYS": str(ring_file), "GONGXIN_SUITE": "intl"}
    child = subprocess.Popen([sys.executable, DYING, marker], env=environment | {"GONGXIN_DEMO": "0"})
    try:
        give_up = time.monotonic() + 60
        while not marker.exists() and child.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert marker.read_text() == "in the fourth page"
    old, new = ring.active(Purpose.DATA).id, sources.current().active(Purpose.DATA).id
    halfway = made_by()
    assert halfway.keys() == {old, new}
    # Three pages of a hundred, and the opening of the new key's leaf; the fourth page was never committed.
    assert halfway[new] == 301
    assert actors(written[::100]) == [f"officer-{n}" for n in range(0, 1000, 100)]
    assert leaves("nodekey.retired", "nodekey.rotated") == []
    (done,) = keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.DATA])
    assert (done.resumed, done.key, done.replaced) == (True, new, (old,))
    assert done.values == halfway[old]
    assert made_by().keys() == {new}
    assert actors(written[::100]) == [f"officer-{n}" for n in range(0, 1000, 100)]
    assert [event for event, _ in leaves("nodekey.made", "nodekey.retired", "nodekey.rotated")][-2:] == [
        "nodekey.retired",
        "nodekey.rotated",
    ]
    assert len(leaves("nodekey.made")) == 4


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_are_refused(ring: KeyRing) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [keeping._LOCK])
        with pytest.raises(Conflict, match="正在运行"):
            keeping.rotate(acting_user="operator", at=LATER)
    finally:
        other.close()


@pytest.mark.django_db
def test_keys_that_are_missing_are_told_by_the_status(ring: KeyRing, use: Any) -> None:
    events(2)
    lost = ring.active(Purpose.DATA).id
    assert {one.id: one.values for one in keeping.status()}[lost] == 2
    use(keyring.new("intl", at=AT))
    last = keeping.status()[-1]
    assert (last.id, last.key, last.values) == (lost, None, 2)


@pytest.mark.django_db
def test_a_demonstration_node_keeps_opening_what_it_sealed(ring_file: Path, settings, suite_name: str) -> None:
    settings.DEMO = True
    (seq,) = events(1)
    assert made_by().keys() == {keyring.demonstration(suite_name).active(Purpose.DATA).id}
    keeping.rotate(acting_user="operator", at=LATER)
    assert actors([seq]) == ["officer-0"]
    assert not any(key.demo for key in sources.current().keys if key.state != State.RETIRED)


def test_without_keys_nothing_is_rotated(ring_file: Path, db: None) -> None:
    with pytest.raises(Unavailable, match="keys init"):
        keeping.rotate(acting_user="operator", at=LATER)


@pytest.fixture
def contacts(ring: KeyRing) -> Iterator[Any]:
    """A model with an encrypted field and its blind index, and 120 rows."""
    with isolate_apps("gongxin.ledger"):

        class Contact(models.Model):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
            phone = EncryptedTextField(null=True)
            phone_index = BlindIndexField(of="phone", purpose="contact.phone", null=True)

            class Meta:
                app_label = "ledger"
                db_table = "custody_test_contact"

        with connection.schema_editor() as editor:
            editor.create_model(Contact)
        Contact.objects.bulk_create(Contact(phone=f"phone {n}" if n % 4 else None) for n in range(120))
        yield Contact


@pytest.mark.django_db
def test_blind_indexes_rotate_and_find_all_the_while(contacts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "indexed", lambda: [index])
    (index,), (sealed,) = _places(contacts)

    def found() -> int:
        candidates = blind.blind_candidates("phone 7", purpose="contact.phone")
        return contacts.objects.filter(phone_index__in=candidates).count()

    source = sources.source()
    source.save(sources.current().with_new(Purpose.BLIND_INDEX, "intl", at=AT))
    assert found() == 1
    assert resealing.reseal(index, page=7) == 90
    assert found() == 1
    assert resealing.reseal(index, page=7) == 0
    (done,) = keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.BLIND_INDEX])
    assert done.resumed
    (done,) = keeping.rotate(acting_user="operator", at=LATER, purposes=[Purpose.BLIND_INDEX])
    assert (done.values, found(), len(blind.blind_candidates("x", purpose="y"))) == (90, 1, 1)
    assert places.in_use([index]).keys() == {done.key}
    assert places.in_use([sealed])[sources.current().active(Purpose.DATA).id] == 90


def _places(model: type[models.Model]) -> tuple[list[places.Place], list[places.Place]]:
    return places.indexed_of([model]), places.sealed_of([model])


@pytest.mark.django_db
def test_a_page_does_not_overwrite_what_was_written_meanwhile(contacts: Any) -> None:
    """Each page reads what it writes under row locks; a row sealed under the new key before its page is left alone."""
    _, (place,) = _places(contacts)
    sources.source().save(sources.current().with_new(Purpose.DATA, "intl", at=AT))
    new = contacts.objects.filter(phone__isnull=False).first()
    new.phone = "written meanwhile"
    new.save()
    assert resealing.reseal(place, page=50) == 89
    assert contacts.objects.get(pk=new.pk).phone.reveal() == "written meanwhile"
    assert all(
        sealing.key_of(one.phone._stored) == sources.current().active(Purpose.DATA).id
        for one in contacts.objects.filter(phone__isnull=False)
    )
