"""The interval of `publicity.term` for whole columns: classes by joins, days by month arithmetic, no loop over rows."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from typing import Final

import polars as pl

from gongxin.policy import weighing
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import PublicityCap, PublicityCase, PublicityRules

# Stand-ins for «no end» and «not at all» while days are compared.
_NEVER_ENDS: Final = date(9999, 12, 31)
_NOT_AT_ALL: Final = date(1, 1, 1)
_ONE_DAY: Final = timedelta(days=1)
_TEXTS: Final = ("severity", "procedure", "field_of_law", "kinds", "status")
_DAYS: Final = ("acted_until", "effective_until")
_CLASS: Final = ("severity", "procedure", "field_of_law", "kinds")


def term_columns(pack: Pack, item: Item, frame: pl.DataFrame) -> pl.DataFrame:
    """Add `publicity_from`, `publicity_until` (pl.Date) and `publicity_rule` (pl.String) to the rows.

    Reads `decided_on` (no nulls) and, where present, `acted_until`, `effective_until` (pl.Date), `severity`,
    `procedure`, `field_of_law`, `status` (codes or their meaning) and `kinds` (text of the category field).
    Both days null: never public; only the end null: no end. Same result as `term` row by row.
    """
    rules = pack.publicity[item.publicity]
    facts = _facts(pack, rules, frame)
    classes = _classes(pack, rules, facts)
    whole = pl.concat([facts.drop(_CLASS), classes], how="horizontal").lazy().with_columns(*_bounds(pack, item, rules))
    outcome = whole.select(_outcome(pack, item, rules)).unnest("outcome").collect()
    return frame.with_columns(outcome.get_columns())


def _facts(pack: Pack, rules: PublicityRules, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns the rules look at, absent ones empty, in the words of the rules."""
    given = frame.select(
        pl.col("decided_on"),
        *(pl.col(name).cast(pl.Date) if name in frame.columns else pl.lit(None, pl.Date).alias(name) for name in _DAYS),
        *(pl.col(name).fill_null("") if name in frame.columns else pl.lit("").alias(name) for name in _TEXTS),
    )
    words = {name: weighing.meanings(pack.code_lists.get(name)) for name in ("severity", "procedure", "status")}
    open_end = date.fromisoformat(pack.principles["open-end"].value)
    return given.with_columns(
        *(
            pl.col(name).replace_strict(meant, default="", return_dtype=pl.String) if meant else pl.lit("").alias(name)
            for name, meant in words.items()
        ),
        pl.col("kinds").replace_strict(_kinds(pack, rules, given["kinds"]), default="", return_dtype=pl.String),
        pl.when(pl.col("effective_until") < open_end).then("effective_until"),
    )


def _kinds(pack: Pack, rules: PublicityRules, texts: pl.Series) -> dict[str, str]:
    """Every text of kinds with its sorted codes joined by `;`. Texts that differ only in a remark are read once."""
    code_list = pack.code_lists.get(rules.kinds)
    distinct = texts.unique()
    if code_list is None:
        return {"": ""}
    pattern = weighing.remark_pattern(code_list)
    plain = distinct.str.replace_all(pattern, "${1}") if pattern else distinct
    codes = {text: ";".join(weighing.split_kinds(code_list, text)) for text in plain.unique()}
    return dict(zip(distinct, plain.replace_strict(codes, return_dtype=pl.String), strict=True))


def _classes(pack: Pack, rules: PublicityRules, facts: pl.DataFrame) -> pl.DataFrame:
    """For each row and regime the number of the case it falls under, as columns `case0`, `case1` …"""
    distinct = facts.select(_CLASS).unique(maintain_order=True)
    chosen = [_case_numbers(pack, rules, row) for row in distinct.iter_rows()]
    numbers = {f"case{i}": pl.Series([row[i] for row in chosen], dtype=pl.Int16) for i in range(len(rules.regimes))}
    joined = facts.select(_CLASS).join(distinct.with_columns(**numbers), on=_CLASS, how="left", maintain_order="left")
    return joined.select(list(numbers))


