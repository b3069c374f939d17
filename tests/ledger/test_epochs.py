"""After a restore the log goes on in a raised epoch: stated, signed, and never without the key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import transaction
from tests.ledger.conftest import AT, Offline, as_owner, logged

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, Unavailable
from gongxin.ledger import checkpoints, epochs, exporting, keys, notes, selectors
from gongxin.ledger.notes import Verifier

pytestmark = pytest.mark.django_db
WHY = "disk of the server failed"


def signed(count: int) -> str:
    for number in range(count):
        logged(number)
    return checkpoints.sign(at=AT).note


def put_back(size: int) -> None:
    """What a restore does: the database of back then, checkpoints and all."""
    as_owner("DELETE FROM ledger_leaf WHERE seq >= %s", size)
    as_owner("DELETE FROM ledger_checkpoint WHERE size > %s", size)


def raised(**more: object) -> int:
    return epochs.raise_epoch(reason=WHY, actor="operator", at=AT, **more).epoch


@pytest.fixture
def log(log_key: Verifier) -> str:
    """11 leaves, signed at 5 and at 11: the note of 11."""
    signed(5)
    return signed(6)


def test_a_restore_without_loss(log: str, offline: Offline, tmp_path: Path) -> None:
    root = checkpoints.verify().root
    assert (epochs.current(), raised(), epochs.current()) == (1, 2, 2)
    leaf = json.loads(selectors.body(11))
    assert leaf["fields"] | {"reason": ""} == {
        "epoch": 2, "restored": 11, "known": 11, "known_root": root.hex(), "reason": ""
    }  # fmt: skip
    assert selectors.opened(11).values == {"actor": "operator", "reason": WHY}
    assert signed(3).split("\n")[:4:3] == ["credit.example.cn/ledger", "epoch 2"]
    assert checkpoints.verify().epoch == 2
    exporting.export(tmp_path / "out")
    (tmp_path / "seen").write_text(log)
    found = offline(tmp_path / "out", "--seen", tmp_path / "seen")
    assert found.returncode == 0, found.stderr
    assert "epoch 2" in found.stdout


def test_a_restore_with_loss_is_stated(log: str, offline: Offline, tmp_path: Path) -> None:
    put_back(8)
    with pytest.raises(Conflict, match="曾签署 11 条，现只有 8 条"):
        checkpoints.sign(at=AT)
    assert raised() == 2
    fields = json.loads(selectors.body(8))["fields"]
    assert (fields["restored"], fields["known"]) == (8, 11)
    signed(20)
    assert checkpoints.verify().size == 29
    exporting.export(tmp_path / "out")
    (tmp_path / "seen").write_text(log)
    found = offline(tmp_path / "out", "--seen", tmp_path / "seen")
    assert found.returncode == 3, found.stderr + found.stdout
    assert "3 leaves" in found.stdout
    assert "READ AGAIN" in found.stdout


def test_only_the_signer_raises_an_epoch(log: str, offline: Offline, tmp_path: Path) -> None:
    """The owner of the database can write the leaf, but nobody signs over it."""
    put_back(8)
    fields = {"epoch": 2, "restored": 8, "known": 11, "known_root": "0" * 64, "reason": "x"}
    logged(0)
    with transaction.atomic():
        ledger.append("ledger.epoch_raised", fields=fields, actor="thief", at=AT)
    logged(1)
    logged(2)
    assert selectors.size() > 11
    with pytest.raises(Conflict, match="日志不完整或已被改动"):
        checkpoints.sign(at=AT)


def test_what_others_kept_counts_where_the_signers_memory_was_put_back_too(log_key: Verifier) -> None:
    signed(5)
    memory = keys.remembered()
    later = signed(6)
    put_back(5)
    keys.remember(memory)
    assert raised(known=[later]) == 2
    fields = json.loads(selectors.body(5))["fields"]
    assert (fields["restored"], fields["known"]) == (5, 11)
    foreign = notes.Signer("credit.example.cn/ledger", bytes(32)).sign(later.split("\n\n")[0] + "\n")
    with pytest.raises(InvalidInput, match="不是本日志签署"):
        raised(known=[foreign])


def test_each_restore_has_an_epoch_of_its_own(log: str) -> None:
    """Put back to before the leaf of the second epoch: the next is the third, since the second was given out."""
    put_back(8)
    assert raised() == 2
    signed(4)
    put_back(7)
    assert raised() == 3
    assert checkpoints.verify() == checkpoints.read(keys.remembered(), keys.verifier())
    assert epochs.current() == 3


def test_a_checkpoint_of_a_lost_branch_must_be_covered_by_what_is_stated(
    log: str, offline: Offline, tmp_path: Path
) -> None:
    """A checkpoint beyond what the epoch's leaf knows of, or another root for the size it names: not stated, found."""
    put_back(8)
    raised()
    signed(2)
    exporting.export(tmp_path / "out")
    signer = keys.signer()
    for size, epoch, code in ((10, 1, 3), (11, 1, 1), (12, 1, 1), (10, 2, 1)):
        seen = tmp_path / f"{size}-{epoch}"
        seen.write_text(signer.sign(str(notes.Checkpoint(signer.name, size, bytes(32), epoch))))
        found = offline(tmp_path / "out", "--seen", seen)
        assert found.returncode == code, (size, epoch, found.stdout, found.stderr)


def test_a_checkpoint_must_name_the_epoch_its_leaves_make(log: str, offline: Offline, tmp_path: Path) -> None:
    raised()
    exporting.export(tmp_path / "out")
    signer = keys.signer()
    newest = tmp_path / "out" / "checkpoints" / "12.checkpoint"
    for epoch, code in ((2, 0), (1, 1), (3, 1)):
        point = notes.Checkpoint(signer.name, 12, selectors.growing(12).root(), epoch)
        newest.write_text(signer.sign(str(point)))
        assert offline(tmp_path / "out").returncode == code, epoch
    as_owner("UPDATE ledger_checkpoint SET note = %s WHERE size = 12", newest.read_text())
    with pytest.raises(Conflict, match="日志不完整或已被改动"):
        checkpoints.verify()


def test_a_backup_of_another_past_is_refused(log: str) -> None:
    as_owner("DELETE FROM ledger_leaf WHERE seq >= 3")
    as_owner("DELETE FROM ledger_checkpoint")
    for number in range(20):
        logged(100 + number)
    with pytest.raises(Conflict, match="前 11 条与检查点不符"):
        raised()
    assert selectors.size() == 23


def test_nothing_is_raised_without_reason_or_key(log: str) -> None:
    with pytest.raises(InvalidInput, match="没有说明原因"):
        epochs.raise_epoch(reason="  ", actor="operator", at=AT)
    (keys.folder() / "signing-key").unlink()
    with pytest.raises(Unavailable, match="没有签名密钥"):
        raised()
    assert selectors.size() == 11


def test_epochs_in_checkpoints_are_stated_once_and_the_first_not_at_all() -> None:
    signer = notes.Signer("log", bytes(32))
    text = f"log\n1\n{notes.encoded(bytes(32))}\n"
    for lines, epoch in (("", 1), ("epoch 7\n", 7), ("other\nepoch 2\n", 2), ("other\n", 1)):
        assert notes.Checkpoint.read(signer.sign(text + lines), signer.verifier()).epoch == epoch
    for lines in ("epoch 1\n", "epoch 02\n", "epoch x\n", "epoch 2\nepoch 3\n"):
        with pytest.raises(notes.NoteInvalid):
            notes.Checkpoint.read(signer.sign(text + lines), signer.verifier())
