"""Folding, keys and initials of names, single and as columns."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.subjects import names

NAMES = st.text(alphabet="泽川宏达有限责任公司股份集团（）()【】 \u3000·•ＡＢab12㈱ﬁ豈普通合伙－—.", max_size=24)


def column(expr: pl.Expr, *texts: str | None) -> list[str | None]:
    return pl.DataFrame({"name": texts}, schema={"name": pl.String}).select(expr).to_series().to_list()


@given(st.lists(NAMES | st.none(), max_size=20))
def test_columns_fold_as_single_names_do(given_names: list[str | None]) -> None:
    name = pl.col("name")
    assert column(names.fold_expr(name), *given_names) == [text and names.fold(text) for text in given_names]
    assert column(names.name_key_expr(name), *given_names) == [text and names.name_key(text) for text in given_names]


@settings(max_examples=10)
@given(st.text(alphabet="泽川重庆银行长安大厦行ABc1（）", max_size=16))
def test_initials_of_long_columns_are_those_of_single_names(text: str) -> None:
    many = column(names.pinyin_initials_expr(pl.col("name")), *[text] * 5_001)
    assert set(many) == {names.pinyin_initials(text)}


@given(NAMES)
def test_folding_twice_is_folding_once(text: str) -> None:
    folded = names.fold(text)
    assert names.fold(folded) == folded


@pytest.mark.parametrize(
    "spelling",
    [
        "泽川宏达食品有限公司",
        "泽川宏达食品有限责任公司",
        "泽川宏达食品股份有限公司",
        "泽川（宏达）食品有限公司",
        "泽川(宏达)食品 有限公司",
        "泽川宏达食品有限（责任）公司",
        "　泽川宏达【食品】有限公司",
        "泽川宏达食品",
    ],
)
def test_width_brackets_blanks_and_legal_form_make_no_difference(spelling: str) -> None:
    assert names.name_key(spelling) == "泽川宏达食品"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＳＭＣ（中国）", "SMC(中国)"),
        ("smc[中国]", "SMC(中国)"),
        ("甲•乙・丙", "甲·乙·丙"),
        ("鲁英( 济宁 )", "鲁英(济宁)"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert names.fold(text) == folded


def test_a_name_that_is_only_a_form_keeps_it() -> None:
    assert names.name_key("有限公司") == "有限公司"
    assert column(names.name_key_expr(pl.col("name")), "（有限公司）") == ["有限公司"]


def test_branches_keep_what_tells_them_apart() -> None:
    assert names.name_key("泽川宏达有限责任公司临湖分公司") == names.name_key("泽川宏达有限公司临湖分公司")
    assert names.name_key("泽川宏达有限公司临湖分公司") != names.name_key("泽川宏达有限公司")


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("泽川宏达食品", "zchdsp"),
        ("重庆银行", "cqyh"),
        ("长安", "ca"),
        ("ABC食品2店", "abcsp2d"),
        ("（）", ""),
    ],
)
def test_pinyin_initials(text: str, initials: str) -> None:
    assert names.pinyin_initials(text) == initials
    assert column(names.pinyin_initials_expr(pl.col("name")), text, None) == [initials, None]
