"""`python -m benchmarks.clean FILE READY`: the rows of a made-up penalty file that intake accepts, ready for COPY.

A process of its own, so that its memory is not counted as intake's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from gongxin import clock
from gongxin.ids import uuid7_column
from gongxin.policy import packs


def clean(path: Path) -> pl.DataFrame:
    """Without the broken and the repeated rows, dates as PostgreSQL reads them, an id to each."""
    item = packs.current().item("penalty")
    whole = pl.read_csv(path, infer_schema=False).select(field.name for field in item.fields)
    dates = [field.name for field in item.fields if field.type == "date"]
    decided = pl.col("CF_JDRQ").str.to_date("%Y/%m/%d", strict=False)
    kept = whole.filter(
        decided.is_not_null(),
        decided <= pl.lit(clock.today()),
        pl.col("CF_WSH") != "",
        pl.col("CF_XDR_MC") != "",
        pl.col("CF_XDR_LB") != "外星组织",
        ~pl.col("CF_XDR_SHXYM").str.ends_with("0I"),
    ).unique(item.natural_key, keep="first", maintain_order=True)
    typed = kept.with_columns(pl.col(dates).str.replace_all("/", "-")).with_columns(pl.all().replace("", None))
    return typed.select(uuid7_column(typed.height), pl.all())


if __name__ == "__main__":
    clean(Path(sys.argv[1])).write_csv(Path(sys.argv[2]), include_header=False)
