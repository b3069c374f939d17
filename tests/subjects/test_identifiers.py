"""Codes of organisations against the vectors and rules of the domain paper, scalar and column."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from gongxin.subjects import identifiers
from gongxin.subjects.models import Kind

VALID = ["91350100M000100Y43", "911101066976941872", "91110000101623741K", "11230500001755309F", "1133022500296433XT"]
ALPHABET = identifiers.USCC_ALPHABET


def fictional(prefix: str, body: str) -> str:
    """A code of division 000000 with a computed check digit."""
    code = f"{prefix}000000{body}"
    return code + str(identifiers.uscc_check_digit(code))


near_codes = st.one_of(
    st.text(alphabet=ALPHABET + "IOSVZa中-", min_size=15, max_size=20),
    st.builds(
        lambda prefix, division, body, check: prefix + division + body + check,
        st.text(alphabet=ALPHABET, min_size=2, max_size=2),
        st.text(alphabet="0123456789", min_size=6, max_size=6),
        st.text(alphabet=ALPHABET, min_size=9, max_size=9),
        st.text(alphabet=ALPHABET, min_size=1, max_size=1),
    ),
    st.builds(
        fictional,
        st.text(alphabet=ALPHABET, min_size=2, max_size=2),
        st.text(alphabet=ALPHABET, min_size=9, max_size=9),
    ),
)


@pytest.mark.parametrize("code", VALID)
def test_valid_codes_have_no_fault(code: str) -> None:
    assert identifiers.uscc_fault(code) is None
    assert identifiers.uscc_valid(pl.Series([code])).to_list() == [True]


@pytest.mark.parametrize(
    ("code", "fault", "expected"),
    [
        ("91350100M000100Y4A", "uscc-check-digit", "3"),
        ("91350211M0000XUF46", "uscc-check-digit", "R"),
        ("00000000000000000X", "uscc-placeholder", "0"),
        ("91350100M000100Y4", "uscc-length", "3"),
        ("91350100I000100Y43", "uscc-characters", None),
        ("9135010AM000100Y43", "uscc-characters", None),
        ("", "uscc-length", None),
    ],
)
def test_wrong_codes_say_what_is_wrong(code: str, fault: str, expected: str | None) -> None:
    assert identifiers.uscc_fault(code) == fault
    assert identifiers.uscc_faults(pl.Series([code])).to_list() == [fault]
    assert not identifiers.uscc_valid(pl.Series([code])).any()
    assert identifiers.uscc_check_digit(code) == expected


@pytest.mark.parametrize("prefix", ["A1", "N2", "Y1", "G1"])
def test_letters_are_allowed_as_authority_where_stdnum_refuses_them(prefix: str) -> None:
    code = fictional(prefix, "123456789")
    assert identifiers.uscc_fault(code) is None
    assert not stdnum_uscc.is_valid(code)


@given(st.lists(near_codes | st.none(), max_size=40))
@example([None])
@example([*VALID, "00000000000000000X"])
def test_columns_judge_as_single_codes_do(codes: list[str | None]) -> None:
    column = pl.Series(codes, dtype=pl.String)
    faults = [None if code is None else identifiers.uscc_fault(code) for code in codes]
    assert identifiers.uscc_faults(column).to_list() == faults
    assert identifiers.uscc_valid(column).to_list() == [
        code is not None and fault is None for code, fault in zip(codes, faults, strict=True)
    ]


@given(near_codes)
def test_stdnum_agrees_on_folded_codes_with_digits_in_front(code: str) -> None:
    if code[:2].isdigit() and code == identifiers.folded_code(code):
        assert (identifiers.uscc_fault(code) is None) == stdnum_uscc.is_valid(code)


@given(st.text(alphabet="0123456789", min_size=15, max_size=15) | st.text(max_size=16))
@example("110108000000016")
def test_registration_numbers_scalar_and_column(code: str) -> None:
    valid = identifiers.registration_no_fault(code) is None
    assert identifiers.registration_no_valid(pl.Series([code])).to_list() == [valid]


def test_registration_number_with_right_and_wrong_check_digit() -> None:
    assert identifiers.registration_no_fault("110108000000016") is None
    assert identifiers.registration_no_fault("110108000000017") == "registration-no-check-digit"
    assert identifiers.registration_no_fault("11010800000001") == "registration-no-length"
    assert identifiers.registration_no_fault("11010800000001A") == "registration-no-characters"


@given(st.text(alphabet="0123456789ABZX-中", min_size=8, max_size=10))
def test_organisation_codes_scalar_and_column(code: str) -> None:
    assert identifiers.org_code_valid(pl.Series([code])).to_list() == [identifiers.org_code_fault(code) is None]


@pytest.mark.parametrize("code", [code[8:17] for code in VALID])
def test_the_organisation_code_inside_a_real_vector_is_right(code: str) -> None:
    assert identifiers.org_code_fault(code) is None
    wrong = code[:8] + ("1" if code[8] != "1" else "2")
    assert identifiers.org_code_fault(wrong) == "org-code-check-digit"


def test_odd_but_valid_codes_are_warnings_only() -> None:
    unknown_pair = fictional("G1", "123456788")
    wrong_inside = fictional("91", "123456780")
    right_inside = "91350100M000100Y43"
    codes = pl.Series([unknown_pair, wrong_inside, right_inside, "91350100M000100Y4A", None])
    assert identifiers.uscc_warnings(codes).to_list() == [
        "uscc-authority",
        "uscc-organisation-code",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("91", Kind.ENTERPRISE),
        ("93", Kind.ENTERPRISE),
        ("99", Kind.ENTERPRISE),
        ("92", Kind.SOLE_TRADER),
        ("11", Kind.INSTITUTION),
        ("12", Kind.INSTITUTION),
        ("A1", Kind.INSTITUTION),
        ("51", Kind.SOCIAL),
        ("31", Kind.SOCIAL),
        ("N2", Kind.SOCIAL),
        ("9Y", Kind.ENTERPRISE),
        ("G1", Kind.SOCIAL),
    ],
)
def test_the_kind_follows_from_the_code(prefix: str, kind: Kind) -> None:
    code = fictional(prefix, "123456788")
    assert identifiers.kind_of(code) == kind
    column = pl.DataFrame({"code": [code, None]}).select(identifiers.kind_expr(pl.col("code")))
    assert column.to_series().to_list() == [kind.value, None]


@given(st.text(alphabet="91abＡＢ０９ -－\u3000\u00a0—中X", max_size=20))
def test_folding_a_code_scalar_and_column(code: str) -> None:
    folded = identifiers.folded_code(code)
    column = pl.DataFrame({"code": [code]}).select(identifiers.fold_code(pl.col("code")))
    assert column.item() == folded
    assert identifiers.folded_code(folded) == folded


def test_folding_takes_width_case_blanks_and_hyphens_only() -> None:
    assert identifiers.folded_code(" ９１350100-m000100y4３ ") == "91350100M000100Y43"
    assert identifiers.folded_code("企合苏镇分字第000001号") == "企合苏镇分字第000001号"
