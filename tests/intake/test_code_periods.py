"""Codes have a first and maybe a last day of use: the day before and the day of the change."""

from __future__ import annotations

import polars as pl
import pytest
from tests.intake.hand_ins import hand_in, penalty

from gongxin.intake import code_periods
from gongxin.intake.models import Finding
from gongxin.policy import packs


def judged(*rows: tuple[str | None, str | None]) -> list[tuple[int, str, str, str]]:
    """Row, field, value and expected of the warnings about rows of (kinds, day of the decision)."""
    pack = packs.current()
    item = pack.item("penalty")
    columns = {field.name: pl.Series([None] * len(rows), dtype=pl.String) for field in item.fields}
    columns["CF_CFLB"] = pl.Series([kinds for kinds, _ in rows], dtype=pl.String)
    columns["CF_JDRQ"] = pl.Series([day for _, day in rows], dtype=pl.String)
    frame = pl.DataFrame({"row": pl.Series(range(2, len(rows) + 2), dtype=pl.Int64)} | columns)
    found = pl.concat([part for part in code_periods.out_of_use(frame, item, pack) if part.height] or [pl.DataFrame()])
    assert found.is_empty() or set(found["code"]) == {"W207"}
    return [] if found.is_empty() else found.select("row", "field", "value", "expected").rows()


@pytest.mark.parametrize(
    ("kinds", "last_in_use", "first_in_use"),
    [
        ("通报批评", None, "2021-07-15"),
        ("限制从业", None, "2021-07-15"),
        ("没收违法所得、没收非法财物", "2021-07-14", None),
    ],
)
def test_the_day_before_and_the_day_of_the_change(
    kinds: str, last_in_use: str | None, first_in_use: str | None
) -> None:
    before, after = judged((kinds, "2021-07-14")), judged((kinds, "2021-07-15"))
    assert bool(before) == (first_in_use is not None)
    assert bool(after) == (last_in_use is not None)
    said = (before or after)[0][3]
    assert said == kinds + (f"自{first_in_use}起" if first_in_use else "") + (
        f"至{last_in_use}止" if last_in_use else ""
    )


def test_one_of_several_codes_is_enough_and_every_one_is_named() -> None:
    assert judged(("警告;罚款", "2010-01-01")) == []
    assert judged(("罚款;限制从业;通报批评", "2020-01-02")) == [
        (2, "CF_CFLB", "罚款;限制从业;通报批评", "通报批评自2021-07-15起；限制从业自2021-07-15起")
    ]


def test_rows_without_code_or_day_and_codes_without_period() -> None:
    assert judged(
        (None, "2020-01-01"), ("通报批评", None), ("其他-约谈", "2020-01-01"), ("通报批评", "2020-01-01")
    ) == [(5, "CF_CFLB", "通报批评", "通报批评自2021-07-15起")]


@pytest.mark.django_db
def test_such_a_row_is_taken_in_with_a_warning() -> None:
    submission = hand_in([penalty(1, CF_CFLB="警告；通报批评", CF_JDRQ="2021/7/14"), penalty(2, CF_CFLB="通报批评")])
    assert (submission.accepted, submission.warnings_by_code["W207"]) == (2, 1)
    found = Finding.objects.get(code="W207")
    assert (found.row_number, found.field, found.value) == (2, "CF_CFLB", "警告;通报批评")
