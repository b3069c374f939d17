"""A made-up register of organisations of all kinds."""

from __future__ import annotations

import numpy as np
import polars as pl

from gongxin.sample.codes import unified_codes
from gongxin.sample.names import DISTRICTS, organisation_names, representatives

_PREFIXES = np.array(["91", "92", "93", "12", "51"])
_SHARES = np.array([0.72, 0.12, 0.05, 0.05, 0.06])
_TYPES = {"91": "有限责任公司", "92": "个体工商户", "93": "农民专业合作社", "12": "事业单位", "51": "社会团体"}
_CAPITALS = np.array(["50万元", "100(万元人民币)", "200万人民币", "500万元人民币", "1000万元", "N/A"], dtype=object)
_ROADS = np.array(["澄湖路", "云麓大道", "青岚街", "砚山路", "望河东路", "松岭街", "泽川大道"], dtype=object)


def register(count: int, seed: int) -> pl.DataFrame:
    """`count` made-up organisations with the column titles of a company register, one row each, texts only."""
    rng = np.random.default_rng(seed)
    prefixes = rng.choice(_PREFIXES, count, p=_SHARES)
    serials = rng.choice(90_000_000, count, replace=False) + 10_000_000
    names = organisation_names(count, seed + 1, prefixes)
    districts = rng.choice(np.array(DISTRICTS, dtype=object), count)
    numbers = rng.integers(1, 400, count).astype(str).astype(object)
    established = np.datetime64("1998-01-01") + rng.integers(0, 365 * 27, count)
    types = np.vectorize(_TYPES.__getitem__, otypes=[object])(prefixes) if count else np.array([], dtype=object)
    operators = np.where(prefixes == "92", "", representatives(count, rng))
    return pl.DataFrame(
        {
            "企业名称": names,
            "统一社会信用代码": unified_codes(prefixes, serials),
            "注册日期": pl.Series(established.astype("datetime64[D]").astype(str)),
            "企业类型": pl.Series(types, dtype=pl.String),
            "注册资金": pl.Series(rng.choice(_CAPITALS, count), dtype=pl.String),
            "经营范围": pl.Series(["许可项目以外的一般经营项目（虚构数据）。"] * count, dtype=pl.String),
            "地区": pl.Series(districts, dtype=pl.String),
            "注册地址": pl.Series("泽川市" + districts + rng.choice(_ROADS, count) + numbers + "号", dtype=pl.String),
            "登记状态": pl.Series(rng.choice(["存续", "存续", "存续", "存续", "注销"], count), dtype=pl.String),
            "法定代表人": pl.Series(operators, dtype=pl.String),
        }
    )
