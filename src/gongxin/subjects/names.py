"""Names of organisations: fold, key, pinyin initials. A rule for a name and for a column, equal by a property test.

Two names with the same key may still be two organisations: a key finds and confirms, it never identifies alone.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import polars as pl

_BRACKETS: Final = dict.fromkeys("（〔［【｛「『《〈[{<﹙﹝", "(") | dict.fromkeys("）〕］】｝」』》〉]}>﹚﹞", ")")
_BLANKS: Final = dict.fromkeys(
    " \t\n\r\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff", ""
)
_BLANKS_MORE: Final = {chr(code): "" for code in (*range(0x2000, 0x200B), *range(0x1C, 0x20))}
_DOTS: Final = dict.fromkeys("•・‧∙⋅●．｡", "·") | {"－": "-", "—": "-", "–": "-", "‐": "-", "‑": "-", "―": "-"}
# Full-width and other compatibility forms: letters and signs, enclosed and square signs, Han compatibility ideographs.
_COMPATIBLE: Final = (
    range(0xFF01, 0xFF5F),
    range(0xFFE0, 0xFFE7),
    range(0x2460, 0x2500),
    range(0x3200, 0x3400),
    range(0xF900, 0xFB00),
)

# Legal forms that do not tell two names apart, longest first; brackets around one go as every bracket does.
LEGAL_FORMS: Final = (
    "股份有限责任公司",
    "有限责任公司",
    "股份有限公司",
    "特殊普通合伙",
    "有限公司",
    "股份公司",
    "有限合伙",
    "普通合伙",
)
_KEY_SIGNS: Final = "()·-,.，。、'\"’‘“”_/"
_LEGAL_FORM: Final = re.compile("|".join(LEGAL_FORMS))
# Words with a reading of their own are two to four characters long; longest first.
_WORD_LENGTHS: Final = (4, 3, 2, 1)
_NOT_INITIAL: Final = re.compile("[^0-9a-z]")
_FEW_NAMES: Final = 5_000


def _plain_fold() -> dict[str, str]:
    """Each character that folding changes, with what it becomes."""
    compatible = {chr(code): unicodedata.normalize("NFKC", chr(code)) for codes in _COMPATIBLE for code in codes}
    changed = {sign: text for sign, text in compatible.items() if text != sign}
    last = _BRACKETS | _BLANKS | _BLANKS_MORE | _DOTS
    second = {sign: "".join(last.get(part, part) for part in text) for sign, text in changed.items()}
    return second | last


_FOLDING: Final = _plain_fold()
_TRANSLATION: Final = str.maketrans(_FOLDING)
# Folding and dropping the signs of `_KEY_SIGNS` in one go.
_KEY_FOLDING: Final = {
    sign: "".join(part for part in text if part not in _KEY_SIGNS) for sign, text in _FOLDING.items()
} | dict.fromkeys(_KEY_SIGNS, "")
_KEY_TRANSLATION: Final = str.maketrans(_KEY_FOLDING)


def fold(text: str) -> str:
    """The name half-width, upper case, with one kind of brackets, dots and dashes, and without blanks."""
    return text.translate(_TRANSLATION).upper()


def fold_expr(expr: pl.Expr) -> pl.Expr:
    """`fold` for a column of names; null stays null."""
    return expr.str.replace_many(list(_FOLDING), list(_FOLDING.values())).str.to_uppercase()


def name_key(text: str) -> str:
    """The folded name without brackets, punctuation and legal form, for matching and search.

    ``泽川宏达食品（集团）有限（责任）公司`` → ``泽川宏达食品集团``. A name that is nothing but a form keeps it.
    """
    plain = text.translate(_KEY_TRANSLATION).upper()
    return _LEGAL_FORM.sub("", plain) or plain


def name_key_expr(expr: pl.Expr) -> pl.Expr:
    """`name_key` for a column of names; null stays null."""
    plain = expr.str.replace_many(list(_KEY_FOLDING), list(_KEY_FOLDING.values())).str.to_uppercase()
    key = plain.str.replace_many(list(LEGAL_FORMS), [""] * len(LEGAL_FORMS), leftmost=True)
    return pl.when(key == "").then(plain).otherwise(key)


def pinyin_initials(text: str) -> str:
    """The first letters of the readings, lower case: ``泽川宏达`` → ``zchd``. Letters and digits stay, others go."""
    readings, place, letters = _readings(), 0, ""
    while place < len(text):
        length = next((size for size in _WORD_LENGTHS if text[place : place + size] in readings), 0)
        letters += readings[text[place : place + length]] if length else text[place]
        place += length or 1
    return _NOT_INITIAL.sub("", letters.lower())


def pinyin_initials_expr(expr: pl.Expr) -> pl.Expr:
    """`pinyin_initials` for a column of folded names or keys; null stays null."""
    return expr.map_batches(_initials, return_dtype=pl.String)


def _initials(names: pl.Series) -> pl.Series:
    """Preparing the 40,000 readings for a whole column takes as long as some thousand names one by one."""
    if len(names) <= _FEW_NAMES:
        return pl.Series(names.name, [text and pinyin_initials(text) for text in names], dtype=pl.String)
    readings = _readings()
    letters = names.str.replace_many(list(readings), list(readings.values()), leftmost=True)
    return letters.str.to_lowercase().str.replace_all(_NOT_INITIAL.pattern, "")


@cache
def _readings() -> dict[str, str]:
    """Words whose initials differ from those of their characters (重庆 → cq), longest first, then every Han character.

    Built once in a process from pypinyin's tables; no name is looked up in pypinyin itself.
    """
    # pypinyin's tables take a third of a second to read: only those who need readings pay.
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT  # noqa: PLC0415

    signs = {chr(code): _initial(readings.split(",")[0]) for code, readings in PINYIN_DICT.items() if code > 0x2E7F}
    words: dict[str, str] = {}
    for word, syllables in PHRASES_DICT.items():
        if len(word) <= 4:
            initials = "".join(_initial(syllable[0]) for syllable in syllables)
            if initials != "".join(signs.get(sign, "") for sign in word) and initials.isalpha():
                words[word] = initials
    return dict(sorted(words.items(), key=lambda entry: -len(entry[0]))) | signs


def _initial(syllable: str) -> str:
    """The first letter without its tone mark."""
    return unicodedata.normalize("NFD", syllable)[:1].lower()
