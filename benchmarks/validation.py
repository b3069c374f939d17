"""Validating alone: our rules of the penalty template against frictionless and pandera with the same rules.

Same rows (2 % broken), same rules as far as each can say them: required, length, enumerations, dates, decimals, and the
check digit of the unified social credit code as a custom check. Ours does all it does in intake (folding, casting,
masking, hashing) and still counts as validating. The slow one sees fewer rows; costs per row are compared.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frictionless
import pandera.polars as pandera
import polars as pl

from gongxin import clock
from gongxin.intake import reading, rules
from gongxin.intake.preparing import Preparer
from gongxin.policy import packs
from gongxin.policy.model import Field, Item
from gongxin.policy.pack import Pack
from gongxin.sample import files, organisations
from gongxin.sample.departments import BY_CODE
from gongxin.subjects.identifiers import uscc_fault, uscc_valid

SEED = 13
_SLOW_ROWS = 10_000


def run(rows: int = 200_000) -> dict[str, float]:
    """How many times the cost of ours a row costs with each of the others."""
    pack = packs.current()
    item = pack.item("penalty")
    with tempfile.TemporaryDirectory(prefix="gongxin-bench-") as folder:
        path, short = Path(folder) / "penalty.csv", Path(folder) / "short.csv"
        order = files.Order(rows=rows, seed=SEED, until=clock.today(), broken=0.02)
        whole = files.frame(item, pack, order, organisations.register(5000, SEED), BY_CODE["market"])
        whole.write_csv(path)
        whole.head(_SLOW_ROWS).write_csv(short)
        ours = _timed(lambda: _ours(path, item, pack)) / rows
        with_pandera = _timed(lambda: _pandera(path, item, pack)) / rows
        with_frictionless = _timed(lambda: _frictionless(short, item, pack)) / min(rows, _SLOW_ROWS)
    return {
        "validate_rows_s": 1 / ours,
        "validate_vs_frictionless": with_frictionless / ours,
        "validate_vs_pandera": with_pandera / ours,
    }


def _timed(work: Callable[[], int]) -> float:
    """Seconds of the work, which must find something wrong in the broken rows."""
    begun = time.perf_counter()
    found = work()
    taken = time.perf_counter() - begun
    if not found:
        raise AssertionError("nothing was found in a file with broken rows")
    return taken


def _ours(path: Path, item: Item, pack: Pack) -> int:
    table = reading.open_table(path, path.name, item, pack)
    compiled = rules.compiled(item, table.columns, day=clock.today(), authorities=[BY_CODE["market"].uscc])
    preparer = Preparer(item, pack, table.columns, compiled)
    return sum(len(part) for chunk in table.chunks() for part in preparer.prepare(chunk).found)


def _codes(field: Field, pack: Pack) -> list[str]:
    return [entry.code for entry in pack.code_lists[field.code_list].codes]


def _pandera(path: Path, item: Item, pack: Pack) -> int:
    columns = {field.name: pandera.Column(pl.String, _checks(field, pack), nullable=True) for field in item.fields}
    frame = pl.read_csv(path, infer_schema=False)
    try:
        pandera.DataFrameSchema(columns).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return len(errors.failure_cases)
    return 0


def _checks(field: Field, pack: Pack) -> list[Any]:
    """The field's rules as checks of pandera over Polars expressions."""
    value = pl.col(field.name)
    filled = value.is_not_null() & (value != "")
    checks: list[pl.Expr] = [filled] if field.required else []
    if field.max_length:
        checks.append(value.str.len_chars() <= field.max_length)
    if field.type == "code":
        checks.append(~filled | value.is_in(_codes(field, pack)))
    if field.type == "date":
        checks.append(~filled | value.str.to_date("%Y/%m/%d", strict=False).is_not_null())
    if field.type == "decimal":
        checks.append(~filled | value.cast(pl.Decimal(18, 6), strict=False).is_not_null())
    if field.role == "party_uscc":
        checks.append(~filled | value.map_batches(uscc_valid, return_dtype=pl.Boolean))
    return [pandera.Check(lambda data, check=check: data.lazyframe.select(check)) for check in checks]


class _CheckDigit(frictionless.Check):
    """The check digit of the party's code, cell by cell, as frictionless calls it."""

    type = "uscc"
    Errors = [frictionless.errors.RowConstraintError]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def validate_row(self, row: frictionless.Row) -> Any:
        code = row[self._name]
        if code and uscc_fault(code):
            yield frictionless.errors.RowConstraintError.from_row(row, note="check digit")


def _frictionless(path: Path, item: Item, pack: Pack) -> int:
    party = item.by_role("party_uscc")
    schema = frictionless.Schema.from_descriptor({"fields": [_descriptor(field, pack) for field in item.fields]})
    checks = [_CheckDigit(party.name)] if party else []
    report = frictionless.validate(
        frictionless.Resource(path=path.name, basepath=str(path.parent), schema=schema),
        checks=checks,
        limit_errors=10**9,
    )
    return len(report.flatten(["type"]))


def _descriptor(field: Field, pack: Pack) -> dict[str, Any]:
    limits: dict[str, Any] = {"required": True} if field.required else {}
    kinds = {"date": {"type": "date", "format": "%Y/%m/%d"}, "decimal": {"type": "number"}}
    shape = kinds.get(field.type, {"type": "string"})
    if field.max_length and shape["type"] == "string":
        limits["maxLength"] = field.max_length
    if field.type == "code":
        limits["enum"] = _codes(field, pack)
    return {"name": field.name, **shape, "constraints": limits}
