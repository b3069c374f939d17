"""The owner of the database, without the signing key, changes the past: each change is found.

Every test first proves that the untouched log verifies, then attacks it. Found by: the node itself (`gongxin ledger
verify`, the signer), an outsider with the exported files, the public key and one checkpoint kept from earlier, or,
where all memories of the node were put back too, a witness at another node.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from tests.ledger.conftest import AT, Offline, as_owner, logged

from gongxin.errors import Conflict
from gongxin.ledger import checkpoints, exporting, keys, notes, proofs, selectors, submitting, tree
from gongxin.ledger.models import Leaf, SignedCheckpoint
from gongxin.ledger.peers import Witness

DAMAGED = "日志不完整或已被改动"


@dataclass(frozen=True)
class World:
    """A log of 11 leaves, signed at 5 and 11; an outsider kept both checkpoints, `early` and `seen`."""

    folder: Path
    seen: Path
    early: Path
    offline: Offline

    def exported(self) -> Path:
        target = self.folder / f"export-{len(list(self.folder.iterdir()))}"
        exporting.export(target)
        return target

    def by_hand(self) -> Path:
        """Files in the form of an export, where the node makes none: leaves as they are, the checkpoint of 11."""
        target = self.folder / "by-hand"
        (target / "checkpoints").mkdir(parents=True)
        shutil.copy(self.seen, target / "checkpoints" / "11.checkpoint")
        bodies = Leaf.objects.order_by("seq").values_list("body", flat=True)
        (target / "leaves.jsonl").write_bytes(b"".join(bytes(body) + b"\n" for body in bodies))
        return target

    def fits(self) -> Path:
        """The log verifies, here and outside; the export that shows it."""
        assert checkpoints.verify().size == 11
        export = self.exported()
        found = self.offline(export, "--seen", self.seen, self.early)
        assert found.returncode == 0, found.stderr
        assert "11 leaves, 4 checkpoints" in found.stdout
        return export

    def found_outside(self, export: Path) -> str:
        """What the outsider is told of an export that does not fit."""
        found = self.offline(export, "--seen", self.seen)
        assert (found.returncode, found.stdout) == (1, "")
        assert found.stderr.startswith("DOES NOT FIT. ")
        return found.stderr


@pytest.fixture
def world(tmp_path: Path, offline: Offline, db: None) -> World:
    folder = tmp_path / "outside"
    folder.mkdir()
    for count, name in ((5, "early"), (6, "seen")):
        for number in range(count):
            logged(number)
        (folder / name).write_text(checkpoints.sign(at=AT).note, encoding="utf-8")
    return World(folder, folder / "seen", folder / "early", offline)


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


def empty_the_table() -> None:
    as_owner("TRUNCATE ledger_leaf")


def drop_the_table() -> None:
    """And make an empty one in its place, so that everything goes on."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf RENAME TO ledger_gone")
        cursor.execute("CREATE TABLE ledger_leaf (LIKE ledger_gone INCLUDING ALL)")
        cursor.execute("DROP TABLE ledger_gone")
    logged(0)


ON_LEAVES = [edit, change_times, delete, insert, swap, cut_the_tail, roll_back, roll_back_and_go_on, rewrite_all]
ON_LEAVES += [sign_with_another_key, empty_the_table, drop_the_table]


@pytest.mark.parametrize("careful", [False, True], ids=["plain", "rehashed"])
@pytest.mark.parametrize("attack", ON_LEAVES, ids=lambda attack: attack.__name__)
def test_an_attack_on_the_database_is_found(world: World, attack: Callable[[], None], careful: bool) -> None:
    world.fits()
    attack()
    if careful:
        rehash()
    with pytest.raises(Conflict, match=DAMAGED):
        checkpoints.verify()
    try:
        export = world.exported()
    except Conflict:
        # Leaves are missing below the newest checkpoint: nothing leaves the house, unless somebody writes it by hand.
        export = world.by_hand()
    world.found_outside(export)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("hashes[2] = hashes[1] WHERE seq = 3", "第 3 条"),
        ("hashes = hashes[1:2] WHERE seq = 3", "第 3 条"),
        ("hashes = '{}' WHERE seq = 6", "第 6 条"),
        ("hashes = hashes || hashes[1] WHERE seq = 3", "从第 0 条起存有多余"),
        ("hashes = hashes || hashes[1] WHERE seq = 10", "第 10 条"),
    ],
)
def test_a_false_hash_of_a_subtree_is_found(world: World, change: str, where: str) -> None:
    """The leaves are true, so what is exported fits; the node finds it."""
    world.fits()
    # The parameters above are the whole variety of it.
    as_owner(f"UPDATE ledger_leaf SET {change}")
    with pytest.raises(Conflict, match=where):
        checkpoints.verify()


