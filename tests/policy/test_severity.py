"""Severity: the provider's mark first, else the rule of the day of the decision; the same for columns."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.test_publicity import columns, facts

from gongxin.policy import packs, severity
from gongxin.policy.regimes import PublicityFacts

PACK = packs.current()


@given(st.sampled_from(["penalty", "licence", "tax-arrears"]), st.lists(facts(), min_size=1, max_size=8))
def test_columns_and_single_records_agree(item_id: str, rows: list[PublicityFacts]) -> None:
    item = PACK.item(item_id)
    found = severity.classify_columns(PACK, item, columns(rows))
    assert found.to_list() == [severity.classify(PACK, item, row) for row in rows]
    assert found.dtype == pl.String


@pytest.mark.parametrize(("mark", "meant"), [("轻微", "minor"), ("一般失信", "ordinary"), ("gravest", "gravest")])
def test_the_mark_of_the_provider_counts(mark: str, meant: str) -> None:
    marked = PublicityFacts(date(2026, 4, 1), severity=mark, kinds=("限制从业",))
    assert severity.classify(PACK, PACK.item("penalty"), marked) == meant


def test_items_without_classification_have_no_severity_of_their_own() -> None:
    assert severity.classify(PACK, PACK.item("licence"), PublicityFacts(date(2026, 4, 1))) == ""
    assert severity.rules_of(PACK, PACK.item("licence")) is None
