"""Terms of keeping: the day after the last, forwards and backwards."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gongxin.policy import packs, retention

PACK = packs.current()
DAYS = st.dates(date(2000, 1, 1), date(2080, 1, 1))


@given(DAYS, st.sampled_from(["retention-record", "retention-rejected-row", "retention-original"]))
def test_backwards_is_the_other_way_round(day: date, rule_id: str) -> None:
    rule = PACK.retention[rule_id]
    last = rule.ended_by(day)
    assert last is not None
    over, next_over = rule.over_from(last), rule.over_from(last + timedelta(days=1))
    assert over is not None and next_over is not None
    assert over <= day < next_over


def test_what_is_kept_for_ever_is_never_over() -> None:
    rule = PACK.retention["retention-look"]
    assert rule.over_from(date(1990, 1, 1)) is None
    assert rule.ended_by(date(2090, 1, 1)) is None


def test_a_rule_that_names_the_item_comes_before_the_one_for_all() -> None:
    day = date(2026, 11, 21)
    found = {item: retention.rule_of(PACK, "record", item, day) for item in ("penalty", "serious-dishonesty")}
    assert {item: rule.id for item, rule in found.items() if rule} == {
        "penalty": "retention-record",
        "serious-dishonesty": "retention-record-serious",
    }


def test_every_kind_of_thing_has_its_rule() -> None:
    day = date(2026, 11, 21)
    assert all(retention.rules(PACK, what, day) for what in retention.WHATS)
