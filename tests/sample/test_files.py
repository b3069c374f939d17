"""The made-up files: fictional beyond doubt, the same for the same seed, and broken exactly as ordered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from stdnum.cn import uscc

from gongxin.policy import packs
from gongxin.sample import files, organisations
from gongxin.sample.departments import BY_CODE, DEPARTMENTS

UNTIL = date(2026, 11, 1)


def make(item: str = "penalty", **order: object) -> pl.DataFrame:
    pack = packs.current()
    plan = files.Order(**{"rows": 200, "seed": 3, "until": UNTIL, **order})
    register = organisations.register(80, 3)
    return files.frame(pack.item(item), pack, plan, register, BY_CODE["market"])


def test_organisations_carry_valid_codes_of_no_real_division() -> None:
    register = organisations.register(500, 11)
    codes = register["统一社会信用代码"].to_list()
    assert all(uscc.is_valid(code) for code in codes)
    assert {code[2:8] for code in codes} == {"000000"}
    assert register["企业名称"].n_unique() == register.height == len(set(codes))


def test_departments_carry_valid_codes_of_no_real_division() -> None:
    codes = {department.uscc for department in DEPARTMENTS}
    assert len(codes) == len(DEPARTMENTS) >= 12
    assert all(uscc.is_valid(code) and code[2:8] == "000000" for code in codes)


def test_sole_traders_show_no_operator() -> None:
    register = organisations.register(500, 11)
    traders = register.filter(pl.col("统一社会信用代码").str.starts_with("92"))
    assert traders.height > 0
    assert traders["法定代表人"].unique().to_list() == [""]


def test_same_seed_same_file_other_seed_other_file() -> None:
    assert make(seed=5).equals(make(seed=5))
    assert not make(seed=5).equals(make(seed=6))


def test_document_numbers_differ_within_a_file_and_between_seeds() -> None:
    first, second = make(seed=5)["CF_WSH"], make(seed=6)["CF_WSH"]
    assert first.n_unique() == first.len()
    assert not set(first) & set(second)


def test_ordered_shares_of_mistakes_and_repetitions() -> None:
    clean, broken = make(), make(broken=0.1)
    changed = (clean != broken).select(pl.any_horizontal(pl.all())).to_series().sum()
    assert changed == 20
    repeated = make(duplicates=0.05)
    assert repeated.height == 200
    assert repeated.is_duplicated().sum() == 20


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_written_files_are_not_empty(tmp_path: Path, suffix: str) -> None:
    path = files.write(make(), tmp_path / f"penalty.{suffix}")
    assert path.stat().st_size > 1000


def test_every_item_of_the_catalogue_can_be_made() -> None:
    for item in packs.current().items.values():
        whole = make(item.id, rows=20)
        assert whole.columns == [field.name for field in item.fields]
        for field in item.fields:
            if field.required:
                assert (whole[field.name] != "").all(), (item.id, field.name)
