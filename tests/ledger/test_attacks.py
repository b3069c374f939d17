"""The owner of the database, without the signing key, changes the past: the offline verifier finds each change.

Two exports of one log are compared by an outsider who kept a checkpoint: before the attack and after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ledger.conftest import AT, Offline, as_owner, logged

from gongxin.errors import Conflict
from gongxin.ledger import checkpoints, exporting, keys, notes, proofs, selectors, tree
from gongxin.ledger.models import Leaf, SignedCheckpoint

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    """A log of 11 leaves, signed at 5 and 11; `seen` is the checkpoint of 11 that an outsider kept."""

    folder: Path
    seen: Path
    offline: Offline

    def exported(self) -> Path:
        target = self.folder / f"export-{len(list(self.folder.iterdir()))}"
        exporting.export(target)
        return target


@pytest.fixture
def world(tmp_path: Path, offline: Offline) -> World:
    for count in (5, 6):
        for number in range(count):
            logged(number)
        note = checkpoints.sign(at=AT).note
    folder = tmp_path / "outside"
    folder.mkdir()
    seen = folder / "seen.checkpoint"
    seen.write_text(note, encoding="utf-8")
    return World(folder, seen, offline)


def test_an_honest_log_fits(world: World) -> None:
    export = world.exported()
    found = world.offline(export, "--seen", world.seen)
    assert found.returncode == 0, found.stderr
    assert "11 leaves, 3 checkpoints" in found.stdout
    assert checkpoints.verify().size == 11
    assert sorted(path.name for path in (export / "checkpoints").iterdir()) == ["11.checkpoint", "5.checkpoint"]


def rehash() -> None:
    """Make the stored hashes fit the leaves again, as a careful attacker would."""
    growing = tree.Growing()
    for seq, body in enumerate(list(selectors.bodies(0, selectors.size()))):
        hashes = growing.append(tree.leaf_hash(body))
        as_owner("UPDATE ledger_leaf SET hashes = %s WHERE seq = %s", hashes, seq)


def edit() -> None:
    as_owner(
        "UPDATE ledger_leaf SET body = convert_to(replace(convert_from(body,'UTF8'),'test','TEST'),'UTF8') WHERE seq=3"
    )


def change_times() -> None:
    as_owner("UPDATE ledger_leaf SET body = convert_to(replace(convert_from(body,'UTF8'),'2026-','2025-'),'UTF8')")


def delete() -> None:
    as_owner("DELETE FROM ledger_leaf WHERE seq = 4")
    as_owner("UPDATE ledger_leaf SET seq = -seq WHERE seq > 4")
    as_owner("UPDATE ledger_leaf SET seq = -seq - 1 WHERE seq < 0")


def insert() -> None:
    as_owner("UPDATE ledger_leaf SET seq = -seq WHERE seq > 4")
    as_owner("UPDATE ledger_leaf SET seq = -seq + 1 WHERE seq < 0")
    as_owner("INSERT INTO ledger_leaf SELECT 5, body, hashes FROM ledger_leaf WHERE seq = 2")


def swap() -> None:
    as_owner("UPDATE ledger_leaf SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)")
    as_owner("UPDATE ledger_leaf SET seq = -seq WHERE seq < 0")


def cut_the_tail() -> None:
    as_owner("DELETE FROM ledger_leaf WHERE seq >= 8")


def roll_back() -> None:
    """Put the database back to when it had five leaves, checkpoints and all."""
    as_owner("DELETE FROM ledger_leaf WHERE seq >= 5")
    as_owner("DELETE FROM ledger_checkpoint WHERE size > 5")


def roll_back_and_go_on() -> None:
    """Put back, then let other things have happened: the old checkpoint of 5 is good, that of 11 is not."""
    roll_back()
    for number in range(100, 109):
        logged(number)


def rewrite_all() -> None:
    as_owner("DELETE FROM ledger_leaf")
    for number in range(100, 111):
        logged(number)


def sign_with_another_key() -> None:
    """Rewrite everything and sign it again, with a key that is not the log's."""
    rewrite_all()
    other = notes.Signer(keys.signer().name, bytes(32))
    as_owner("DELETE FROM ledger_checkpoint WHERE size = 5")
    note = other.sign(str(notes.Checkpoint(other.name, 11, selectors.growing(11).root())))
    as_owner("UPDATE ledger_checkpoint SET note = %s", note)


ATTACKS = [edit, change_times, delete, insert, swap, cut_the_tail, roll_back, roll_back_and_go_on, rewrite_all]
ATTACKS += [sign_with_another_key]


