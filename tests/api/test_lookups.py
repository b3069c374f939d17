"""What anybody may read without a key: organisations, records, lists, the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests import held
from tests.held import AT, CANARY

from gongxin import clock
from gongxin.api import lookups
from gongxin.policy import packs
from gongxin.subjects.models import FormerName

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(AT):
        yield


def got(client: Client, address: str, status: int = 200) -> dict[str, Any]:
    answer = client.get("/api/v1" + address)
    assert answer.status_code == status, answer.content.decode()
    found: dict[str, Any] = answer.json()
    return found


def test_an_organisation_is_found_by_id_and_by_code_however_it_is_written(client: Client) -> None:
    about = held.organisation(district="云河区", established_on=date(2020, 2, 29))
    FormerName.objects.create(organisation=about, name="云河旧名", name_key="云河旧名", until=date(2024, 5, 1))
    record = held.record(about, fields={"CF_WFXW": "违法", "CF_NR_FK": "0.2", "CF_SY": None})
    by_id = got(client, f"/organisations/{about.pk}")
    assert by_id == got(client, f"/organisations/{about.uscc}") == got(client, f"/organisations/{about.uscc.lower()}")
    assert (by_id["name"], by_id["established_on"], by_id["as_of"]) == (about.name, "2020-02-29", "2026-04-10")
    assert by_id["former_names"] == [{"name": "云河旧名", "until": "2024-05-01"}]
    assert by_id["counts"] == {"penalty": 1}
    assert by_id["next"] is None
    (shown,) = by_id["records"]
    assert shown["fields"] == {"CF_WFXW": "违法", "CF_NR_FK": "0.2"}
    assert shown["publicity"] == {"from": "2026-04-01", "until": "2027-03-31", "rule": "penalty-publicity"}
    assert shown["url"] == f"/records/{record.pk}"
    assert got(client, f"/records/{record.pk}")["record"] == shown


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"publicity_from": None, "publicity_until": None},
        {"publicity_from": date(2026, 4, 11)},
        {"publicity_until": date(2026, 4, 9)},
        {"disclosure": "authorised"},
        {"disclosure": "shared"},
    ],
)
def test_what_is_not_public_today_is_nowhere(client: Client, change: dict[str, Any]) -> None:
    about = held.organisation()
    record = held.record(about, **change)
    assert got(client, f"/organisations/{about.pk}")["records"] == []
    assert got(client, f"/organisations/{about.pk}")["counts"] == {}
    assert got(client, f"/organisations/{about.pk}/records")["records"] == []
    assert got(client, "/disclosures/penalty")["records"] == []
    got(client, f"/records/{record.pk}", 404)


def test_no_address_gives_what_may_not_leave_its_provider(client: Client) -> None:
    trader = held.organisation(
        "云河小铺", uscc=held.code(88, "92"), kind="sole_trader", address=CANARY, legal_representative=CANARY
    )
    items = packs.current().items.values()
    operators = {item.id: item.by_role("party_representative") for item in items}
    records = [
        held.record(trader, item=item, disclosure="public", fields={field.name: CANARY} if field else {})
        for item, field in operators.items()
    ]
    assert any(operators.values())
    addresses = [f"/organisations/{trader.pk}", f"/organisations/{trader.uscc}", f"/organisations/{trader.pk}/records"]
    addresses += [f"/records/{record.pk}" for record in records]
    addresses += [f"/disclosures/{item}" for item in packs.current().items]
    for address in addresses:
        assert CANARY not in json.dumps(got(client, address))
    assert len(got(client, addresses[0])["records"]) == len(records)


def test_a_field_shorter_than_the_item_and_an_item_out_of_the_pack_show_nothing_wrong(client: Client) -> None:
    about = held.organisation()
    held.record(about, payload=["云河"])
    gone = held.record(about, payload=[CANARY] * 3, item_version=1)
    gone.__class__.objects.filter(pk=gone.pk).update(item="no-longer-there")
    shown = got(client, f"/organisations/{about.pk}")["records"]
    assert sorted(len(record["fields"]) for record in shown) == [0, 1]
    assert CANARY not in json.dumps(shown)


@pytest.mark.parametrize("address", ["/organisations/{}/records", "/disclosures/penalty"])
def test_pages_meet_without_gap_or_overlap_while_records_come(client: Client, address: str) -> None:
    about = held.organisation()
    wanted = {str(held.record(about, decided_on=AT.date() - timedelta(days=day // 3)).pk) for day in range(12)}
    page = got(client, address.format(about.pk) + "?limit=5")
    seen = [record["id"] for record in page["records"]]
    held.record(about, decided_on=AT.date() + timedelta(days=1), publicity_from=AT.date())
    while page["next"]:
        page = got(client, page["next"].removeprefix("/api/v1"))
        seen += [record["id"] for record in page["records"]]
    assert len(seen) == 12
    assert set(seen) == wanted


def test_many_records_of_an_organisation_go_on_at_next(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "PAGE", 2)
    about = held.organisation()
    for _ in range(3):
        held.record(about)
    first = got(client, f"/organisations/{about.pk}")
    assert first["counts"] == {"penalty": 3}
    assert len(first["records"]) == 2
    rest = got(client, first["next"].removeprefix("/api/v1"))
    assert len(rest["records"]) == 1
    assert rest["records"][0]["id"] not in {record["id"] for record in first["records"]}


def test_a_look_up_is_one_query(client: Client, django_assert_num_queries: Any) -> None:
    about = held.organisation()
    held.record(about)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with django_assert_num_queries(0):
        # Past Django's cursor: what Django would count is nothing.
        got(client, f"/organisations/{about.pk}")


def test_a_look_up_leaves_the_connection_as_it_was(client: Client) -> None:
    about = held.organisation()
    before = connection.connection.prepare_threshold
    got(client, f"/organisations/{about.pk}")
    assert connection.connection.prepare_threshold == before


@pytest.mark.parametrize(
    "ref", ["nobody", "9" * 18, "00000000-0000-0000-0000-000000000000", "%00" * 18, "%EF%BC%91" * 36, "a" * 36]
)
def test_an_unknown_organisation_is_a_problem(client: Client, ref: str) -> None:
    assert got(client, f"/organisations/{ref}", 404)["code"] == "not-found"


def test_the_catalogue_tells_fields_basis_and_purposes(client: Client) -> None:
    assert {item["id"] for item in got(client, "/items")["items"]} == set(packs.current().items)
    penalty = got(client, "/items/penalty")
    assert [field["name"] for field in penalty["fields"]] == [f.name for f in packs.current().item("penalty").fields]
    assert penalty["basis"]
    assert {purpose["code"] for purpose in got(client, "/purposes")["purposes"]} == set(packs.current().purposes)
    got(client, "/items/no-such-item", 404)


@pytest.mark.parametrize("code", ["E101", "purpose-not-granted"])
def test_every_error_code_has_help(client: Client, code: str) -> None:
    assert got(client, f"/errors/{code}")["remedy"]
    got(client, "/errors/E000", 404)


def test_search_finds_by_name_and_code_and_hints_at_a_wrong_check_digit(client: Client) -> None:
    about = held.organisation("云河泽川食品有限公司")
    page = got(client, "/organisations?q=%E6%B3%BD%E5%B7%9D%E9%A3%9F%E5%93%81")
    assert [hit["id"] for hit in page["hits"]] == [str(about.pk)]
    assert page["hits"][0]["why"] == "name"
    assert got(client, f"/organisations?q={about.uscc}")["hits"][0]["why"] == "code"
    wrong = about.uscc[:-1] + ("0" if about.uscc[-1] != "0" else "1")
    assert got(client, f"/organisations?q={wrong}")["hint"]["expected"] == about.uscc[-1]