def test_no_proof_is_made_of_a_false_hash_that_anybody_takes(world: World) -> None:
    world.fits()
    as_owner("UPDATE ledger_leaf SET hashes[2] = hashes[1] WHERE seq = 3")
    proof = world.folder / "proof"
    proof.write_text(proofs.inclusion(0))
    assert world.offline("--proof", proof).returncode == 1
    with pytest.raises(tree.ProofInvalid):
        proofs.check(proof.read_text(), keys.verifier())


@pytest.mark.parametrize("attack", [cut_the_tail, roll_back, roll_back_and_go_on, rewrite_all, drop_the_table])
def test_the_signer_does_not_sign_what_was_put_back(world: World, attack: Callable[[], None]) -> None:
    world.fits()
    attack()
    with pytest.raises(Conflict, match=DAMAGED):
        checkpoints.sign(at=AT)


def test_new_leaves_are_read_before_they_are_signed(world: World) -> None:
    logged(50)
    assert checkpoints.sign(at=AT).size == 12
    logged(51)
    as_owner("UPDATE ledger_leaf SET body = body || ' ' WHERE seq = 12")
    with pytest.raises(Conflict):
        checkpoints.sign(at=AT)


def test_a_forged_checkpoint_is_neither_signed_over_nor_proved_by(world: World) -> None:
    world.fits()
    forged = notes.Signer(keys.signer().name, bytes(32)).sign(
        SignedCheckpoint.objects.get(size=11).note.split("\n\n")[0] + "\n"
    )
    as_owner("UPDATE ledger_checkpoint SET note = %s WHERE size = 11", forged)
    for attempt in (lambda: checkpoints.sign(at=AT), lambda: proofs.inclusion(3), checkpoints.verify):
        with pytest.raises(Conflict, match=DAMAGED):
            attempt()
    world.found_outside(world.exported())


def test_a_failed_export_leaves_nothing(world: World) -> None:
    world.fits()
    as_owner("DELETE FROM ledger_leaf WHERE seq = 4")
    with pytest.raises(Conflict):
        exporting.export(world.folder / "new" / "export")
    assert list((world.folder / "new").iterdir()) == []


def test_the_signers_memory_is_missed(world: World) -> None:
    world.fits()
    (keys.folder() / "last-checkpoint").unlink()
    with pytest.raises(Conflict, match="last-checkpoint"):
        checkpoints.sign(at=AT)


