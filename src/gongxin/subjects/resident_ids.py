"""Resident identity numbers in texts: found and masked, never kept. Nothing else is ever done with them here.

18 characters (GB 11643-1999): the check digit (ISO 7064 MOD 11-2) must be right and positions 7–14 a real day
from 1900 on. The division is not looked up, so that a number with a new or abolished division is found too.

15 digits (the form before 1999, without check digit): positions 1–2 must be a province and 7–12 a real day.
Registration numbers and old tax numbers have 15 digits too, and one in thirty of them looks like that. So a
number that is a right registration number (MOD 11,10) or holds a right organisation code (positions 7–15) is
left alone, unless the text itself speaks of an identity document (证件, 身份). What is missed by this is about one
in six of numbers that have not been valid since 2013 and stand in a text that does not call them an identity
number.

Digits may be full-width, and a blank or hyphen may stand between the groups 6-8-4 (6-6-3).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_10

_DIGIT: Final = "[0-9０-９]"
_GAP: Final = r"[ \u00a0\u3000-]?"
_MONTH: Final = "(?:[0０][1-9１-９]|[1１][0-2０-２])"
_DAY: Final = "(?:[0０][1-9１-９]|[12１２][0-9０-９]|[3３][01０１])"
_CENTURY: Final = "(?:[1１][9９]|[2２][0０])"
_NEW: Final = f"{_DIGIT}{{6}}{_GAP}{_CENTURY}{_DIGIT}{{2}}{_MONTH}{_DAY}{_GAP}{_DIGIT}{{3}}[0-9０-９XxＸｘ]"
_OLD: Final = f"{_DIGIT}{{6}}{_GAP}{_DIGIT}{{2}}{_MONTH}{_DAY}{_GAP}{_DIGIT}{{3}}"
# Without look-around, as Polars' regular expressions have none: a coarse and fast sieve for the columns. In front of it
# what every candidate has and few texts: six digits and six more, or a full-width one. Two patterns take half the time
# of one that knows both widths.
_SIEVE: Final = f"{_NEW}|{_OLD}"
_DIGITS: Final = f"[0-9]{{6}}{_GAP}[0-9]{{6}}"
_WIDE_DIGIT: Final = "[０-９]"
_CANDIDATE: Final = re.compile(f"(?<![0-9０-９])(?:{_NEW}|{_OLD})(?![0-9０-９])")
_NAMED: Final = re.compile("证件|身份")
_PLAIN: Final = str.maketrans("０１２３４５６７８９Ｘｘx", "0123456789XXX", " \u00a0\u3000-")
# The first two digits of GB/T 2260.
_PROVINCES: Final = frozenset(
    map(
        str,
        (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82),
    )
)
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def resident_id_valid(text: str) -> bool:
    """True if the whole text is an 18-character resident identity number: right check digit and a real day."""
    plain = text.strip().translate(_PLAIN)
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", plain, re.ASCII)) and _is_new_form(plain)


def find_resident_ids(expr: pl.Expr) -> pl.Expr:
    """True where a text contains a resident identity number; false for null."""
    return expr.map_batches(_found, return_dtype=pl.Boolean)


def mask_resident_ids(expr: pl.Expr) -> pl.Expr:
    """The texts with an asterisk in place of each character of a resident identity number; null stays null."""
    return expr.map_batches(masked, return_dtype=pl.String)


def mask(text: str) -> str:
    """One text with an asterisk in place of each character of a resident identity number."""
    named = bool(_NAMED.search(text))
    return _CANDIDATE.sub(lambda match: "*" * len(match[0]) if _is_resident_id(match[0], named) else match[0], text)


def _found(texts: pl.Series) -> pl.Series:
    return (masked(texts) != texts).fill_null(value=False)


def masked(texts: pl.Series) -> pl.Series:
    """`mask_resident_ids` for a column; the very same one where no text holds such a number."""
    suspects = (texts.str.contains(_DIGITS) | texts.str.contains(_WIDE_DIGIT)).fill_null(value=False)
    places = suspects.arg_true()
    places = places.filter(texts.gather(places).str.contains(_SIEVE))
    if not len(places):
        return texts
    # Only what passed the sieve, a digit group with a day in it, is looked at one by one.
    hidden = pl.Series([mask(text) for text in texts.gather(places)], dtype=pl.String)
    # Polars scatters in place; the texts given stay as they are.
    return texts.clone().scatter(places, hidden)


def _is_resident_id(candidate: str, named: bool) -> bool:
    plain = candidate.translate(_PLAIN)
    return _is_new_form(plain) if len(plain) == 18 else _is_old_form(plain, named)


def _is_new_form(plain: str) -> bool:
    return plain[-1] == ric.calc_check_digit(plain) and plain[6:10] >= "1900" and _is_day(plain[6:14])


def _is_old_form(plain: str, named: bool) -> bool:
    if plain[:2] not in _PROVINCES or not _is_day("19" + plain[6:12]):
        return False
    return named or not (mod_11_10.is_valid(plain) or _holds_org_code(plain))


def _holds_org_code(plain: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(plain[6:14], _ORG_WEIGHTS, strict=True))
    return plain[14] == "0X987654321"[total % 11]


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True
