"""Made-up files as a department would hand them in, for any item, whole or with mistakes. Nothing is about anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from gongxin.policy.model import Field, Item
from gongxin.policy.packs import Pack
from gongxin.sample.departments import SampleDepartment
from gongxin.sample.names import representatives

_NO_END = "2099/12/31"
_PARTY_KINDS = {"92": "个体工商户"}
_KINDS_OF_PENALTY = (
    "警告",
    "罚款",
    "罚款",
    "罚款",
    "通报批评",
    "没收违法所得;罚款",
    "暂扣许可证件",
    "责令停产停业",
    "吊销许可证件",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: `rows` rows, the same for the same `seed`, decided in the `days` days up to `until`.

    broken and duplicates are shares of `rows` (0–1): rows with one mistake each, and rows repeated word for word.
    """

    rows: int
    seed: int
    until: date
    days: int = 540
    broken: float = 0.0
    duplicates: float = 0.0


@dataclass(frozen=True, slots=True)
class _Draft:
    """The material of one file: columns are drawn from it role by role."""

    item: Item
    pack: Pack
    order: Order
    organisations: pl.DataFrame
    department: SampleDepartment
    rng: np.random.Generator
    decided: np.ndarray

    def pick(self, values: Sequence[str]) -> pl.Series:
        return pl.Series(self.rng.choice(np.array(values, dtype=object), self.order.rows), dtype=pl.String)

    def constant(self, value: str) -> pl.Series:
        return pl.repeat(value, self.order.rows, dtype=pl.String, eager=True)

    def days(self, offset: np.ndarray | int = 0) -> pl.Series:
        return pl.Series((self.decided + offset).astype("datetime64[D]")).dt.strftime("%Y/%m/%d")


def frame(
    item: Item, pack: Pack, order: Order, organisations: pl.DataFrame, department: SampleDepartment
) -> pl.DataFrame:
    """A file's rows: one text column a field of the item, titled with field names.

    organisations: rows of `sample.organisations.register`; each row of the file is about one of them, drawn at random.
    """
    rng = np.random.default_rng(order.seed)
    chosen = organisations[_drawn(item, organisations.height, order.rows, rng)]
    decided = np.datetime64(order.until) - rng.integers(0, order.days, order.rows)
    draft = _Draft(item, pack, order, chosen, department, rng, decided)
    columns: dict[str, pl.Series] = {}
    for field in item.fields:
        columns[field.name] = _column(draft, field, columns).fill_null("")
    whole = pl.DataFrame(columns)
    return _repeat_rows(_break_rows(whole, draft), order)


