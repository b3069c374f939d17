"""Natural keys: what makes no difference, and where keys lie."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongxin.intake import keys
from gongxin.policy import packs

ITEM = packs.current().item("penalty")
_TEXT = st.text(st.sampled_from('甲Aa1 ,;"\\\n\t〔〕（）'), max_size=12)


def frame(*rows: tuple[str, str]) -> pl.DataFrame:
    """Rows of (document number, name); the other fields empty."""
    empty = {field.name: pl.Series([None] * len(rows), dtype=pl.String) for field in ITEM.fields}
    named = {"CF_WSH": [row[0] for row in rows], "CF_XDR_MC": [row[1] for row in rows]}
    return pl.DataFrame(empty | {name: pl.Series(cells, dtype=pl.String) for name, cells in named.items()})


def hashes(*rows: tuple[str, str]) -> list[str]:
    return keys.key_hashes(frame(*rows), ITEM).to_list()


@pytest.mark.parametrize(
    "row",
    [
        ("泽监罚[2026]1号", "甲公司"),
        ("泽监罚（２０２６）１号", "甲公司"),
        (" 泽监罚〔2026〕 1号", "甲 公司"),
        ("泽监罚【2026】1号", "甲公司"),
    ],
)
def test_what_makes_no_difference(row: tuple[str, str]) -> None:
    one, other = hashes(("泽监罚〔2026〕1号", "甲公司"), row)
    assert one == other


def test_what_makes_a_difference() -> None:
    found = hashes(
        ("泽监罚〔2026〕1号", "甲公司"),
        ("泽监罚〔2026〕2号", "甲公司"),
        ("泽监罚〔2026〕1号", "乙公司"),
        ("津监罚〔2026〕1号", "甲公司"),
    )
    assert len(set(found)) == 4


def test_parts_do_not_run_into_each_other() -> None:
    one, other = hashes(("甲乙", "丙"), ("甲", "乙丙"))
    assert one != other


def test_keys_of_a_series_of_documents_lie_in_their_order() -> None:
    found = hashes(*((f"泽监罚〔2026〕第{n:06d}号", f"{n % 7}号公司") for n in range(200)))
    assert found == sorted(found)
    assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in found)


def test_documents_without_a_number() -> None:
    one, other = hashes(("无号文", "甲"), ("", "甲"))
    assert one[:12] == other[:12] == "0" * 12
    assert one != other


def test_other_items_have_other_keys() -> None:
    licence = packs.current().item("licence")
    columns = {name: ["同一文本"] for name in (*ITEM.natural_key, *licence.natural_key)}
    whole = pl.DataFrame(columns)
    assert keys.key_hashes(whole, ITEM).item() != keys.key_hashes(whole, licence).item()


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=5))
def test_payloads_are_json_arrays_in_catalogue_order(rows: list[tuple[str, str]]) -> None:
    payloads = keys.payloads(frame(*rows), ITEM)
    places = {field.name: n for n, field in enumerate(ITEM.fields)}
    for (number, name), payload in zip(rows, payloads, strict=True):
        values = json.loads(payload)
        assert len(values) == len(ITEM.fields)
        assert (values[places["CF_WSH"]], values[places["CF_XDR_MC"]]) == (number, name)
