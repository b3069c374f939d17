"""Eligibility for repair beside its situations in the pack: agreement with the publicity terms, for many decisions."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.policy import packs, publicity, repair
from gongxin.policy.regimes import PublicityFacts

PACK = packs.current()
DAYS = st.dates(date(2015, 1, 1), date(2028, 12, 31))


@settings(max_examples=150, deadline=None)
@given(
    decided=DAYS,
    after=st.integers(0, 2000),
    severity=st.sampled_from(["", "轻微", "一般", "严重", "特定严重"]),
    procedure=st.sampled_from(["", "简易", "普通"]),
    field=st.sampled_from(["", "食品"]),
)
def test_penalties_agree_with_their_publicity(
    decided: date, after: int, severity: str, procedure: str, field: str
) -> None:
    """Open from the same day as the publicity term says; never once publicity is over; needless means it is or ends
    first.
    """
    facts = PublicityFacts(decided, severity=severity, procedure=procedure, field_of_law=field)
    item, day = PACK.item("penalty"), decided + timedelta(days=after)
    term, found = publicity.term(PACK, item, facts), repair.eligibility(PACK, item, facts, day)
    if found.standing in {"eligible", "not_yet"}:
        assert found.since == term.repairable_from
        assert found.open == (term.repairable_from is not None and day >= term.repairable_from)
        assert term.published_until is None or day <= term.published_until
        assert found.references
        assert str(found.since) in found.reason
    elif found.standing == "needless":
        until = term.published_until
        assert until is None or until < day or term.repairable_from is None
    assert found.reason
    assert found.reason_en


def test_items_that_speak_for_the_organisation_are_not_repaired() -> None:
    found = repair.eligibility(PACK, PACK.item("licence"), PublicityFacts(date(2026, 4, 1)), date(2026, 7, 1))
    assert (found.standing, found.rule) == ("never", repair.NO_RULE)


def test_every_adverse_item_has_its_rules() -> None:
    adverse = [item for item in PACK.items.values() if item.adverse]
    assert len(adverse) >= 6
    assert all(repair.rules_of(PACK, item) is not None for item in adverse)