def _drawn(item: Item, organisations: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Whom each row is about: anybody, but nobody twice where no document number tells two records apart."""
    numbered = {"document_no"} & {item.field(name).role for name in item.natural_key}
    if numbered or rows > organisations:
        return rng.integers(0, organisations, rows)
    return rng.permutation(organisations)[:rows]


def labelled(whole: pl.DataFrame, item: Item) -> pl.DataFrame:
    """The same rows under the fields' Chinese labels, as an officer's spreadsheet has them."""
    return whole.rename({field.name: field.label for field in item.fields if field.name in whole.columns})


def write(whole: pl.DataFrame, path: Path) -> Path:
    """Write as CSV (UTF-8 with BOM), XLSX (text cells), Parquet or JSON lines, as the ending says; returns the path."""
    writers: dict[str, Callable[[], object]] = {
        # An empty cell is nothing between two commas, as spreadsheets export it.
        ".csv": lambda: whole.with_columns(pl.col(pl.String).replace("", None)).write_csv(path, include_bom=True),
        ".xlsx": lambda: whole.write_excel(path, autofilter=False, dtype_formats={pl.String: "@"}),
        ".parquet": lambda: whole.write_parquet(path),
        ".jsonl": lambda: whole.write_ndjson(path),
    }
    writers[path.suffix]()
    return path


def _column(draft: _Draft, field: Field, done: dict[str, pl.Series]) -> pl.Series:
    values = _by_role(draft, field)
    if values is None:
        values = _by_type(draft, field)
    if field.required_when and field.role not in {"party_representative", "party_uscc"}:
        values = _only_when(values, field, done)
    return values


def _only_when(values: pl.Series, field: Field, done: dict[str, pl.Series]) -> pl.Series:
    """Keep the value where the field's condition asks for it, else leave the cell empty."""
    asked = pl.repeat(value=False, n=values.len(), dtype=pl.Boolean, eager=True)
    for condition in field.required_when:
        asked = asked | done[condition.field].str.contains_any(list(condition.values))
    return pl.select(pl.when(asked).then(values).otherwise(pl.lit(""))).to_series()


def _title(item: Item) -> str:
    """What a record of the item calls itself: administrative decisions are papers of their own."""
    return f"{item.title}决定书" if item.ten_disclosures else item.title


def _by_role(draft: _Draft, field: Field) -> pl.Series | None:
    organisations, department = draft.organisations, draft.department
    code = organisations["统一社会信用代码"]
    makers: dict[str, Callable[[], pl.Series]] = {
        "party_name": lambda: organisations["企业名称"],
        "party_kind": lambda: code.str.slice(0, 2).replace_strict(_PARTY_KINDS, default="法人及非法人组织"),
        "party_uscc": lambda: code,
        "party_representative": lambda: pl.Series(representatives(draft.order.rows, draft.rng), dtype=pl.String),
        "document_no": lambda: _document_numbers(draft),
        "title": lambda: draft.pick(_FACTS) if draft.item.adverse else draft.constant(_title(draft.item)),
        "category": lambda: _categories(draft, field),
        "content": lambda: draft.pick([f"{draft.item.title}的主要内容之{n}（虚构数据）。" for n in "甲乙丙丁戊己庚辛"]),
        "facts": lambda: draft.pick([f"经查，当事人{act}（虚构数据）。" for act in _FACTS]),
        "basis": lambda: draft.pick(
            ["《泽川市示例条例》第三条", "《泽川市示例管理办法》第十二条第二款", "《泽川市示例规定》第八条"]
        ),
        "decided_on": draft.days,
        "effective_from": draft.days,
        "effective_until": lambda: _ends(draft),
        "acted_until": lambda: draft.days(-draft.rng.integers(1, 90, draft.order.rows)),
        "status": lambda: _first_code(draft, field),
        "authority_name": lambda: draft.constant(department.name),
        "source_name": lambda: draft.constant(department.name),
        "authority_code": lambda: draft.constant(department.uscc),
        "source_code": lambda: draft.constant(department.uscc),
        "procedure": lambda: draft.pick(["普通", "普通", "普通", "普通", "简易"]),
        "severity": lambda: draft.constant(""),
        "amount": lambda: _amounts(draft),
    }
    maker = makers.get(field.role or "")
    if maker is not None:
        return maker()
    return draft.constant("") if field.role else None


def _by_type(draft: _Draft, field: Field) -> pl.Series:
    if not field.required and not field.required_when:
        return draft.constant("")
    if field.code_list:
        return _codes(draft, field)
    if field.type == "date":
        return draft.days()
    if field.type in {"decimal", "integer"}:
        return _amounts(draft)
    if field.type == "year":
        return draft.constant(str(draft.order.until.year - 1))
    return draft.constant(field.example or "示例")


_FACTS = (
    "未按规定公示有关信息",
    "超出核定范围开展经营活动",
    "未落实安全管理制度",
    "使用未经检验的设备",
    "未按期申报有关事项",
    "擅自变更备案内容",
)


def _document_numbers(draft: _Draft) -> pl.Series:
    """Different within a file: 泽<部门>〔年〕第<种子><序号>号."""
    numbers = pl.int_range(1, draft.order.rows + 1, eager=True).cast(pl.String).str.zfill(7)
    years = pl.Series(draft.decided.astype("datetime64[D]")).dt.year().cast(pl.String)
    short = draft.department.name.removeprefix("泽川市")[:2]
    head = f"泽{short}{draft.item.title[:4]}〔"
    return pl.select(
        pl.concat_str(pl.lit(head), years, pl.lit(f"〕第{draft.order.seed:02d}"), numbers, pl.lit("号"))
    ).to_series()


def _categories(draft: _Draft, field: Field) -> pl.Series:
    if draft.item.id == "penalty":
        return draft.pick(_KINDS_OF_PENALTY)
    return _codes(draft, field) if field.code_list else draft.constant(field.example or "示例类别")


def _codes(draft: _Draft, field: Field) -> pl.Series:
    if not field.code_list:
        return draft.constant(field.example)
    return draft.pick(
        [entry.code for entry in draft.pack.code_lists[field.code_list].codes if "其他" not in entry.code]
    )


def _first_code(draft: _Draft, field: Field) -> pl.Series:
    if not field.code_list:
        return draft.constant(field.example)
    return draft.constant(draft.pack.code_lists[field.code_list].codes[0].code)


def _ends(draft: _Draft) -> pl.Series:
    """A third without an end, the others three years on."""
    open_end = pl.Series(draft.rng.random(draft.order.rows) < 0.33)
    return pl.select(pl.when(open_end).then(pl.lit(_NO_END)).otherwise(draft.days(1095))).to_series()


def _amounts(draft: _Draft) -> pl.Series:
    return pl.Series((draft.rng.integers(1, 2000, draft.order.rows) / 100).astype(str), dtype=pl.String)


def _break_rows(whole: pl.DataFrame, draft: _Draft) -> pl.DataFrame:
    """One mistake each into `order.broken` of the rows, the kinds of mistake in turn."""
    count = int(draft.order.rows * draft.order.broken)
    if not count:
        return whole
    kind = np.full(draft.order.rows, -1)
    mistakes = _mistakes(draft.item, draft.order.until)
    kind[draft.rng.permutation(draft.order.rows)[:count]] = np.arange(count) % len(mistakes)
    marked = whole.with_columns(pl.Series("mistake", kind))
    for number, mistake in enumerate(mistakes):
        marked = marked.with_columns(
            pl.when(pl.col("mistake") == number).then(wrong).otherwise(pl.col(name)).alias(name)
            for name, wrong in mistake
        )
    return marked.drop("mistake")


def _mistakes(item: Item, until: date) -> list[list[tuple[str, pl.Expr]]]:
    """Each mistake as the cells it changes: (field, wrong value)."""
    name = {field.role: field.name for field in item.fields if field.role}
    future = (until + timedelta(days=400)).strftime("%Y/%m/%d")
    wrong_check = pl.col(name["party_uscc"]).str.slice(0, 16) + pl.lit("0") + pl.lit("I")
    mistakes = [
        [(name["party_uscc"], wrong_check)],
        [(name["party_name"], pl.lit(""))],
        [(name["decided_on"], pl.lit("2025/13/45"))],
        [(name["decided_on"], pl.lit(future))],
        [(name["party_kind"], pl.lit("外星组织"))] if "party_kind" in name else [],
        [(name["document_no"], pl.lit(""))] if "document_no" in name else [],
    ]
    return [mistake for mistake in mistakes if mistake]


def _repeat_rows(whole: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Put rows of the first half in the place of the last `order.duplicates` of the rows."""
    count = int(order.rows * order.duplicates)
    if not count:
        return whole
    return pl.concat([whole.head(order.rows - count), whole.head(count)])
