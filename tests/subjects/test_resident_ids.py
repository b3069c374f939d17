"""Resident identity numbers are found and masked; numbers of organisations are not mistaken for them.

The numbers are made of the division 000000, which is nobody's, or are the example printed in GB 11643.
"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_10

from gongxin.subjects import identifiers, resident_ids

EXAMPLE = "11010519491231002X"


def made_up(day: str, serial: str = "001") -> str:
    return f"000000{day}{serial}" + str(ric.calc_check_digit(f"000000{day}{serial}0"))


def found(text: str | None) -> bool:
    column = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    return bool(column.select(identifiers.find_resident_ids(pl.col("text"))).item())


def masked(text: str | None) -> str | None:
    column = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    value: str | None = column.select(identifiers.mask_resident_ids(pl.col("text"))).item()
    return value


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        EXAMPLE.lower(),
        f"经营者身份证号{EXAMPLE}，住址不详",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "110105-19491231-002x",
        made_up("20000229"),
        f"甲{made_up('19800101')}乙{made_up('19900101', '007')}",
    ],
)
def test_numbers_are_found_and_masked(text: str) -> None:
    assert found(text)
    covered = masked(text)
    assert covered is not None
    assert len(covered) == len(text)
    assert not found(covered)
    assert sum(sign.isdigit() for sign in covered) == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "91350100M000100Y43",
        "911101066976941872",
        EXAMPLE[:-1] + "1",
        made_up("20010229"),
        made_up("18991231"),
        "1" + EXAMPLE.replace("X", "0") + "2",
        "合同金额 20260401000000123456789 元",
    ],
)
def test_other_numbers_are_left_alone(text: str | None) -> None:
    assert not found(text)
    assert masked(text) == text


def test_the_old_form_is_found_unless_it_is_a_registration_number() -> None:
    plain = next(number for serial in range(1000) if not mod_11_10.is_valid(number := f"370000800101{serial:03d}"))
    registration = next(number for serial in range(1000) if mod_11_10.is_valid(number := f"370000800101{serial:03d}"))
    assert found(plain)
    assert not found(f"注册号{registration}")
    assert found(f"身份证号{registration}")
    assert not found("370000801301123")
    assert not found("990000800101123")


@given(st.lists(st.text(alphabet="0123456789Xx 中-", max_size=30) | st.none(), max_size=20))
def test_columns_mask_as_single_texts_do(texts: list[str | None]) -> None:
    column = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    masked_column = column.select(identifiers.mask_resident_ids(pl.col("text"))).to_series().to_list()
    assert masked_column == [None if text is None else resident_ids.mask(text) for text in texts]


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)), st.integers(0, 999))
def test_every_well_formed_number_is_found(day: date, serial: int) -> None:
    number = made_up(f"{day:%Y%m%d}", f"{serial:03d}")
    assert identifiers.resident_id_valid(number)
    assert masked(f"号码{number}。") == f"号码{'*' * 18}。"
