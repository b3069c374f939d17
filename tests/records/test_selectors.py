"""What is public is a predicate over dates: the day before, the first, the last and the day after."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from tests import held

from gongxin.errors import NotFound
from gongxin.policy.model import Purpose
from gongxin.policy.pack import Pack
from gongxin.records import selectors
from gongxin.records.models import Disclosure, Record, State

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 4, 1), date(2027, 3, 31)


def record(**given: object) -> Record:
    facts = {"publicity_from": FIRST, "publicity_until": LAST} | given
    return held.record(held.organisation(), **facts)


@pytest.mark.parametrize(
    ("day", "public"),
    [(date(2026, 3, 31), False), (FIRST, True), (date(2026, 9, 1), True), (LAST, True), (date(2027, 4, 1), False)],
)
def test_interval_is_inclusive(day: date, public: bool) -> None:
    record()
    assert selectors.published_on(day).exists() == public


def test_no_end_is_public_for_ever_and_no_beginning_never() -> None:
    open_end = record(publicity_until=None)
    record(publicity_from=None, publicity_until=None)
    assert list(selectors.published_on(date(2090, 1, 1))) == [open_end]


@pytest.mark.parametrize(
    "given", [{"state": State.CLOSED}, {"disclosure": Disclosure.AUTHORISED}, {"disclosure": Disclosure.SHARED}]
)
def test_closed_and_restricted_records_are_not_public(given: dict[str, str]) -> None:
    record(**given)
    assert not selectors.published_on(FIRST).exists()


def purpose(*disclosures: str, categories: tuple[str, ...] = ()) -> Purpose:
    # Texts here, one of a few words there.
    return Purpose("p", "用途", "Purpose", disclosures, categories, ())  # type: ignore[arg-type]


def test_purpose_opens_classes_of_disclosure() -> None:
    public, shared = record(), record(disclosure=Disclosure.SHARED)
    assert list(selectors.disclosable(purpose("public"), FIRST)) == [public]
    assert list(selectors.disclosable(purpose("shared"), FIRST)) == [shared]
    assert set(selectors.disclosable(purpose("public", "shared"), FIRST)) == {public, shared}
    assert not selectors.disclosable(purpose(), FIRST).exists()


def test_what_may_not_be_published_any_more_may_not_be_used_any_more() -> None:
    record()
    record(disclosure=Disclosure.SHARED)
    record(publicity_from=None, publicity_until=None)
    assert not selectors.disclosable(purpose("public", "shared"), date(2027, 4, 1)).exists()


def test_purpose_narrows_to_categories(pack: Pack) -> None:
    item = pack.item("penalty")
    held_record = record()
    assert list(selectors.disclosable(purpose("public", categories=(item.category,)), FIRST)) == [held_record]
    assert not selectors.disclosable(purpose("public", categories=("honours",)), FIRST).exists()


def test_record_by_id() -> None:
    held_record = record(state=State.CLOSED)
    assert selectors.record(held_record.pk).organisation.name
    with pytest.raises(NotFound):
        selectors.record(uuid4())