def test_a_replayed_checkpoint_is_not_passed_off(world: World) -> None:
    """Shown for a longer log it leaves leaves that nothing vouches for; shown for a shorter one, leaves are missing."""
    export = world.fits()
    (export / "checkpoints" / "11.checkpoint").unlink()
    longer = world.offline(export)
    assert "6 leaves after the last checkpoint (5)" in longer.stderr
    lines = (export / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    (export / "leaves.jsonl").write_bytes(b"".join(lines[:5]))
    assert world.offline(export).returncode == 0
    assert "signed 11 leaves, here are only 5" in world.found_outside(export)
    (export / "checkpoints" / "5.checkpoint").write_text(world.seen.read_text())
    assert world.offline(export).returncode == 1


def test_a_checkpoint_replayed_into_the_database_is_found(world: World) -> None:
    """The note of 5 in the place of that of 11."""
    world.fits()
    as_owner("UPDATE ledger_checkpoint SET note = %s WHERE size = 11", world.early.read_text())
    with pytest.raises(Conflict, match=DAMAGED):
        checkpoints.sign(at=AT)
    assert "6 leaves after the last checkpoint (5)" in world.offline(world.exported()).stderr


@pytest.mark.parametrize("where", range(0, 1400, 100))
def test_an_edited_export_is_found(world: World, where: int) -> None:
    export = world.fits()
    path = export / "leaves.jsonl"
    content = bytearray(path.read_bytes())
    assert len(content) > 1400
    content[where] ^= 1
    path.write_bytes(bytes(content))
    world.found_outside(export)


def test_an_edited_checkpoint_is_found(world: World) -> None:
    export = world.fits()
    path = export / "checkpoints" / "11.checkpoint"
    note = path.read_text()
    for changed in (
        note.replace("\n11\n", "\n12\n"),
        note.replace("\n\n", "\nepoch 2\n\n"),
        note.replace("credit", "debit", 1),
        note[:-10] + "A" + note[-9:],
        "",
    ):
        path.write_text(changed)
        world.found_outside(export)
    path.unlink()
    (export / "checkpoints" / "5.checkpoint").unlink()
    assert "nothing vouches" in world.offline(export).stderr


def split(world: World) -> tuple[str, Path, Path]:
    """Two logs that both begin with the five: the signer is led to sign both, by putting its memory back as well.

    The note of the first branch, and an export of each.
    """
    first = world.fits()
    note = keys.remembered()
    roll_back()
    as_owner("DELETE FROM ledger_cosignature WHERE size > 5")
    keys.remember(world.early.read_text())
    for number in range(200, 206):
        logged(number)
    assert checkpoints.sign(at=AT).note != note
    assert checkpoints.verify().size == 11
    return note, first, world.exported()


def test_a_split_view_is_found_by_whoever_compares(world: World) -> None:
    """Each of two readers is shown a log that fits by itself; one checkpoint passed from one to the other is enough."""
    _, first, second = split(world)
    for export in (first, second):
        assert world.offline(export).returncode == 0
    assert "not those that were signed" in world.found_outside(second)


def test_a_split_view_is_refused_by_the_witness(world: World, witness: Witness) -> None:
    assert submitting.submit(witness, at=AT).size == 11
    split(world)
    with pytest.raises(Conflict, match="见过的日志不是本日志的前段"):
        submitting.submit(witness, at=AT)
    assert world.offline(world.exported(), "--witness", str(witness.verifier)).returncode == 1


@pytest.mark.parametrize("attack", [edit, delete, insert, swap, change_times, rewrite_all, roll_back_and_go_on])
def test_the_witness_refuses_what_was_rewritten_even_if_the_key_signs_it(
    world: World, witness: Witness, attack: Callable[[], None]
) -> None:
    """Worse than the owner of the database: the signing key is misused as well, and nothing on this node objects."""
    world.fits()
    assert submitting.submit(witness, at=AT).size == 11
    attack()
    as_owner("DELETE FROM ledger_checkpoint")
    (keys.folder() / "last-checkpoint").unlink()
    rehash()
    logged(300)
    checkpoints.sign(at=AT)
    checkpoints.verify()
    with pytest.raises(Conflict, match=DAMAGED):
        submitting.submit(witness, at=AT)


def test_proofs(world: World) -> None:
    proof = world.folder / "leaf.tlog-proof"
    for seq in range(11):
        proof.write_text(proofs.inclusion(seq), encoding="utf-8")
        found = world.offline("--proof", proof)
        assert found.returncode == 0, found.stderr
        assert f"leaf {seq} is in the log of 11 leaves" in found.stdout
        proved = proofs.check(proof.read_text(), keys.verifier())
        assert (proved.index, proved.body, proved.checkpoint.size) == (seq, selectors.body(seq), 11)
    other = world.folder / "other.json"
    other.write_bytes(selectors.body(2))
    assert world.offline("--proof", proof, "--leaf", other).returncode == 1
    good = proofs.inclusion(9)
    shorter, longer = good.split("\n"), good.split("\n")
    del shorter[3]
    longer.insert(3, longer[3])
    for changed in (good.replace("index 9", "index 8"), "\n".join(shorter), "\n".join(longer), good[:40], ""):
        proof.write_text(changed, encoding="utf-8")
        assert world.offline("--proof", proof).returncode == 1
        with pytest.raises((tree.ProofInvalid, notes.NoteInvalid)):
            proofs.check(changed, keys.verifier())


def test_a_log_that_only_grew(world: World) -> None:
    for number in range(3):
        logged(number)
    checkpoints.sign(at=AT)
    proof = world.folder / "grown"
    proof.write_text(proofs.consistency(11), encoding="utf-8")
    found = world.offline("--grown", proof, "--seen", world.seen)
    assert found.returncode == 0, found.stderr
    assert world.offline("--grown", proof, "--seen", world.early).returncode == 1
    good = proofs.consistency(5)
    proof.write_text(good, encoding="utf-8")
    assert world.offline("--grown", proof, "--seen", world.early).returncode == 0
    shorter, longer = good.split("\n"), good.split("\n")
    del shorter[1]
    longer.insert(1, longer[1])
    for changed in (shorter, longer):
        proof.write_text("\n".join(changed), encoding="utf-8")
        assert world.offline("--grown", proof, "--seen", world.early).returncode == 1
