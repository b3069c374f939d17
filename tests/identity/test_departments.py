"""Departments are registered once, with items and purposes that exist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gongxin.errors import InvalidInput, NotFound
from gongxin.identity import departments
from gongxin.identity.models import Department

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, tzinfo=UTC)


def registered(**facts: Any) -> Department:
    usual = {"code": "market", "name": "虚构市场监管局", "items": ["penalty"], "at": AT}
    return departments.register(**(usual | facts))


def test_registering_again_brings_it_up_to_date() -> None:
    first = registered()
    again = registered(items=["penalty", "licence"])
    assert again.pk == first.pk
    assert departments.by_code("market").items == ["penalty", "licence"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"items": ["gossip"]}, "item-unknown"), ({"purposes": ["curiosity"]}, "purpose-unknown")],
)
def test_only_what_the_pack_knows_can_be_granted(facts: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        registered(**facts)
    assert refused.value.code == code
    assert not Department.objects.exists()


def test_two_departments_cannot_have_one_name() -> None:
    registered()
    with pytest.raises(InvalidInput) as refused:
        registered(code="other")
    assert refused.value.code == "department-name-taken"


def test_unknown_code_is_answered_with_the_known_ones() -> None:
    registered()
    with pytest.raises(NotFound) as unknown:
        departments.by_code("nobody")
    assert "market" in unknown.value.remedy


def test_listing_leaves_out_what_is_not_in_use() -> None:
    registered()
    registered(code="closed", name="虚构已撤销局", active=False)
    assert [entry.code for entry in departments.listing()] == ["market"]
    assert [entry.code for entry in departments.listing(inactive=True)] == ["closed", "market"]
