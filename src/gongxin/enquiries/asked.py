"""What is asked: codes and names read from text, folded for matching, with resident identity numbers masked before
anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from gongxin.ids import uuid7_column
from gongxin.subjects.identifiers import find_resident_ids, fold_code, mask_resident_ids, uscc_faults, uscc_valid
from gongxin.subjects.names import name_key_expr

MAX_ASKED: Final = 200
MAX_MATTER: Final = 120

# Why one question is refused; the refusals of a purpose or a department are in `checks`.
PERSON: Final = "person"
EMPTY: Final = "asked-empty"
TOO_LONG: Final = "asked-too-long"
MATTER_TOO_LONG: Final = "matter-too-long"
MALFORMED: Final = "row-malformed"

# Codes of 8 to 18 Latin letters and digits, one digit among them at least; everything else is a name.
_CODE_SHAPE: Final = r"^[0-9A-Z]{8,18}$"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: a code or a name, and the matter it is asked for.

    row: its place in a batch, from 1. reason: set where it could not even be read (`row-malformed`): it is refused
    for that.
    """

    code_or_name: str
    matter: str
    row: int = 1
    reason: str = ""


def prepared(questions: Sequence[Asked]) -> pl.DataFrame:
    """The questions as columns: row, check_id, asked_for, code, name_key, matter, reason, hint; no nulls.

    code or name_key is filled, the other is empty; both are empty where the question is refused (`reason`). asked_for
    and matter are what is stored: cut to length, resident identity numbers masked. hint: what is wrong with a
    malformed code.
    """
    frame = pl.DataFrame(
        {
            "row": pl.Series([entry.row for entry in questions], dtype=pl.Int64),
            "check_id": uuid7_column(len(questions)),
            "asked": _plain([entry.code_or_name for entry in questions]),
            "matter": _plain([entry.matter for entry in questions]),
            "unread": pl.Series([entry.reason for entry in questions], dtype=pl.String),
        }
    ).with_columns(fold_code(pl.col("asked")).alias("folded"))
    frame = frame.with_columns(uscc_valid(frame["folded"]).alias("valid"), uscc_faults(frame["folded"]).alias("fault"))
    is_code = pl.col("folded").str.contains(_CODE_SHAPE) & pl.col("folded").str.contains("[0-9]")
    reason = (
        pl.when(pl.col("unread") != "").then("unread")
        .when(pl.col("asked") == "").then(pl.lit(EMPTY))
        .when(pl.col("asked").str.len_chars() > MAX_ASKED).then(pl.lit(TOO_LONG))
        .when(pl.col("matter").str.len_chars() > MAX_MATTER).then(pl.lit(MATTER_TOO_LONG))
        .when(find_resident_ids(pl.col("asked")) & ~pl.col("valid")).then(pl.lit(PERSON))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    frame = frame.with_columns(reason.alias("reason"), is_code.alias("is_code"))
    answered = pl.col("reason") == ""
    malformed = answered & pl.col("is_code") & (pl.col("folded").str.len_chars() == 18)
    return frame.select(
        "row",
        "check_id",
        pl.when("valid").then("asked").otherwise(mask_resident_ids(pl.col("asked")))
        .str.slice(0, MAX_ASKED).alias("asked_for"),
        pl.when(answered & pl.col("is_code")).then("folded").otherwise(pl.lit("")).alias("code"),
        pl.when(answered & ~pl.col("is_code")).then(name_key_expr(pl.col("asked"))).otherwise(pl.lit(""))
        .str.slice(0, MAX_ASKED).alias("name_key"),
        mask_resident_ids(pl.col("matter")).str.slice(0, MAX_MATTER).alias("matter"),
        "reason",
        pl.when(malformed).then(pl.col("fault").fill_null("")).otherwise(pl.lit("")).alias("hint"),
    )  # fmt: skip


def _plain(texts: Sequence[str]) -> pl.Series:
    """The texts without control characters (PostgreSQL keeps no NUL) and outer blanks; half a surrogate pair becomes
    `?`.
    """
    storable = [text if text.isprintable() else text.encode(errors="replace").decode() for text in texts]
    return pl.Series(storable, dtype=pl.String).str.replace_all(r"[\x00-\x1f\x7f]", " ").str.strip_chars()
