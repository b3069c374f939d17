"""Codes of organisations: fold, judge, derive the kind. Nothing here repairs a code.

Unified social credit code (USCC, GB 32100-2015, 18 characters), organisation code (GB 11714-1997, 9
characters), registration number (GS 15-2006, 15 digits, ISO 7064 MOD 11,10). Each rule exists once for a single
text and once for a column; a property test holds them equal. python-stdnum does the check digits where it is
right: its `cn.uscc.is_valid` refuses the letters that GB 32100 allows at positions 1 and 2 (``A1``, ``N2``,
``Y1``) and accepts lower case and hyphens: the shape is judged here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from ruamel.yaml import YAML
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_10

from gongxin.subjects.models import Kind
from gongxin.subjects.resident_ids import find_resident_ids, mask_resident_ids, resident_id_valid

__all__ = [
    "find_resident_ids",
    "fold_code",
    "folded_code",
    "kind_expr",
    "kind_of",
    "mask_resident_ids",
    "org_code_fault",
    "org_code_valid",
    "registration_no_fault",
    "registration_no_valid",
    "resident_id_valid",
    "uscc_check_digit",
    "uscc_fault",
    "uscc_faults",
    "uscc_valid",
    "uscc_warnings",
]

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
# What a sole trader without a code is filed under (DOMAIN 1.2 #3). It fails the check digit and is nobody's code.
USCC_PLACEHOLDER: Final = "0" * 17 + "X"

_USCC_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_ORG_VALUES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_CHECKS: Final = "0X987654321"
_ORG_SHAPE = re.compile(r"[0-9A-Z]{8}[0-9X]", re.ASCII)
_REGISTRATION_SHAPE = re.compile(r"[0-9]{15}", re.ASCII)

# Larger than any sum of a well-formed code, small enough for eighteen of them in an int32.
_IMPOSSIBLE: Final = 1 << 20

_FULL_WIDTH: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
# Blanks, hyphens, dashes and invisible characters that people put between the groups of a code.
_SEPARATORS: Final = " \t\r\n\u00a0\u3000\u200b\ufeff-‐‑–—－"
_CODE_FOLDING: Final = _FULL_WIDTH | dict.fromkeys(_SEPARATORS, "")
_CODE_TRANSLATION: Final = str.maketrans(_CODE_FOLDING)


def folded_code(text: str) -> str:
    """A code without blanks and hyphens, half-width, upper case. Nothing else is changed."""
    return text.translate(_CODE_TRANSLATION).upper()


def fold_code(expr: pl.Expr) -> pl.Expr:
    """`folded_code` for a column of texts; null stays null."""
    return expr.str.replace_many(list(_CODE_FOLDING), list(_CODE_FOLDING.values())).str.to_uppercase()


def uscc_fault(code: str) -> str | None:
    """Why a folded code is not a unified social credit code, or None.

    Returns ``uscc-placeholder`` (17 zeros and X), ``uscc-length``, ``uscc-characters`` or ``uscc-check-digit``.
    """
    if code == USCC_PLACEHOLDER:
        return "uscc-placeholder"
    if len(code) != 18:
        return "uscc-length"
    if not _USCC_SHAPE.fullmatch(code):
        return "uscc-characters"
    return None if code[-1] == uscc_check_digit(code) else "uscc-check-digit"


def uscc_check_digit(code: str) -> str | None:
    """The check digit that the first 17 characters ask for, None where they are malformed. A hint, never a repair."""
    if not _USCC_SHAPE.fullmatch(code[:17] + "0"):
        return None
    return str(stdnum_uscc.calc_check_digit(code[:17]))


def org_code_fault(code: str) -> str | None:
    """Why a folded code is not an organisation code (``org-code-length|characters|check-digit``), or None."""
    if len(code) != 9:
        return "org-code-length"
    if not _ORG_SHAPE.fullmatch(code):
        return "org-code-characters"
    total = sum(_ORG_VALUES.index(sign) * weight for sign, weight in zip(code, _ORG_WEIGHTS, strict=False))
    return None if code[-1] == _ORG_CHECKS[total % 11] else "org-code-check-digit"


def registration_no_fault(code: str) -> str | None:
    """Why a folded code is no 15-digit registration number, or None.

    Returns ``registration-no-length``, ``registration-no-characters`` or ``registration-no-check-digit``.
    """
    if len(code) != 15:
        return "registration-no-length"
    if not _REGISTRATION_SHAPE.fullmatch(code):
        return "registration-no-characters"
    return None if mod_11_10.is_valid(code) else "registration-no-check-digit"


def uscc_valid(codes: pl.Series) -> pl.Series:
    """True for each folded code that is a valid unified social credit code; false for null and for the placeholder."""
    sums, positions = _sums(codes, _uscc_table())
    return _marked(codes, positions[(sums < _IMPOSSIBLE) & (sums % 31 == 0)])


def org_code_valid(codes: pl.Series) -> pl.Series:
    """True for each folded 9-character code whose GB 11714 check digit is right; false for null."""
    sums, positions = _sums(codes, _org_table())
    return _marked(codes, positions[(sums < _IMPOSSIBLE) & (sums % 11 == 0)])


def registration_no_valid(codes: pl.Series) -> pl.Series:
    """True for each folded 15-digit registration number whose MOD 11,10 check digit is right; false for null."""
    matrix, positions = _matrix(codes, 15)
    digits = matrix.astype(np.int16) - ord("0")
    product = np.full(len(digits), 10, dtype=np.int16)
    for column in range(14):
        remainder = (product + digits[:, column]) % 10
        product = np.where(remainder == 0, 10, remainder) * 2 % 11
    right = (product + digits[:, 14]) % 10 == 1
    return _marked(codes, positions[right & ((digits >= 0) & (digits <= 9)).all(axis=1)])


def uscc_faults(codes: pl.Series) -> pl.Series:
    """`uscc_fault` for a column of folded codes: null where there is no fault and where the code is null."""
    code = pl.col("code")
    shape = f"^(?:{_USCC_SHAPE.pattern})$"
    fault = (
        pl.when(pl.col("valid") | code.is_null()).then(None)
        .when(code == USCC_PLACEHOLDER).then(pl.lit("uscc-placeholder"))
        .when(code.str.len_chars() != 18).then(pl.lit("uscc-length"))
        .when(~code.str.contains(shape)).then(pl.lit("uscc-characters"))
        .otherwise(pl.lit("uscc-check-digit"))
    )  # fmt: skip
    return pl.DataFrame({"code": codes, "valid": uscc_valid(codes)}).select(fault.alias(codes.name)).to_series()


def uscc_warnings(codes: pl.Series) -> pl.Series:
    """What is odd about valid codes, null where nothing is.

    ``uscc-authority``: authority and category are no known pair. ``uscc-organisation-code``: the organisation code
    inside (positions 9–17) fails its own check digit, as a few hundred of three million real ones do.
    """
    valid = uscc_valid(codes)
    inner = org_code_valid(codes.str.slice(8, 9))
    known = codes.str.slice(0, 2).is_in(list(pairs()))
    frame = pl.DataFrame({"valid": valid, "inner": inner, "known": known})
    warning = (
        pl.when(~pl.col("valid")).then(None)
        .when(~pl.col("known")).then(pl.lit("uscc-authority"))
        .when(~pl.col("inner")).then(pl.lit("uscc-organisation-code"))
    )  # fmt: skip
    return frame.select(warning.alias(codes.name)).to_series()


def kind_of(uscc: str) -> Kind:
    """The register an organisation belongs to, from the first two characters of its valid code.

    An authority that the table does not know counts as another organisation (社会组织和其他组织).
    """
    return pairs().get(uscc[:2]) or _authority_kinds().get(uscc[:1]) or Kind.SOCIAL


def kind_expr(uscc: pl.Expr) -> pl.Expr:
    """`kind_of` for a column of valid codes; null stays null."""
    by_pair = uscc.str.slice(0, 2).replace_strict(_texts(pairs()), default=None, return_dtype=pl.String)
    by_authority = uscc.str.slice(0, 1).replace_strict(
        _texts(_authority_kinds()), default=Kind.SOCIAL.value, return_dtype=pl.String
    )
    return pl.when(uscc.is_not_null()).then(pl.coalesce(by_pair, by_authority))


@cache
def pairs() -> dict[str, Kind]:
    """The known pairs of authority and category (``91``) with the register each belongs to (authorities.yaml)."""
    found: dict[str, Kind] = {}
    for authority, entry in _authorities().items():
        own = entry.get("kinds", {})
        found |= {authority + category: Kind(own.get(category, entry["kind"])) for category in entry["categories"]}
    return found


@cache
def _authority_kinds() -> dict[str, Kind]:
    return {authority: Kind(entry["kind"]) for authority, entry in _authorities().items()}


@cache
def _authorities() -> dict[str, dict[str, Any]]:
    source = Path(__file__).with_name("authorities.yaml")
    authorities: dict[str, dict[str, Any]] = YAML(typ="safe").load(source)["authorities"]
    return authorities


def _texts(kinds: dict[str, Kind]) -> dict[str, str]:
    return {code: kind.value for code, kind in kinds.items()}


@cache
def _uscc_table() -> NDArray[np.int32]:
    """Weighted value of each byte at each of 18 positions; a right check digit makes the sum divisible by 31."""
    table = np.full((18, 256), _IMPOSSIBLE, dtype=np.int32)
    for position, weight in enumerate((*USCC_WEIGHTS, 1)):
        allowed = USCC_ALPHABET[:10] if 2 <= position < 8 else USCC_ALPHABET
        for value, sign in enumerate(allowed):
            table[position, ord(sign)] = value * weight
    return table


@cache
def _org_table() -> NDArray[np.int32]:
    """As `_uscc_table` for the 9 characters of an organisation code and 11."""
    table = np.full((9, 256), _IMPOSSIBLE, dtype=np.int32)
    for position, weight in enumerate(_ORG_WEIGHTS):
        for value, sign in enumerate(_ORG_VALUES):
            table[position, ord(sign)] = value * weight
    for value, sign in enumerate("0123456789X"):
        table[8, ord(sign)] = value
    return table


def _sums(codes: pl.Series, table: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Sums of the weighted values of the codes of the table's length, and where these codes stand in the column."""
    matrix, positions = _matrix(codes, len(table))
    total = np.zeros(len(matrix), dtype=np.int32)
    for position, values in enumerate(table):
        total += values[matrix[:, position]]
    return total, positions


def _matrix(codes: pl.Series, length: int) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """The texts of exactly `length` bytes as rows of a byte matrix, and their positions in the column."""
    fitting = (codes.str.len_bytes() == length).fill_null(value=False)
    together = codes.filter(fitting).str.join("").item() or ""
    matrix = np.frombuffer(together.encode(), dtype=np.uint8).reshape(-1, length)
    return matrix, np.flatnonzero(fitting.to_numpy())


def _marked(codes: pl.Series, positions: NDArray[np.intp]) -> pl.Series:
    marks = np.zeros(len(codes), dtype=bool)
    marks[positions] = True
    return pl.Series(codes.name, marks)
