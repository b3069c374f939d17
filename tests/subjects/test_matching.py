"""Codes to organisations by the set, as intake asks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from django.db import connection

from gongxin.errors import NotFound
from gongxin.ids import uuid7
from gongxin.sample.codes import unified_codes
from gongxin.subjects import matching, selectors
from gongxin.subjects.models import FormerName, Identifier, Kind, Organisation

AT = datetime(2026, 4, 1, tzinfo=UTC)
CODES = unified_codes(np.array(["91", "92", "12"]), np.arange(30_000_001, 30_000_004)).to_list()

pytestmark = pytest.mark.django_db


def held(name: str, uscc: str | None = None, **identifiers: str) -> Organisation:
    made = Organisation.objects.create(
        kind=Kind.ENTERPRISE, uscc=uscc, name=name, name_key=name, registered_at=AT, updated_at=AT
    )
    for scheme, value in identifiers.items():
        Identifier.objects.create(organisation=made, scheme=scheme, value=value)
    return made


def test_codes_find_their_organisations_with_names_of_now_and_before() -> None:
    first = held("泽川一厂", CODES[0], registration="110108000000016")
    FormerName.objects.create(organisation=first, name="旧二", name_key="旧二", until=date(2021, 1, 1))
    FormerName.objects.create(organisation=first, name="旧一", name_key="旧一", until=date(2020, 1, 1))
    found = matching.load_index(connection, pl.Series([CODES[0], "110108000000016", CODES[2], None, CODES[0]]))
    assert found.select("code", "organisation_id", "kind", "name_key").rows() == [
        ("110108000000016", first.id.hex, "enterprise", "泽川一厂"),
        (CODES[0], first.id.hex, "enterprise", "泽川一厂"),
    ]
    assert found["former_keys"].to_list() == [["旧一", "旧二"]] * 2


def test_a_code_of_several_organisations_comes_several_times() -> None:
    held("泽川一厂", registration="110108000000016")
    held("泽川二厂", registration="110108000000016")
    found = matching.load_index(connection, pl.Series(["110108000000016"]))
    assert sorted(found["name_key"]) == ["泽川一厂", "泽川二厂"]


def test_no_codes_find_nothing() -> None:
    assert matching.load_index(connection, pl.Series([], dtype=pl.String)).is_empty()


def test_unknown_organisations_are_added_once_and_only_with_valid_codes() -> None:
    known = held("泽川一厂", CODES[0])
    frame = pl.DataFrame(
        {
            "code": [CODES[0], CODES[1], CODES[1], CODES[2][:17] + "O", "110108000000016"],
            "name": ["别名", "临湖区老街小吃店", "另一个名称", "错", "错"],
        }
    )
    first = matching.register_unknown(frame, connection, AT)
    again = matching.register_unknown(frame, connection, AT)
    assert sorted(first.rows()) == sorted(again.rows())
    assert dict(first.rows())[CODES[0]] == known.id.hex
    assert Organisation.objects.count() == 2
    added = Organisation.objects.get(uscc=CODES[1])
    assert (added.name, added.kind, added.origin) == ("临湖区老街小吃店", Kind.SOLE_TRADER, "provider")
    assert (added.name_key, added.pinyin, added.flags, added.registered_at) == ("临湖区老街小吃店", "lhqljxcd", [], AT)
    assert Organisation.objects.get(uscc=CODES[0]).name == "泽川一厂"


def test_nothing_to_add() -> None:
    frame = pl.DataFrame({"code": [], "name": []}, schema={"code": pl.String, "name": pl.String})
    assert matching.register_unknown(frame, connection, AT).is_empty()


def test_selectors_by_code() -> None:
    first = held("泽川一厂", CODES[0], registration="110108000000016", raw="无")
    held("泽川二厂", raw="无")
    assert selectors.by_code(CODES[0].lower()) == first
    assert selectors.by_code("110108000000016") == first
    assert selectors.by_code("无") is None
    assert selectors.by_code("") is None
    given = [CODES[0], CODES[1], f" {CODES[0]} "]
    assert selectors.by_codes(given) == {CODES[0]: first, f" {CODES[0]} ": first}


def test_an_unknown_organisation_is_said() -> None:
    first = held("泽川一厂", CODES[0])
    assert selectors.organisation(first.pk) == first
    with pytest.raises(NotFound):
        selectors.organisation(uuid7())
