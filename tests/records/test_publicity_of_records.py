"""Whatever the dates: what the query publishes, what the page says of a record and what a check may use agree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests import held

from gongxin.policy import packs
from gongxin.policy.model import Field
from gongxin.records import explaining, payload, selectors
from gongxin.records.models import Disclosure, State

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


class PublicityTest(TestCase):
    """A case, as hypothesis has to undo every example."""

    @settings(max_examples=40, deadline=None)
    @given(
        first=st.none() | DAYS, length=st.none() | st.integers(0, 2_000), offset=st.integers(-2, 2),
        state=st.sampled_from(State.values), disclosure=st.sampled_from(Disclosure.values),
    )  # fmt: skip
    def test_query_and_page_agree_on_every_edge(
        self, first: date | None, length: int | None, offset: int, state: str, disclosure: str
    ) -> None:
        until = first + timedelta(days=length) if first is not None and length is not None else None
        record = held.record(
            held.organisation(), publicity_from=first, publicity_until=until, state=state, disclosure=disclosure
        )
        for edge in (first, until, date(2026, 1, 1)):
            day = (edge or date(2025, 1, 1)) + timedelta(days=offset)
            within = first is not None and first <= day and (until is None or day <= until)
            public = within and state == State.ACTIVE and disclosure == Disclosure.PUBLIC
            assert selectors.published_on(day).filter(pk=record.pk).exists() == public
            assert (explaining.standing(record, day) == "public") == public


@pytest.mark.parametrize("item_id", sorted(packs.current().items))
def test_no_item_shows_an_identity_or_a_field_that_is_not_published(item_id: str) -> None:
    """Of every item of the pack, with every field filled."""
    item = packs.current().item(item_id)
    shown = payload.public_fields(item, [f"值{n}" for n in range(len(item.fields))])
    assert shown
    hidden: list[Field] = [field for field, _ in shown if not field.published or field.role in payload.PERSONAL_ROLES]
    assert hidden == []
    assert {field.name for field, _ in shown} >= {field.name for field in item.fields if field.role == "party_name"}
