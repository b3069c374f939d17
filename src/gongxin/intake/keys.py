"""Natural keys, content and the text that is loaded: how two rows are compared and what becomes of one in the database.

The content hash is taken over the payload as it is loaded, so that both are one pass over the row.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl
import polars_hash as plh

from gongxin.policy.model import Item
from gongxin.records import numbering

# Between the parts of a natural key; folding leaves it alone.
_UNIT: Final = "\x01"
# What makes no difference in a key: width, case, the kind of brackets and dashes, blanks. (`names.fold` knows ten times
# as many signs and takes six times as long; a key need only tell the same text typed by two people.)
_FOLDING: Final = (
    {chr(code): chr(code - 0xFEE0).upper() for code in range(0xFF01, 0xFF5F)}
    | {chr(code): chr(code).upper() for code in range(ord("a"), ord("z") + 1)}
    | dict.fromkeys("（〔［【｛「『《〈[{<", "(")
    | dict.fromkeys("）〕］】｝」』》〉]}>", ")")
    | dict.fromkeys("－—–‐", "-")
    | dict.fromkeys(" \t\n\u3000\u00a0\u200b\ufeff", "")
)
# Most keys have none but these to fold: a look for the others takes a tenth of folding them all.
_FREQUENT: Final = ("〔", "〕")
_OTHERS: Final = "[" + "".join(re.escape(sign) for sign in _FOLDING if sign not in _FREQUENT) + "]"
_JSON_SIGNS: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
# Types whose texts may hold signs that JSON wants escaped; the others hold digits and code-list texts only.
_FREE: Final = frozenset({"text", "code", "codes"})
_NEEDS_JSON: Final = r'["\\\n\t\r]'


def key_hashes(frame: pl.DataFrame, item: Item) -> pl.Series:
    """32 hexadecimal digits that stand for the natural key (brackets, width, blanks and case do not matter).

    Twelve decimal digits, the last ones of the key's first field (of a document number: year and serial), then 20
    digits of SHA-256 over item and key. The digits in front keep the keys of a file together in the index: random
    keys touch every page of it.
    """
    item_id = "".join(_FOLDING.get(sign, sign) for sign in item.id)
    named = [pl.col(name).fill_null("") for name in item.natural_key]
    folded = frame.select((pl.lit(item_id + _UNIT) + folded_key(named)).alias("key"))
    numbered = (item.by_role("document_no") or item.field(item.natural_key[0])).name
    numbers = _half_width(frame[numbered].fill_null(""))
    serial = numbers.to_frame("number").select(numbering.serial_expr(pl.col("number"))).to_series()
    return (serial + _hashed(folded, pl.col("key")).str.slice(0, 32 - numbering.DIGITS)).alias("key_hash")


def folded_key(parts: list[pl.Expr]) -> pl.Expr:
    """The parts of a key as one text, in which width, case, brackets, dashes and blanks make no difference."""
    return pl.concat_str(parts, separator=_UNIT).map_batches(_folded, return_dtype=pl.String)


def payloads(frame: pl.DataFrame, item: Item, *, plain: bool = False) -> pl.Series:
    """The payload of each row: a JSON array of every field of the item as a text, null as an empty one."""
    parts: list[pl.Expr] = [pl.lit('["')]
    between = ""
    for field in item.fields:
        column = frame[field.name]
        if column.null_count() < column.len():
            text = column if plain or field.type not in _FREE else json_text(column)
            parts += [*([pl.lit(between)] if between else []), pl.lit(text.fill_null(""))]
            between = ""
        between += '","'
    parts.append(pl.lit(between.removesuffix('","') + '"]'))
    return frame.with_columns(pl.concat_str(parts).alias("payload"))["payload"]


def content_hashes(payloads: pl.Series) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over each payload."""
    return _hashed(payloads.to_frame("payload"), pl.col("payload"))


def json_text(column: pl.Series) -> pl.Series:
    """Texts as they stand between the quotation marks of JSON. The column with the signs escaped that JSON wants
    escaped; as it is where it has none.
    """
    if not column.str.contains(_NEEDS_JSON).any():
        return column
    return column.str.replace_many(list(_JSON_SIGNS), list(_JSON_SIGNS.values()))


def _folded(texts: pl.Series) -> pl.Series:
    """The texts with everything replaced or left out that makes no difference in a key."""
    folded = texts.str.replace_many(list(_FREQUENT), [_FOLDING[sign] for sign in _FREQUENT])
    places = folded.str.contains(_OTHERS).arg_true()
    if not places.len():
        return folded
    return folded.scatter(places, folded.gather(places).str.replace_many(list(_FOLDING), list(_FOLDING.values())))


def _half_width(texts: pl.Series) -> pl.Series:
    """Full-width digits half-width."""
    if not texts.str.contains("[０-９]").any():
        return texts
    return texts.str.replace_many(list("０１２３４５６７８９"), list("0123456789"))


def _hashed(frame: pl.DataFrame, text: pl.Expr) -> pl.Series:
    texts = frame.select(text.alias("text"))
    return texts.select(plh.col("text").chash.sha2_256().str.slice(0, 32).alias("hash")).to_series()
