"""Records by document number, through the keys."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import held
from tests.intake.hand_ins import hand_in, penalty

from gongxin.records import numbering
from gongxin.records.models import Record


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("泽监罚〔2026〕15号", "000000202615"),
        ("泽监罚〔２０２６〕１５号", "000000202615"),
        ("无号", "000000000000"),
        ("", "000000000000"),
        ("泽川2026第0000000123456789号", "000123456789"),
    ],
)
def test_digits_of_a_number(number: str, digits: str) -> None:
    assert numbering.serial(number) == digits


@given(st.text(st.sampled_from("0123456789甲〔〕-A"), max_size=30))
def test_column_rule_is_the_same_rule(number: str) -> None:
    assert pl.select(numbering.serial_expr(pl.lit(number))).item() == numbering.serial(number)


@pytest.mark.django_db
def test_found_by_number_in_any_given_spelling() -> None:
    about = held.organisation()
    wanted = held.record(about, document_no="云监罚〔2026〕77号")
    held.record(about, document_no="别监罚〔2026〕77号")
    held.record(about, document_no="云监罚〔2026〕78号")
    assert list(Record.objects.filter(numbering.with_number("云监罚〔2026〕77号"))) == [wanted]
    assert list(Record.objects.filter(numbering.with_number("云监罚(2026)77号", "云监罚〔2026〕77号"))) == [wanted]
    assert not Record.objects.filter(numbering.with_number("77")).exists()
    assert not Record.objects.filter(numbering.with_number()).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["泽监罚〔2026〕1号", "泽监罚〔２０２６〕１号", "无号文件", "泽2026-1-2"])
def test_what_intake_loads_is_found(number: str) -> None:
    assert hand_in([penalty(1, CF_WSH=number)]).accepted == 1
    assert Record.objects.filter(numbering.with_number(number)).count() == 1
