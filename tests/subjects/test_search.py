"""Search: part of a name, former name, code, pinyin; one wrong character; width and legal form do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from gongxin.sample.codes import unified_codes
from gongxin.subjects import grams, search
from gongxin.subjects.models import FormerName, Identifier, Kind, Organisation
from gongxin.subjects.names import name_key, pinyin_initials

AT = datetime(2026, 4, 1, tzinfo=UTC)
NAMES = [
    "泽川宏达食品有限公司",
    "泽川宏图机械制造有限责任公司",
    "临湖区老街小吃店",
    "泽川市实验学校",
    "重庆长安建筑工程股份有限公司泽川分公司",
    "ＳＭＣ（泽川）自动化有限公司",
    "泽川恒昌物流有限公司",
    "泽川瑞丰农业科技有限公司",
]
PREFIXES = np.array(["91", "91", "92", "12", "91", "91", "91", "91"])
CODES = unified_codes(PREFIXES, np.arange(20_000_001, 20_000_009)).to_list()
KINDS = {"91": Kind.ENTERPRISE, "92": Kind.SOLE_TRADER, "12": Kind.INSTITUTION}


@pytest.fixture(autouse=True)
def register(db: None) -> Iterator[dict[str, Organisation]]:
    """The organisations above, by name; the second had another name and a registration number."""
    grams.forget_frequencies()
    made = Organisation.objects.bulk_create(
        Organisation(
            kind=KINDS[prefix],
            uscc=code,
            name=name,
            name_key=name_key(name),
            pinyin=pinyin_initials(name_key(name)),
            registered_at=AT,
            updated_at=AT,
        )
        for prefix, code, name in zip(PREFIXES, CODES, NAMES, strict=True)
    )
    FormerName.objects.create(
        organisation=made[1], name="松岭飞马农机厂", name_key=name_key("松岭飞马农机厂"), until=date(2020, 1, 1)
    )
    Identifier.objects.create(organisation=made[1], scheme="registration-no", value="110108000000016")
    yield dict(zip(NAMES, made, strict=True))
    grams.forget_frequencies()


def names(query: str, **options: Any) -> list[str]:
    return [hit.organisation.name for hit in search.search(query, **options).hits]


@pytest.mark.parametrize(
    ("query", "name", "why"),
    [
        ("宏达", NAMES[0], "name"),
        ("达食", NAMES[0], "name"),
        ("泽川宏达食品", NAMES[0], "name"),
        ("泽川宏达食品有限责任公司", NAMES[0], "name"),
        ("泽川（宏达） 食品", NAMES[0], "name"),
        ("泽川宏达食口有限公司", NAMES[0], "similar"),
        ("泽川红达食品", NAMES[0], "similar"),
        ("宏达食口", NAMES[0], "similar"),
        ("smc(泽川)", NAMES[5], "name"),
        ("ＳＭＣ（泽川）", NAMES[5], "name"),
        ("飞马农机", NAMES[1], "former-name"),
        ("飞马农机厂有限公司", NAMES[1], "former-name"),
        (CODES[3], NAMES[3], "code"),
        (CODES[3].lower(), NAMES[3], "code"),
        (CODES[3][:17], NAMES[3], "code-prefix"),
        ("110108000000016", NAMES[1], "identifier"),
        ("zchdsp", NAMES[0], "pinyin"),
        ("hdsp", NAMES[0], "pinyin"),
        ("ZCHDSPYXGS", NAMES[0], "pinyin"),
        ("cqca", NAMES[4], "pinyin"),
    ],
)
def test_what_people_type_finds_it_first(query: str, name: str, why: str) -> None:
    first = search.search(query).hits[0]
    assert (first.organisation.name, first.why) == (name, why)


def test_the_hit_shows_what_met() -> None:
    hit = search.search("宏达食品").hits[0]
    assert [(part.text, part.matched) for part in hit.parts] == [
        ("泽川", False),
        ("宏达食品", True),
        ("有限公司", False),
    ]
    former = search.search("飞马农机").hits[0]
    assert former.matched == "松岭飞马农机厂"


def test_a_wrong_check_digit_gives_a_hint_and_the_organisation() -> None:
    right = CODES[0]
    wrong = right[:17] + ("A" if right[17] != "A" else "B")
    page = search.search(wrong)
    assert page.hint == search.CodeHint("uscc-check-digit", right[17])
    assert [hit.organisation.uscc for hit in page.hits] == [right]
    assert search.search(right).hint is None


@pytest.mark.parametrize("query", ["", " ", "泽", "（）", "\u3000泽\u3000"])
def test_less_than_two_characters_finds_nothing(query: str) -> None:
    assert search.search(query).hits == ()


@pytest.mark.parametrize("query", ["%%", "__", "\\%", "';--", "\x00\x00", "有限公司", "龘龘龘", "𠀀𠀁", "a" * 5000])
def test_odd_queries_find_nothing_and_break_nothing(query: str) -> None:
    assert search.search(query).hits == ()


def test_kinds_narrow() -> None:
    assert names("泽川", kinds=[Kind.INSTITUTION]) == ["泽川市实验学校"]
    assert names("泽川宏达", kinds=[Kind.SOCIAL]) == []


def test_pages_follow_each_other() -> None:
    whole = names("泽川", limit=20)
    assert len(whole) == 7
    assert names("泽川", limit=3) + names("泽川", limit=3, offset=3) + names("泽川", limit=3, offset=6) == whole
    page = search.search("泽川", limit=2)
    assert (page.total, page.more) == (7, False)


def test_whole_names_come_before_names_that_contain_them() -> None:
    Organisation.objects.create(
        kind=Kind.ENTERPRISE,
        name="泽川宏达食品有限公司临湖分公司",
        name_key="泽川宏达食品临湖分公司",
        registered_at=AT,
        updated_at=AT,
    )
    assert names("泽川宏达食品有限公司", limit=2) == ["泽川宏达食品有限公司", "泽川宏达食品有限公司临湖分公司"]


def test_a_changed_name_is_found_at_once_whoever_changed_it(register: dict[str, Organisation]) -> None:
    Organisation.objects.filter(pk=register[NAMES[0]].pk).update(name="泽川鸿运食品有限公司", name_key="泽川鸿运食品")
    assert names("鸿运") == ["泽川鸿运食品有限公司"]
    assert names("宏达食品") == []


def test_very_frequent_pairs_stop_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_BUDGET", 1)
    everywhere = grams.Frequencies(names=1e6, counts=dict.fromkeys(grams.grams("泽川宏达"), 5e5), other=1.0)
    monkeypatch.setattr(search, "frequencies", lambda: everywhere)
    page = search.search("泽川宏达")
    assert page.more
    assert page.hits[0].organisation.name == NAMES[0]


def test_statistics_tell_how_frequent_pairs_are() -> None:
    Organisation.objects.bulk_create(
        Organisation(
            kind=Kind.ENTERPRISE, name=f"望河{number}", name_key=f"望河{number}", registered_at=AT, updated_at=AT
        )
        for number in range(100, 300)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subjects_organisation")
    grams.forget_frequencies()
    kept = grams.frequencies()
    assert kept.of(grams.grams("望河")[0]) == pytest.approx(200, rel=0.05)
    assert kept.rarest_first(grams.grams("泽川望河"))[-1][0] == grams.grams("望河")[0]


def test_the_index_is_used_and_not_the_whole_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
        query = search._ALIKE.format(operator="&&", of_kind="")
        cursor.execute("EXPLAIN " + query, {"asked": grams.grams("宏达"), "most": 10})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "organisation_grams" in plan
    assert "former_name_grams" in plan


@given(st.text(alphabet="泽川宏达食品有限AB1𠀀()", max_size=14))
def test_sql_and_python_make_the_same_pairs(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_name_grams(%s)", [key])
        assert sorted(cursor.fetchone()[0]) == grams.grams(key)
