"""What a record's row holds by dated rule and not by report: severity and the interval of publicity.

One derivation for loading (`gongxin.intake.shaping`) and for a changed pack (`gongxin.records.republishing`).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from gongxin.policy import publicity, severity
from gongxin.policy.model import FieldRole, Item
from gongxin.policy.pack import Pack

_DAYS: Final[tuple[FieldRole, ...]] = ("decided_on", "effective_until", "acted_until")
_CLASSES: Final[tuple[FieldRole, ...]] = ("severity", "procedure", "field_of_law", "status")
# Roles of the fields that `typed` reads.
ROLES: Final[tuple[FieldRole, ...]] = (*_DAYS, *_CLASSES, "category")
DERIVED: Final = ("severity", "publicity_from", "publicity_until", "publicity_rule")


def typed(rows: pl.DataFrame, item: Item) -> pl.DataFrame:
    """What the rules of publicity and severity look at. rows: normalised texts by field name, null where empty."""
    columns: list[pl.Expr] = []
    for role in _DAYS:
        field = item.by_role(role)
        day = pl.col(field.name).str.to_date("%Y-%m-%d") if field else pl.lit(None, dtype=pl.Date)
        columns.append(day.alias(role))
    for role in _CLASSES:
        field = item.by_role(role)
        columns.append((pl.col(field.name) if field else pl.lit(None, dtype=pl.String)).alias(role))
    category = item.by_role("category")
    kinds = pl.col(category.name) if category else pl.lit(None, dtype=pl.String)
    return rows.select(*columns, kinds.fill_null("").alias("kinds"))


def derived(facts: pl.DataFrame, item: Item, pack: Pack) -> pl.DataFrame:
    """The columns DERIVED, as `records_record` holds them. facts: of `typed`, with the provider's own mark of
    severity.
    """
    meaning = severity.classify_columns(pack, item, facts)
    terms = publicity.term_columns(pack, item, facts)
    return terms.select(
        meaning.fill_null("").alias("severity"),
        "publicity_from",
        "publicity_until",
        pl.col("publicity_rule").fill_null("").str.slice(0, 80),
    )
