"""Whether a code was in use on the day of the decision: a law lists it from a first, maybe to a last day (W207)."""

from __future__ import annotations

import polars as pl

from gongxin.intake import findings
from gongxin.intake.normalising import SEPARATOR
from gongxin.intake.tables import ROW
from gongxin.policy.model import Code, CodeList, Field, Item
from gongxin.policy.pack import Pack


def out_of_use(frame: pl.DataFrame, item: Item, pack: Pack) -> list[pl.DataFrame]:
    """W207 for the rows that use a code before its list knew it, or after; expected: from when until when it holds.

    A warning, as the day of the decision is not in every case the day whose law the decision applied.
    """
    decided = item.by_role("decided_on")
    if decided is None or frame.is_empty():
        return []
    found = []
    for field in item.fields:
        periods = _periods(pack.code_lists.get(field.code_list))
        if periods.height:
            found.append(_judged(frame, field, decided, periods))
    return found


def _periods(code_list: CodeList | None) -> pl.DataFrame:
    """The dated codes of the list with their first and last day in ISO form, as texts that compare as days do."""
    dated = [entry for entry in code_list.codes if entry.since or entry.until] if code_list else []
    rows = [(entry.code, str(entry.since or ""), str(entry.until or "9999-12-31"), _said(entry)) for entry in dated]
    return pl.DataFrame(rows, schema=dict.fromkeys(("part", "first", "last", "said"), pl.String), orient="row")


def _said(entry: Code) -> str:
    first = f"自{entry.since}起" if entry.since else ""
    last = f"至{entry.until}止" if entry.until else ""
    return f"{entry.code}{first}{last}"


def _judged(frame: pl.DataFrame, field: Field, decided: Field, periods: pl.DataFrame) -> pl.DataFrame:
    """The findings of one field, by its distinct values and days: a file has a few hundred of them."""
    given = frame.select(ROW, pl.col(field.name).alias("value"), pl.col(decided.name).alias("day")).drop_nulls()
    part = pl.col("part")
    broken = (
        given.select("value", "day").unique()
        .with_columns(pl.col("value").str.split(SEPARATOR).alias("part")).explode("part")
        # «其他-说明» is the code before its remark.
        .with_columns(pl.when(part.is_in(periods["part"].implode())).then(part).otherwise(part.str.extract("^([^-]+)-")))
        .join(periods, on="part")
        .filter((pl.col("day") < pl.col("first")) | (pl.col("day") > pl.col("last")))
        .group_by("value", "day").agg(pl.col("said").sort().str.join("；"))
    )  # fmt: skip
    rows = given.join(broken, on=["value", "day"], maintain_order="left")
    return findings.table(rows[ROW], "W207", field=field.name, value=rows["value"], expected=rows["said"])
