"""The pack of the node."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.folders import copied

from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.policy.pack import Pack


def test_current_pack_is_the_city_and_loaded_once(pack: Pack) -> None:
    assert packs.current() is packs.current()
    assert pack.name == "cn-shandong-jinan"


def test_environment_chooses_pack_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path)
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    monkeypatch.setenv("GONGXIN_PACK", "cn")
    found = packs.current()
    assert (found.name, found.chain, packs.policies_folder()) == ("cn", ("cn",), folder)
    assert found.caps == ()


@pytest.mark.parametrize("ask", [Pack.item, Pack.purpose, Pack.clock])
def test_unknown_id_answers_with_the_ids_there_are(pack: Pack, ask: object) -> None:
    assert callable(ask)
    with pytest.raises(NotFound) as caught:
        ask(pack, "no-such-thing")
    assert "no-such-thing" in caught.value.title
    assert "、" in caught.value.remedy


def test_rules_are_all_cited_and_of_every_group(pack: Pack) -> None:
    rules = pack.rules()
    groups = {"terms", "cap", "severity", "repair", "procedure", "clock", "retention", "principle"}
    assert {rule.group for rule in rules} == groups
    assert [rule.id for rule in rules if not (rule.reference.title and rule.title and rule.outcome)] == []
    assert [rule.id for rule in rules if rule.since and rule.until and rule.until < rule.since] == []
