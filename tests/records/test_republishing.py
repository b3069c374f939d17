"""A changed pack derives the intervals of held records again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.intake.hand_ins import AT, hand_in, penalty
from tests.policy.folders import copied

from gongxin.cli.database import _tell_of_pack
from gongxin.policy import packs
from gongxin.policy.pack import Pack
from gongxin.records import republishing
from gongxin.records.deriving import DERIVED
from gongxin.records.models import PackApplied, Record

pytestmark = pytest.mark.django_db

ROWS = [
    penalty(1),
    penalty(2, CF_CFLB="警告"),
    penalty(3, CF_CFLB="吊销许可证件"),
    penalty(4, CF_JDRQ="2024/05/06"),
]


@pytest.fixture
def changed(tmp_path: Path) -> Pack:
    """Ordinary penalties: six months instead of twelve; warnings count as serious, from 2026-04-01 on."""
    folder = copied(tmp_path)
    terms = folder / "cn" / "terms" / "penalty-publicity.yaml"
    before, after = terms.read_text(encoding="utf-8").rsplit("{min: 3, max: 12}", 1)
    terms.write_text(f"{before}{{min: 3, max: 6}}{after}", encoding="utf-8")
    severity = next((folder / "cn" / "severity").glob("*.yaml"))
    before, after = severity.read_text(encoding="utf-8").rsplit("severity: minor", 1)
    severity.write_text(f"{before}severity: serious{after}", encoding="utf-8")
    return packs.load(packs.current().name, folder)


def held() -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in Record.objects.values_list("document_no", *DERIVED)}


def test_exactly_the_affected_records_change(changed: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(ROWS)
    assert republishing.apply_pack(packs.current(), at=AT).changed == 0
    Record.objects.filter(document_no__endswith="1号").update(item_version=0)
    old = held()
    monkeypatch.setattr(republishing, "_CHUNK", 2)
    done = republishing.apply_pack(changed, at=AT)
    new = held()
    differing = {number[-2] for number in old if old[number] != new[number]}
    assert differing == {"1", "2"}
    assert (done.records, done.changed, done.by_item) == (4, 2, {"penalty": 2})
    assert [new[number][0] for number in sorted(new)][:2] == ["ordinary", "serious"]


def test_twice_changes_nothing_and_back_again_restores(changed: Pack) -> None:
    hand_in(ROWS)
    old = held()
    assert republishing.apply_pack(changed, at=AT).changed == 2
    assert republishing.apply_pack(changed, at=AT) == republishing.Republished()
    assert PackApplied.objects.count() == 1
    assert republishing.apply_pack(packs.current(), at=AT).changed == 2
    assert held() == old


def test_same_as_a_fresh_load(changed: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(ROWS)
    republishing.apply_pack(changed, at=AT)
    applied = held()
    Record.objects.all().delete()
    monkeypatch.setattr(packs, "current", lambda: changed)
    assert hand_in(ROWS).accepted == len(ROWS)
    assert held() == applied


def test_broken_off_leaves_nothing(changed: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(ROWS)
    old = held()

    def killed(item: str, done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        republishing.apply_pack(changed, at=AT, progress=killed)
    monkeypatch.setattr(PackApplied.objects, "create", killed)
    with pytest.raises(TypeError):
        republishing.apply_pack(changed, at=AT)
    assert held() == old
    assert not PackApplied.objects.exists()


def test_node_that_is_behind_says_so_on_the_policies_page_until_it_is_not(client: Client) -> None:
    waiting = "在库记录的公示期还没有按新规则重新核定"
    pack = packs.current()
    PackApplied.objects.create(name=pack.name, version="an-older-one", applied_at=AT, records=0, changed=0)
    assert republishing.behind(pack)
    assert waiting in client.get("/policies/").content.decode()
    republishing.apply_pack(pack, at=AT)
    assert not republishing.behind(pack)
    assert waiting not in client.get("/policies/").content.decode()


def test_status_names_the_command_that_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    _tell_of_pack()
    assert "gongxin packs apply" in capsys.readouterr().out
    republishing.apply_pack(packs.current(), at=AT)
    _tell_of_pack()
    assert capsys.readouterr().out == ""
