"""Natural keys, content and the text that is loaded: how two rows are compared and what becomes of one in the database.

The body of a payload is the item's fields as JSON texts joined by `","`; the content hash is taken over it, so that the hash and the
payload are one pass over the row.
"""

from __future__ import annotations

from typing import Final

import polars as pl
import polars_hash as plh

from gongxin.policy.model import Item
from gongxin.subjects.names import fold_expr

_UNIT: Final = "\x1f"
_JSON_SIGNS: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NEEDS_JSON: Final = r'["\\\n\t\r]'


def key_hashes(frame: pl.DataFrame, item: Item) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over the folded natural key (brackets, width, blanks and case do not matter)."""
    parts = [pl.lit(item.id), *(fold_expr(pl.col(name).fill_null("")) for name in item.natural_key)]
    return _hashed(frame, pl.concat_str(parts, separator=_UNIT))


def payload_bodies(frame: pl.DataFrame, item: Item) -> pl.Series:
    """The payload of each row without its opening `["` and closing `"]`: every field of the item as a JSON text, null as an empty one."""
    columns = [json_text(frame[field.name]).fill_null("").alias(field.name) for field in item.fields]
    return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator='","').alias("body")).to_series()


def content_hashes(bodies: pl.Series) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over each body."""
    return _hashed(bodies.alias("body").to_frame(), pl.col("body"))


def json_text(column: pl.Series) -> pl.Series:
    """Texts as they stand between the quotation marks of JSON. The column with the signs escaped that JSON wants escaped; as it is where it has none."""
    if not column.str.contains(_NEEDS_JSON).any():
        return column
    return column.str.replace_many(list(_JSON_SIGNS), list(_JSON_SIGNS.values()))


def _hashed(frame: pl.DataFrame, text: pl.Expr) -> pl.Series:
    texts = frame.select(text.alias("text"))
    return texts.select(plh.col("text").chash.sha2_256().str.slice(0, 32).alias("hash")).to_series()  # type: ignore[attr-defined]
