"""Every situation of the packs' own tests comes out as the lawyer wrote it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gongxin.policy import packs, rehearsal
from gongxin.policy.pack import Pack
from gongxin.policy.rehearsal import Outcome

FOLDER = packs.policies_folder()
CHAIN = packs.load(packs.DEFAULT_PACK, FOLDER).chain
OUTCOMES = [outcome for name in CHAIN for outcome in rehearsal.rehearse(packs.load(name, FOLDER), FOLDER)]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=[outcome.where for outcome in OUTCOMES])
def test_situation_comes_out_as_written(outcome: Outcome) -> None:
    assert outcome.missed == (), outcome.situation


def test_there_are_situations_for_both_sides_of_every_change(pack: Pack) -> None:
    """The day before and the day of each change of a rule are the day of some situation's decision."""
    days = {
        line.split("decided_on: ")[1][:10]
        for path in FOLDER.glob("*/tests/*.yaml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "decided_on: " in line
    }
    changes = [regime.since for rules in pack.publicity.values() for regime in rules.regimes if regime.since]
    assert len(changes) == 3
    for change in changes:
        assert str(change) in days
        assert str(change - timedelta(days=1)) in days
