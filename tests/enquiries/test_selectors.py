"""Reading the log of looks: who looked at an organisation, and the auditor's search."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import held
from tests.held import AT

from gongxin.enquiries import looks, selectors
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Channel, Kind, Look
from gongxin.enquiries.selectors import Filters, Place
from gongxin.errors import NotFound
from gongxin.identity.models import Department

pytestmark = pytest.mark.django_db


@pytest.fixture
def department() -> Department:
    return held.department()


def look(department: Department, about: UUID | None = None, *, minutes: int = 0, **given: Any) -> Look:
    """A look so many minutes after AT."""
    looker = Looker(given.pop("name", "officer"), "case_officer", Channel.DESK, department.pk)
    ground = Ground(given.pop("purpose", "supervision"), given.pop("matter", ""))
    kind = given.pop("kind", Kind.RECORD)
    seen = Seen(given.pop("asked_for", "某记录"), about, **given)
    return Look.objects.get(
        pk=looks.taken(kind, seen, looker=looker, ground=ground, at=AT + timedelta(minutes=minutes))
    )


def test_who_looked_is_newest_first_page_by_page_with_lists_and_refusals(department: Department) -> None:
    about, other = held.organisation(), held.organisation()
    made = [look(department, about.pk, minutes=minute) for minute in range(4)]
    listed = look(department, others=(other.pk, about.pk), minutes=2, kind=Kind.RECORDS)
    refused = Look.objects.get(pk=_refused(department, about.pk, minutes=9))
    look(department, other.pk, minutes=5)
    look(department, minutes=6)
    expected = sorted([refused, *made, listed], key=lambda one: (one.asked_at, one.pk), reverse=True)
    found, place = [], None
    while True:
        page = selectors.who_looked(about.pk, size=2, after=place)
        found += page.looks
        if page.following is None:
            break
        place = Place.read(str(page.following))
    assert found == expected
    assert selectors.who_looked(held.organisation().pk).looks == []


def _refused(department: Department, about: UUID, *, minutes: int) -> UUID:
    looker = Looker("officer", "case_officer", Channel.DESK, department.pk)
    seen = Seen("某记录", about, disclosed=((about, 1),)).refused("record-unknown")
    return looks.taken(
        Kind.RECORD, seen, looker=looker, ground=Ground("supervision"), at=AT + timedelta(minutes=minutes)
    )


def test_who_looked_costs_two_queries_however_many_looked(department: Department) -> None:
    about = held.organisation()
    for minute in range(6):
        look(department, about.pk, minutes=minute)
    with CaptureQueriesContext(connection) as queries:
        selectors.who_looked(about.pk, size=3)
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {0, 1, 2, 3}),
        ({"account": "key gx_1"}, {1}),
        ({"purpose": "tendering"}, {2}),
        ({"kind": "file"}, {3}),
        ({"outcome": "refused"}, set()),
        ({"since": date(2026, 4, 11)}, {3}),
        ({"until": date(2026, 4, 10)}, {0, 1, 2}),
        ({"since": date(2026, 4, 10), "until": date(2026, 4, 10), "purpose": "supervision"}, {0, 1}),
    ],
)
def test_every_filter_narrows(department: Department, wanted: dict[str, Any], expected: set[int]) -> None:
    # 10 o'clock in China; the fourth is a minute after midnight of the next day there.
    midnight = int((datetime(2026, 4, 10, 16, 1, tzinfo=UTC) - AT).total_seconds()) // 60
    made = [
        look(department),
        look(department, name="key gx_1"),
        look(department, purpose="tendering"),
        look(department, kind=Kind.FILE, minutes=midnight),
    ]
    (part,) = selectors.search(Filters(**wanted))
    found = set(part)
    assert found == {made[place] for place in expected}


def test_a_search_by_organisation_and_department(department: Department) -> None:
    about, elsewhere = held.organisation(), held.department()
    mine, listed = look(department, about.pk), look(elsewhere, others=(about.pk,))
    assert [set(part) for part in selectors.search(Filters(organisation=about.pk))] == [{mine}, {listed}]
    parts = selectors.search(Filters(organisation=about.pk, department=elsewhere.pk))
    assert [set(part) for part in parts] == [set(), {listed}]
    assert [row[-1] for row in selectors.rows(selectors.search(Filters(organisation=about.pk)), limit=9)] == [
        str(one.pk) for one in sorted([mine, listed], key=lambda one: (one.asked_at, one.pk), reverse=True)
    ]


def test_pages_go_forth_and_back_to_the_same_looks(department: Department) -> None:
    made = [look(department, minutes=minute // 2) for minute in range(7)]
    ordered = sorted(made, key=lambda one: (one.asked_at, one.pk), reverse=True)
    found = selectors.search(Filters())
    first = selectors.stretch(found, size=3)
    second = selectors.stretch(found, size=3, after=first.following)
    last = selectors.stretch(found, size=3, after=second.following)
    assert [*first.looks, *second.looks, *last.looks] == ordered
    assert (first.previous, last.following) == (None, None)
    back = selectors.stretch(found, size=3, before=second.previous)
    assert (back.looks, back.previous) == (first.looks, None)


@pytest.mark.parametrize("text", ["", "x", "1.2", "99999999999999999999999.0", "1." + "g" * 32])
def test_a_place_that_is_none_is_read_as_none(text: str) -> None:
    assert Place.read(text) is None


def test_rows_say_everything_and_numbers_of_persons_are_masked(department: Department) -> None:
    look(department, asked_for="张某 000000199001010042", matter="事项 000000199001010042")
    (row,) = selectors.rows(selectors.search(Filters()), limit=9)
    assert len(row) == len(selectors.HEADER)
    assert "000000199001010042" not in "".join(row)
    assert department.name in row
    with pytest.raises(NotFound):
        selectors.one(department.pk)
