"""The drill: data in, backup, more data, restore elsewhere; and what is refused on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings
from tests.endurance.conftest import log_something
from tests.intake.hand_ins import AT, hand_in, penalty
from tests.persons import people

from gongxin.embedded.place import app_url_file
from gongxin.endurance import backup, keeping, restore, room, verification
from gongxin.endurance.backup import log_as_held
from gongxin.endurance.manifest import DATABASE, NAME, Part
from gongxin.errors import Conflict, GongxinError, InvalidInput, Unavailable
from gongxin.intake.models import Submission
from gongxin.ledger import checkpoints, epochs, selectors
from gongxin.persons import ending
from gongxin.persons.models import File, Version
from gongxin.records.models import Record
from gongxin.walls import standing


@pytest.fixture
def made(node: Path, tmp_path: Path) -> backup.Made:
    """A backup of the node with its keys carried out."""
    return backup.make(tmp_path / "backups" / "monday", at=AT, keys_to=tmp_path / "usb")


@contextmanager
def elsewhere(settings: Settings, folder: Path) -> Iterator[None]:
    """Another node: an empty database of its own on the same server, an empty folder."""
    here = connection.settings_dict["NAME"]
    there = f"{here}_elsewhere"
    server(f'DROP DATABASE IF EXISTS "{there}"', f'CREATE DATABASE "{there}" TEMPLATE template0')
    settings.VAR_DIR, settings.FILES_DIR, settings.KEYS_FILE = folder, folder / "files", folder / "keys" / "ring.json"
    folder.mkdir()
    connection.settings_dict["NAME"] = there
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = here
        server(f'DROP DATABASE IF EXISTS "{there}" WITH (FORCE)')


def server(*statements: str) -> list[str]:
    """Do something beside the node's database; the names of all databases."""
    connections.close_all()
    parameters = {key: value for key, value in connection.get_connection_params().items() if isinstance(value, str)}
    with psycopg.connect(**{**parameters, "dbname": "postgres"}, autocommit=True) as other:
        for statement in statements:
            other.execute(statement.encode())
        return [name for (name,) in other.execute("SELECT datname FROM pg_database")]


def test_drill(made: backup.Made, settings: Settings, tmp_path: Path) -> None:
    hand_in([penalty(serial) for serial in range(50, 60)])
    log_something("after the backup")
    last_seen = checkpoints.sign(at=AT).note
    assert Record.objects.count() == 14
    with elsewhere(settings, tmp_path / "other"):
        done = restore.restore(made.folder, at=AT, acting_user="operator", keys_from=tmp_path / "usb")
        assert Record.objects.count() == 4
        assert made.manifest.ledger.size > 0
        held = checkpoints.verify()
        assert (held.epoch, done.epoch, epochs.current()) == (2, 2, 2)
        assert held.size == made.manifest.ledger.size + 1, "the leaf that says so"
        assert selectors.growing(made.manifest.ledger.size).root().hex() == made.manifest.ledger.root
        assert backup.storage.has_original(Submission.objects.get())
        record = Record.objects.first()
        assert record is not None
        assert Client().get(f"/records/{record.pk}").status_code == 200
        assert Client().get("/").status_code == 200
        assert standing.faults() == []
        with psycopg.connect(app_url_file(settings.VAR_DIR).read_text().strip()) as web:
            assert web.info.dbname == connection.settings_dict["NAME"]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute("DELETE FROM ledger_leaf")
        log_something("life goes on")
        assert "epoch 2" in checkpoints.sign(at=AT).note
    assert "epoch" not in last_seen
    assert Record.objects.count() == 14, "the first node is untouched"
    assert not [name for name in server() if "_restoring_" in name or "_replaced_" in name]


