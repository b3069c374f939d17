"""Contents can be destroyed: afterwards nobody can open the leaf, and everything that was proved still is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import transaction
from tests.ledger.conftest import AT, Offline

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.ledger import checkpoints, contents, exporting, proofs, selectors
from gongxin.ledger.models import Opening

pytestmark = pytest.mark.django_db
FIELDS = {"account": "li-si", "kind": "totp"}
WHY = "保存期限届满"


@pytest.fixture
def seq() -> int:
    with transaction.atomic():
        return ledger.append("factor.added", fields=FIELDS, actor="zhang-san", at=AT)


def destroyed(seq: int, **more: object) -> int:
    return contents.destroy(seq, reason=WHY, actor="auditor", at=AT, **more)


def test_destroyed_and_still_proved(seq: int, offline: Offline, tmp_path: Path) -> None:
    note, proof = checkpoints.sign(at=AT).note, proofs.inclusion(seq)
    (tmp_path / "seen").write_text(note)
    assert selectors.opened(seq).values == {"actor": "zhang-san", "account": "li-si"}
    number = destroyed(seq)
    assert (selectors.opened(seq).values, selectors.opened(seq).closed) == ({}, 2)
    leaf = json.loads(selectors.body(number))
    assert leaf["event"] == "ledger.contents_destroyed"
    assert leaf["fields"] | {"reason": ""} == {"leaf": seq, "names": ["account", "actor"], "reason": ""}
    assert selectors.opened(number).values == {"actor": "auditor", "reason": WHY}
    checkpoints.sign(at=AT)
    assert checkpoints.verify().size == 2
    exporting.export(tmp_path / "out")
    found = offline(tmp_path / "out", "--seen", tmp_path / "seen")
    assert found.returncode == 0, found.stderr
    for given in (proof, proofs.inclusion(seq)):
        (tmp_path / "proof").write_text(given)
        assert offline("--proof", tmp_path / "proof").returncode == 0


def test_nothing_of_it_is_left_in_the_database(seq: int) -> None:
    before = Opening.objects.count()
    destroyed(seq)
    assert Opening.objects.count() == before - 2 + 2
    assert {one.field for one in Opening.objects.all()} == {"actor", "reason"}


def test_one_field_of_several(seq: int) -> None:
    destroyed(seq, names=["account"])
    assert selectors.opened(seq).values == {"actor": "zhang-san"}
    number = destroyed(seq)
    assert json.loads(selectors.body(number))["fields"]["names"] == ["actor"]
    with pytest.raises(Conflict, match="此前已经销毁"):
        destroyed(seq)


def test_what_is_not_there_is_not_destroyed(seq: int) -> None:
    size = selectors.size()
    with pytest.raises(NotFound):
        destroyed(seq + 1)
    with pytest.raises(InvalidInput, match="可销毁的字段：actor、account"):
        destroyed(seq, names=["kind"])
    with pytest.raises(InvalidInput, match="没有说明原因"):
        contents.destroy(seq, reason=" ", actor="auditor", at=AT)
    assert (selectors.size(), selectors.opened(seq).closed) == (size, 0)