def _case_numbers(pack: Pack, rules: PublicityRules, row: tuple[str, str, str, str]) -> list[int]:
    severity, procedure, field_of_law, kinds = row
    facts = weighing.Facts(severity, procedure, field_of_law, tuple(kinds.split(";")) if kinds else ())
    cases = weighing.cases_by_regime(pack, rules, facts)
    return [regime.cases.index(case) for regime, case in zip(rules.regimes, cases, strict=True)]


def _bounds(pack: Pack, item: Item, rules: PublicityRules) -> list[pl.Expr]:
    """The upper bounds as columns `bound0` …, null where the rule was over before the decision."""
    found: list[pl.Expr] = []
    for number, regime in enumerate(rules.regimes):
        end = reduce(
            lambda rest, numbered: (
                pl.when(pl.col(f"case{number}") == numbered[0]).then(_end(numbered[1])).otherwise(rest)
            ),
            enumerate(regime.cases[:-1]),
            _end(regime.cases[-1]),
        )
        found.append(_bound(regime.since, regime.until, end))
    found += [_bound(cap.since, cap.until, _cap_end(cap, rules)) for cap in _caps(pack, item, rules)]
    return [bound.alias(f"bound{number}") for number, bound in enumerate(found)]


def _bound(since: date | None, until: date | None, end: pl.Expr) -> pl.Expr:
    decided = pl.col("decided_on")
    bound = end
    if since is not None:
        bound = pl.when(decided >= since).then(end).otherwise(pl.max_horizontal(end, pl.lit(since - _ONE_DAY)))
    return pl.when(decided <= until).then(bound) if until is not None else bound


def _end(case: PublicityCase) -> pl.Expr:
    """The last public day under one case alone."""
    if not case.published:
        return pl.lit(_NOT_AT_ALL)
    ends = [pl.lit(_NEVER_ENDS)]
    if case.maximum is not None:
        anchor = pl.col("decided_on")
        if case.anchor == "acted_until":
            anchor = pl.coalesce("acted_until", "decided_on")
        ends.append(anchor.dt.offset_by(f"{case.maximum}mo"))
    if case.while_in_force:
        last = pl.col("effective_until") if case.exit_shown else pl.col("effective_until") - _ONE_DAY
        ends.append(last.fill_null(_NEVER_ENDS))
    return pl.min_horizontal(ends)


def _caps(pack: Pack, item: Item, rules: PublicityRules) -> tuple[PublicityCap, ...]:
    return pack.caps if item.adverse or rules.capped else ()


def _cap_end(cap: PublicityCap, rules: PublicityRules) -> pl.Expr:
    anchor = pl.col("acted_until")
    if rules.unknown_end == "decided_on":
        anchor = pl.coalesce("acted_until", "decided_on")
    return anchor.dt.offset_by(f"{cap.months}mo").fill_null(_NEVER_ENDS)


def _outcome(pack: Pack, item: Item, rules: PublicityRules) -> pl.Expr:
    """The smallest bound as an interval, with the rule that set it: of equal bounds the earlier rule."""
    names: list[pl.Expr] = [_rule_name(number, rules) for number in range(len(rules.regimes))]
    names += [pl.lit(cap.id) for cap in _caps(pack, item, rules)]
    last = pl.min_horizontal(f"bound{number}" for number in range(len(names)))
    rule = pl.coalesce(pl.when(pl.col(f"bound{n}") == last).then(name) for n, name in enumerate(names))
    ended = pl.col("status") == weighing.ENDED
    public = (last >= pl.col("decided_on")) & ~ended
    return pl.struct(
        pl.when(public).then("decided_on").cast(pl.Date).alias("publicity_from"),
        pl.when(public & (last < _NEVER_ENDS)).then(last).cast(pl.Date).alias("publicity_until"),
        pl.when(ended).then(pl.lit(pack.principles["ended-status"].id)).otherwise(rule).alias("publicity_rule"),
    ).alias("outcome")


def _rule_name(number: int, rules: PublicityRules) -> pl.Expr:
    ids = [case.id for case in rules.regimes[number].cases]
    return pl.lit(pl.Series(ids, dtype=pl.String)).gather(pl.col(f"case{number}"))