def test_one_instant_while_the_node_works_on(
    node: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the snapshot and the dump others hand in, log and throw an original away, and wait for nobody; what a
    person had destroyed meanwhile does not come back with the restored database.
    """
    original = Submission.objects.get()
    people.handed_in(people.row(1))
    someone = people.account(1)
    before, dumped = log_as_held(), backup._dumped

    def work_on() -> None:
        hand_in([penalty(90)])
        log_something("meanwhile")
        backup.storage.discard_expired(at=AT + timedelta(days=400))
        assert ending.end_own(acting_user=someone, at=AT + timedelta(days=2500)).whole
        connection.close()

    def meanwhile(*given: Any) -> Part:
        thread = Thread(target=work_on)
        thread.start()
        thread.join()
        return dumped(*given)

    monkeypatch.setattr(backup, "_dumped", meanwhile)
    made = backup.make(tmp_path / "b", at=AT)
    assert not backup.storage.has_original(original)
    assert log_as_held().size > before.size
    assert Record.objects.count() == 5
    assert made.manifest.ledger == before
    done = restore.restore(made.folder, at=AT, acting_user="operator", replace=True)
    assert (done.again.known, done.again.entries, done.again.files) == (True, 1, 1)
    assert (File.objects.count(), Version.objects.count()) == (0, 0)
    assert (log_as_held().size, Record.objects.count()) == (before.size + 2, 4), "the epoch, and what was destroyed"
    assert backup.storage.has_original(original)


def test_restore_over_itself_needs_the_word(made: backup.Made, settings: Settings) -> None:
    hand_in([penalty(77)])
    before = log_as_held()
    with pytest.raises(Conflict, match="--replace"):
        restore.restore(made.folder, at=AT, acting_user="operator")
    assert (Record.objects.count(), log_as_held()) == (5, before)
    done = restore.restore(made.folder, at=AT, acting_user="operator", replace=True)
    assert (Record.objects.count(), done.files, done.epoch) == (4, 1, 2)
    originals = [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]
    assert [path.name for path in originals] == [Submission.objects.get().file_sha256], "later originals are gone"


def test_restore_waits_for_nobody(made: backup.Made) -> None:
    other = connection.copy()
    other.ensure_connection()
    try:
        with pytest.raises(Conflict) as refused:
            restore.restore(made.folder, at=AT, acting_user="operator", replace=True)
    finally:
        other.close()
    assert refused.value.code == "node-in-use"
    assert Record.objects.count() == 4


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(raw)


def an_original(folder: Path) -> Path:
    return next(path for path in (folder / "files").rglob("*") if path.is_file())


def lie_about_the_log(folder: Path) -> None:
    facts = json.loads((folder / NAME).read_text())
    facts["ledger"]["root"] = "00" * 32
    (folder / NAME).write_text(json.dumps(facts))


def claim_newer(folder: Path) -> None:
    facts = json.loads((folder / NAME).read_text())
    facts["migrations"].append("records.9999_later")
    (folder / NAME).write_text(json.dumps(facts))


def climb_out(folder: Path) -> None:
    facts = json.loads((folder / NAME).read_text())
    facts["parts"][0]["path"] = "files/../../etc/passwd"
    (folder / NAME).write_text(json.dumps(facts))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda folder: (folder / NAME).unlink(), "backup-unfinished"),
    "manifest cut": (lambda folder: (folder / NAME).write_text('{"format": 1'), "backup-manifest"),
    "path outside": (climb_out, "backup-manifest"),
    "bit of the dump": (lambda folder: flip(folder / DATABASE), "backup-broken"),
    "bit of an original": (lambda folder: flip(an_original(folder)), "backup-broken"),
    "original missing": (lambda folder: an_original(folder).unlink(), "backup-broken"),
    "file too many": (lambda folder: (folder / "files" / "more").write_text("x"), "backup-broken"),
    "another log": (lie_about_the_log, "backup-ledger-differs"),
    "newer tables": (claim_newer, "backup-newer"),
}


def test_broken_backups_change_nothing(made: backup.Made, tmp_path: Path) -> None:
    before = (log_as_held(), checkpoints.keys.remembered())
    for how, (break_it, code) in BROKEN.items():
        broken = tmp_path / how
        shutil.copytree(made.folder, broken)
        break_it(broken)
        with pytest.raises(GongxinError) as refused:
            restore.restore(broken, at=AT, acting_user="operator", replace=True)
        assert refused.value.code == code, how
    assert ((log_as_held(), checkpoints.keys.remembered()), Record.objects.count()) == (before, 4)
    assert backup.storage.has_original(Submission.objects.get())
    assert not [name for name in server() if "_restoring_" in name]


def test_failed_exchange_leaves_the_node_and_its_signer_as_they_were(
    made: backup.Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in([penalty(78)])

    def breaks(*_: object) -> None:
        raise Unavailable("test", "断开", remedy="")

    monkeypatch.setattr(restore, "_exchange", breaks)
    with pytest.raises(Unavailable):
        restore.restore(made.folder, at=AT, acting_user="operator", replace=True)
    assert Record.objects.count() == 5
    log_something("and goes on")
    assert "epoch" not in checkpoints.sign(at=AT).note


def test_keys_lie_apart(node: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        backup.make(tmp_path / "b", at=AT, keys_to=tmp_path / "b" / "keys")
    assert refused.value.code == "keys-beside-data"
    made = backup.make(tmp_path / "b", at=AT)
    names = {path.name for path in made.folder.rglob("*") if path.is_file()}
    assert made.keys == 0
    assert {"signing-key", "secret-key", "last-checkpoint"} & names == set()
    assert b"PRIVATE+KEY" not in b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    assert keeping.carry_out(tmp_path / "safe") == 5
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "safe").rglob("*")} == {0}


def test_without_keys_a_signed_log_is_not_restored(made: backup.Made, settings: Settings, tmp_path: Path) -> None:
    with elsewhere(settings, tmp_path / "other"):
        with pytest.raises(Conflict) as refused:
            restore.restore(made.folder, at=AT, acting_user="operator")
        assert refused.value.code == "ledger-key-missing"
        with connection.cursor() as cursor:
            assert connection.introspection.table_names(cursor) == []


def test_broken_off_backup_is_no_backup(node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(backup.manifests, "write", full)
        with pytest.raises(OSError, match="No space"):
            backup.make(tmp_path / "backups" / "b", at=AT)
    assert list((tmp_path / "backups").iterdir()) == []
    assert not (node / "files" / "held-for-backup").exists()
    # Room is asked for before anything is written.
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: SimpleNamespace(free=10**6))
    with pytest.raises(Unavailable) as refused:
        backup.make(tmp_path / "backups" / "b", at=AT)
    assert refused.value.code == "storage-full"
    assert list((tmp_path / "backups").iterdir()) == []


def test_killed_backup_is_told_from_a_whole_one(made: backup.Made, tmp_path: Path) -> None:
    left = tmp_path / "monday.part-x1"
    shutil.copytree(made.folder, left)
    (left / NAME).unlink()
    with pytest.raises(InvalidInput) as refused:
        verification.verify(left)
    assert refused.value.code == "backup-unfinished"
    assert verification.verify(made.folder) == made.manifest


def test_taken_folder_is_not_touched_and_two_do_not_meet(made: backup.Made, tmp_path: Path) -> None:
    with pytest.raises(Conflict) as refused:
        backup.make(made.folder, at=AT)
    assert refused.value.code == "backup-exists"
    assert verification.verify(made.folder) == made.manifest
    held = Path(configured.FILES_DIR) / "held-for-backup"
    with backup._held_files(held), pytest.raises(Conflict) as refused:
        backup.make(tmp_path / "b", at=AT)
    assert refused.value.code == "backup-running"
    assert not list(tmp_path.glob("b*part*"))