@pytest.mark.parametrize("careful", [False, True], ids=["plain", "rehashed"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_on_the_database_is_found(world: World, attack: Callable[[], None], careful: bool) -> None:
    attack()
    if careful:
        rehash()
    with pytest.raises(Conflict, match="日志不完整或已被改动"):
        checkpoints.verify()
    try:
        export = world.exported()
    except Conflict:
        # Leaves are missing below the newest checkpoint: nothing leaves the house. Written by hand all the same:
        export = world.folder / "by-hand"
        (export / "checkpoints").mkdir(parents=True)
        shutil.copy(world.seen, export / "checkpoints" / "11.checkpoint")
        bodies = Leaf.objects.order_by("seq").values_list("body", flat=True)
        (export / "leaves.jsonl").write_bytes(b"".join(bytes(body) + b"\n" for body in bodies))
    found = world.offline(export, "--seen", world.seen)
    assert found.returncode == 1, found.stdout
    assert found.stderr.startswith("DOES NOT FIT. ")


@pytest.mark.parametrize("attack", [cut_the_tail, roll_back, roll_back_and_go_on, rewrite_all])
def test_the_signer_does_not_sign_what_was_put_back(world: World, attack: Callable[[], None]) -> None:
    attack()
    with pytest.raises(Conflict, match="日志不完整或已被改动"):
        checkpoints.sign(at=AT)


def test_new_leaves_are_read_before_they_are_signed(world: World) -> None:
    logged(50)
    as_owner("UPDATE ledger_leaf SET body = body || ' ' WHERE seq = 11")
    with pytest.raises(Conflict):
        checkpoints.sign(at=AT)


def test_a_forged_checkpoint_is_neither_signed_over_nor_proved_by(world: World) -> None:
    forged = notes.Signer(keys.signer().name, bytes(32)).sign(
        SignedCheckpoint.objects.get(size=11).note.split("\n\n")[0] + "\n"
    )
    as_owner("UPDATE ledger_checkpoint SET note = %s WHERE size = 11", forged)
    for attempt in (lambda: checkpoints.sign(at=AT), lambda: proofs.inclusion(3), checkpoints.verify):
        with pytest.raises(Conflict, match="日志不完整或已被改动"):
            attempt()


def test_a_failed_export_leaves_nothing(world: World) -> None:
    as_owner("DELETE FROM ledger_leaf WHERE seq = 4")
    with pytest.raises(Conflict):
        exporting.export(world.folder / "new" / "export")
    assert list((world.folder / "new").iterdir()) == []


def test_the_signers_memory_is_missed(world: World) -> None:
    (keys.folder() / "last-checkpoint").unlink()
    with pytest.raises(Conflict, match="last-checkpoint"):
        checkpoints.sign(at=AT)


def test_an_old_checkpoint_is_not_passed_off(world: World) -> None:
    """Shown for a longer log it leaves leaves that nothing vouches for; shown for a shorter one, leaves are missing."""
    export = world.exported()
    (export / "checkpoints" / "11.checkpoint").unlink()
    longer = world.offline(export)
    assert "6 leaves after the last checkpoint (5)" in longer.stderr
    lines = (export / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    (export / "leaves.jsonl").write_bytes(b"".join(lines[:5]))
    assert world.offline(export).returncode == 0
    shorter = world.offline(export, "--seen", world.seen)
    assert "signed 11 leaves, here are only 5" in shorter.stderr
    (export / "checkpoints" / "5.checkpoint").write_text(world.seen.read_text())
    assert world.offline(export).returncode == 1


@pytest.mark.parametrize("where", range(0, 1400, 100))
def test_an_edited_export_is_found(world: World, where: int) -> None:
    export = world.exported()
    path = export / "leaves.jsonl"
    content = bytearray(path.read_bytes())
    assert len(content) > 1400
    content[where] ^= 1
    path.write_bytes(bytes(content))
    assert world.offline(export).returncode == 1


def test_an_edited_checkpoint_is_found(world: World) -> None:
    export = world.exported()
    path = export / "checkpoints" / "11.checkpoint"
    note = path.read_text()
    for changed in (
        note.replace("\n11\n", "\n12\n"),
        note.replace("credit", "debit", 1),
        note[:-10] + "A" + note[-9:],
        "",
    ):
        path.write_text(changed)
        assert world.offline(export).returncode == 1
    path.unlink()
    (export / "checkpoints" / "5.checkpoint").unlink()
    assert "nothing vouches" in world.offline(export).stderr


def test_proofs(world: World) -> None:
    proof = world.folder / "leaf.tlog-proof"
    for seq in range(11):
        proof.write_text(proofs.inclusion(seq), encoding="utf-8")
        found = world.offline("--proof", proof)
        assert found.returncode == 0, found.stderr
        assert f"leaf {seq} is in the log of 11 leaves" in found.stdout
    other = world.folder / "other.json"
    other.write_bytes(selectors.body(2))
    assert world.offline("--proof", proof, "--leaf", other).returncode == 1
    proof.write_text(proofs.inclusion(9).replace("index 9", "index 8"), encoding="utf-8")
    assert world.offline("--proof", proof).returncode == 1


def test_a_log_that_only_grew(world: World) -> None:
    for number in range(3):
        logged(number)
    checkpoints.sign(at=AT)
    proof = world.folder / "grown"
    proof.write_text(proofs.consistency(11), encoding="utf-8")
    found = world.offline("--grown", proof, "--seen", world.seen)
    assert found.returncode == 0, found.stderr
    five = world.folder / "five"
    five.write_text(SignedCheckpoint.objects.get(size=5).note, encoding="utf-8")
    assert world.offline("--grown", proof, "--seen", five).returncode == 1
    proof.write_text(proofs.consistency(5), encoding="utf-8")
    assert world.offline("--grown", proof, "--seen", five).returncode == 0
