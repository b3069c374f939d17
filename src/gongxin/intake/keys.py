"""Natural keys, content and the text that is loaded: how two rows are compared and what becomes of one in the database.

The body of a payload is the item's fields as JSON texts joined by `","`; the content hash is taken over it, so that
the hash and the payload are one pass over the row.
"""

from __future__ import annotations

from typing import Final

import polars as pl
import polars_hash as plh

from gongxin.policy.model import Item
from gongxin.subjects.names import fold_expr

# Between the parts of a natural key; folding leaves it alone.
_UNIT: Final = "\x01"
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
    first, *others = (pl.col(name).fill_null("") for name in item.natural_key)
    rest = pl.concat_str([pl.lit(item.id), *others], separator=_UNIT)
    folded = frame.select(fold_expr(first).alias("first"), fold_expr(rest).alias("rest"))
    serial = folded["first"].str.replace_all(r"[^0-9]+", "").str.tail(12).str.zfill(12)
    hashed = _hashed(folded, pl.concat_str("first", "rest", separator=_UNIT)).str.slice(0, 20)
    return (serial + hashed).alias("key_hash")


def payload_bodies(frame: pl.DataFrame, item: Item, *, plain: bool = False) -> pl.Series:
    """The payload of each row without its opening `["` and closing `"]`: every field of the item as a JSON text,
    null as an empty one.
    """
    columns = [
        (frame[field.name] if plain or field.type not in _FREE else json_text(frame[field.name]))
        .fill_null("")
        .alias(field.name)
        for field in item.fields
    ]
    return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator='","').alias("body")).to_series()


def content_hashes(bodies: pl.Series) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over each body."""
    return _hashed(bodies.alias("body").to_frame(), pl.col("body"))


def json_text(column: pl.Series) -> pl.Series:
    """Texts as they stand between the quotation marks of JSON. The column with the signs escaped that JSON wants
    escaped; as it is where it has none.
    """
    if not column.str.contains(_NEEDS_JSON).any():
        return column
    return column.str.replace_many(list(_JSON_SIGNS), list(_JSON_SIGNS.values()))


def _hashed(frame: pl.DataFrame, text: pl.Expr) -> pl.Series:
    texts = frame.select(text.alias("text"))
    return texts.select(plh.col("text").chash.sha2_256().str.slice(0, 32).alias("hash")).to_series()
