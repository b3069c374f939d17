"""Names of organisations that do not exist, in a city that does not exist (泽川市)."""

from __future__ import annotations

import numpy as np
import polars as pl

CITY = "泽川"
DISTRICTS = ("临湖区", "青岚区", "云麓区", "望河县", "松岭县", "砚山县")

_BRAND = (
    "安百邦宝博才昌晨诚川春达大德鼎东恩法方飞丰福富高格冠光广国海浩和恒弘宏鸿华汇惠吉佳嘉建健江杰金锦晋京"
    "景九聚君开凯康科坤蓝乐力立丽联良林灵龙隆鲁绿茂美民明铭宁鹏平普奇启千乾勤清庆泉仁荣瑞润森山尚盛胜石世"
    "双顺思泰腾天通同万旺威维伟文五西希先祥新信兴星雄旭亚阳耀业一亿益银永优友宇雨玉元远源悦云运泽展长振正"
    "政志智中众卓子紫祖尊"
)
_TRADES = [
    "建筑工程",
    "机械制造",
    "食品",
    "商贸",
    "物流",
    "信息技术",
    "农业科技",
    "化工",
    "医药",
    "餐饮管理",
    "装饰工程",
    "电子科技",
    "新材料",
    "环保科技",
    "纺织",
    "家具",
    "汽车服务",
    "文化传媒",
    "教育咨询",
    "物业服务",
    "园林绿化",
    "劳务",
    "设备租赁",
    "能源",
    "五金制品",
    "塑料制品",
    "包装",
    "印刷",
    "水产养殖",
    "粮油",
    "生物科技",
    "网络科技",
    "供应链管理",
    "检测技术",
    "消防工程",
    "电力工程",
    "市政工程",
    "仓储",
    "酒店管理",
    "旅游开发",
]
_FORMS = ("有限公司", "有限责任公司", "股份有限公司", "有限公司", "有限公司")
_SOLE = ("经营部", "商行", "便利店", "小吃店", "维修店", "服装店", "理发店", "超市")
_COOPERATIVE = ("种植专业合作社", "养殖专业合作社", "农机专业合作社", "果蔬专业合作社")
_INSTITUTION = ("实验学校", "中心医院", "图书馆", "文化馆", "检测中心", "服务中心", "幼儿园", "研究所")
_SOCIAL = ("行业协会", "商会", "志愿者协会", "慈善基金会", "培训学校", "养老服务中心", "体育协会", "研究会")

_TAILS = {"91": _TRADES, "92": _SOLE, "93": _COOPERATIVE, "12": _INSTITUTION, "51": _SOCIAL}


def organisation_names(count: int, seed: int, prefixes: np.ndarray | None = None) -> pl.Series:
    """`count` different made-up names.

    prefixes: ``91``, ``92``, ``93``, ``12`` or ``51`` for each, which decides its form; all are companies if absent.
    """
    rng = np.random.default_rng(seed)
    kinds = np.full(count, "91") if prefixes is None else np.asarray(prefixes)
    brand = _brands(count, rng)
    names = np.empty(count, dtype=object)
    for prefix, tails in _TAILS.items():
        chosen = np.flatnonzero(kinds == prefix)
        names[chosen] = (
            _place(len(chosen), rng) + brand[chosen] + rng.choice(np.array(tails, dtype=object), len(chosen))
        )
    companies = np.flatnonzero(kinds == "91")
    names[companies] += rng.choice(np.array(_FORMS, dtype=object), len(companies))
    return pl.Series("name", names, dtype=pl.String)


def _place(count: int, rng: np.random.Generator) -> np.ndarray:
    places = np.array([CITY, CITY + "市", *(district[:-1] for district in DISTRICTS), CITY + "市临湖区"], dtype=object)
    return rng.choice(places, count)


def _brands(count: int, rng: np.random.Generator) -> np.ndarray:
    """Different brands of two characters as long as they last, then three, in a seeded order."""
    letters = np.array(list(_BRAND), dtype=object)
    size = len(letters)
    two = min(count // 2, size**2)
    pairs = rng.choice(size**2, two, replace=False)
    triples = rng.choice(size**3, count - two, replace=False)
    brands = np.concatenate(
        [
            letters[pairs // size] + letters[pairs % size],
            letters[triples // size**2] + letters[triples // size % size] + letters[triples % size],
        ]
    )
    return brands[rng.permutation(count)]


def representatives(count: int, rng: np.random.Generator) -> np.ndarray:
    """Stand-ins for the names of legal representatives: heavenly stems and earthly branches, nobody's name."""
    stems = np.array(list("甲乙丙丁戊己庚辛壬癸"), dtype=object)
    branches = np.array(list("子丑寅卯辰巳午未申酉戌亥"), dtype=object)
    names: np.ndarray = rng.choice(stems, count) + rng.choice(branches, count) + rng.choice(branches, count)
    return names
