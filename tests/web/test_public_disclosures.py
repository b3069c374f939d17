"""Lists: filters in the address, pages without counting, the same rows as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.core.cache import cache
from django.test import Client
from tests import held
from tests.web import public_world

from gongxin import clock
from gongxin.policy import packs
from gongxin.records import listing
from gongxin.records.listing import Filters, Place

LIST = "/disclosures/penalty"
MANY = 45


@pytest.fixture
def city(db: None) -> Iterator[public_world.City]:
    """The world of the pages, with many more penalties of the company, three on each day."""
    cache.clear()
    with clock.at(public_world.at()):
        city = public_world.build()
        for number in range(MANY):
            day = date(2026, 3, 20) - timedelta(days=number // 3)
            held.record(city.company, provider=city.market, document_no=f"多〔2026〕{number}号", decided_on=day)
        yield city
    cache.clear()


def _numbers(text: str) -> list[str]:
    return [f"多〔2026〕{number}号" for number in range(MANY) if f">多〔2026〕{number}号<" in text]


def _follow(client: Client, text: str, rel: str) -> str | None:
    """The page behind the link with this `rel`, or None."""
    for link in text.split("<a ")[1:]:
        head = link.split(">")[0]
        if f'rel="{rel}"' in head:
            address = head.split('href="')[1].split('"')[0].replace("&amp;", "&")
            return client.get(LIST + address).content.decode()
    return None


@pytest.mark.parametrize("sort", ["", "?sort=oldest"])
def test_every_record_is_on_exactly_one_page_both_ways(city: public_world.City, client: Client, sort: str) -> None:
    pages = [client.get(LIST + sort).content.decode()]
    while (following := _follow(client, pages[-1], "next")) is not None:
        pages.append(following)
    seen = [number for page in pages for number in _numbers(page)]
    assert len(pages) == 3
    assert len(seen) == len(set(seen)) == MANY

    back = [pages[-1]]
    while (previous := _follow(client, back[-1], "prev")) is not None:
        back.append(previous)
    assert [_numbers(page) for page in back] == [_numbers(page) for page in reversed(pages)]


def test_list_holds_only_what_is_public(city: public_world.City, client: Client) -> None:
    text = client.get(LIST + "?q=" + quote(city.public.document_no)).content.decode()
    assert str(city.public.pk) in text
    whole = "".join(client.get(f"{LIST}?{query}").content.decode() for query in ("", "sort=oldest"))
    for hidden in (city.ended, city.never, city.early, city.closed, city.restricted):
        assert str(hidden.pk) not in whole


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", MANY + 2),
        ("q=多〔2026〕7号", 1),
        ("q=泽川南门", 1),
        ("q=泽川云岭贸易有限责任公司", MANY + 1),
        ("kind=sole_trader", 1),
        ("kind=enterprise", MANY + 1),
        ("district=临湖区", MANY + 1),
        ("provider=market", MANY + 2),
        ("since=2026-04-01", 2),
        ("until=2026-03-06", 3),
        ("since=2026-03-20&until=2026-03-20&kind=enterprise", 3),
    ],
)
def test_filters(city: public_world.City, client: Client, query: str, count: int) -> None:
    assert f"共 {count} 条" in client.get(f"{LIST}?{query}").content.decode()


@pytest.mark.parametrize(
    "query", ["since=gestern", "since=2026-05-01&until=2026-04-01", "kind=person", "provider=nobody", "q=" + "x" * 101]
)
def test_filters_that_make_no_sense_are_said_beside_their_field(
    city: public_world.City, client: Client, query: str
) -> None:
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert "筛选条件有误" in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert client.get(f"{LIST}.csv?{query}").status_code == 422


@pytest.mark.parametrize("place", ["nonsense", "2026-03-10", "2026-03-10.xyz", "2026-13-10." + "0" * 32, ""])
def test_a_broken_place_is_the_first_page(city: public_world.City, client: Client, place: str) -> None:
    assert _numbers(client.get(LIST, {"after": place}).content.decode()) == _numbers(client.get(LIST).content.decode())


def _rows(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"{LIST}.csv{query}")
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert response["Cache-Control"] == "no-store"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_has_the_rows_of_the_list(city: public_world.City, client: Client) -> None:
    rows = _rows(client)
    assert len(rows) == MANY + 2
    assert len(_rows(client, "?kind=sole_trader")) == 1
    one = next(row for row in rows if row["记录编号"] == str(city.public.pk))
    # Behind a tab where it is digits only: a spreadsheet would make 9.1E+17 of it.
    assert one["统一社会信用代码"].strip() == city.company.uscc
    assert one["违法事实"] == "经查，当事人未按规定公示有关信息（虚构）"
    assert one["公示截止日期"] == "2027-03-31"


def test_files_hold_no_field_that_is_not_public(city: public_world.City, client: Client) -> None:
    labels = {field.label for field in packs.current().item("penalty").fields if not field.published}
    rows = _rows(client)
    assert labels
    assert not labels & rows[0].keys()
    assert held.CANARY not in str(rows)


def test_xlsx_has_the_rows_of_the_list(city: public_world.City, client: Client) -> None:
    response = client.get(f"{LIST}.xlsx?since=2026-04-01")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 3
    assert {row[0] for row in rows[1:]} == {city.company.name, city.shop.name}


def test_a_cell_that_looks_like_a_formula_does_not_run(city: public_world.City, client: Client) -> None:
    held.record(city.company, provider=city.market, fields={"CF_SY": "=HYPERLINK(1)"}, document_no="公式1号")
    (row,) = _rows(client, "?q=公式1号")
    assert not row["违法事实"].startswith("=")


def test_files_are_cut_at_their_limit(city: public_world.City) -> None:
    item = packs.current().item("penalty")
    found = listing.listed(item, Filters(), day=public_world.DAY)
    assert len(list(listing.rows(item, found, limit=10))) == 10


def test_items_for_authorised_eyes_have_no_list(city: public_world.City, client: Client) -> None:
    kept = [item.id for item in packs.current().items.values() if item.disclosure != "public"]
    for item_id in kept:
        assert client.get(f"/disclosures/{item_id}").status_code == 404
        assert client.get(f"/disclosures/{item_id}.csv").status_code == 404


def test_list_needs_the_same_queries_on_every_page(
    city: public_world.City, client: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    first = client.get(LIST).content.decode()
    with django_assert_max_num_queries(5):
        assert _follow(client, first, "next")


def test_places_read_what_they_write() -> None:
    place = Place(date(2026, 4, 1), held.uuid4())
    assert Place.read(str(place)) == place
