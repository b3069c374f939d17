"""The item's rules, compiled once into Polars expressions over normalised columns; each yields (row, field, code,
value, expected).

Expressions see one text column a field, named as the field (null: nothing given), as `normalising.cast` leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from gongxin.intake import findings
from gongxin.intake.headers import CODE_ROLES, Columns
from gongxin.intake.normalising import SEPARATOR
from gongxin.intake.tables import ROW
from gongxin.policy.model import Condition, Field, FieldRole, Item
from gongxin.subjects.identifiers import (
    USCC_PLACEHOLDER,
    org_code_valid,
    pairs,
    registration_no_valid,
    uscc_check_digit,
    uscc_faults,
)

# What one field may not precede: a day that ends before it begins.
_ORDERED: Final[tuple[tuple[FieldRole, tuple[FieldRole, ...]], ...]] = (
    ("effective_until", ("effective_from", "decided_on")),
)
_BYTES_A_CHARACTER: Final = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. broken: true for rows that break it; value: what to show of the row."""

    field: str
    code: str
    broken: pl.Expr
    value: pl.Expr
    expected: str = ""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The compiled rules of an item for one file. day: the civil day of the hand-in."""

    item: Item
    rules: tuple[Rule, ...]

    def judge(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """The findings in a frame of normalised columns, by rule."""
        broken = frame.select(rule.broken.fill_null(value=False).alias(str(n)) for n, rule in enumerate(self.rules))
        found = []
        for n, rule in enumerate(self.rules):
            mask = broken.to_series(n)
            if mask.any():
                rows = frame.filter(mask)
                value = rows.select(ROW, rule.value.alias("value"))["value"]
                found.append(
                    findings.table(rows[ROW], rule.code, field=rule.field, value=value, expected=rule.expected)
                )
        return [*found, *_lengths(frame, self.item), *_identifiers(frame, self.item)]


def compiled(item: Item, columns: Columns, *, day: date, authorities: Sequence[str]) -> RuleSet:
    """The rules of `item` for a file with these columns.

    day: the civil day of the hand-in; authorities: codes of the bodies this node knows (W303 for others).
    """
    rules = [
        *_required(item, columns),
        *_conditional(item),
        *_ordered(item),
        *_decided(item, day),
        *_authorities(item, authorities),
    ]
    return RuleSet(item, tuple(rules))


def _required(item: Item, columns: Columns) -> Iterator[Rule]:
    for field in item.fields:
        # A record without its day cannot be published or found: that day is demanded of every generation.
        if columns.demanded(field) or field.role == "decided_on":
            yield Rule(field.name, "E203", pl.col(field.name).is_null(), pl.lit(""))


def _conditional(item: Item) -> Iterator[Rule]:
    coded = [pl.col(field.name).is_not_null() for field in item.fields if field.role in CODE_ROLES]
    for field in item.fields:
        for condition in field.required_when:
            asked = pl.col(field.name).is_null() & _holds(item.field(condition.field), condition)
            if field.role in CODE_ROLES:
                # Rows without any code and placeholder codes have findings of their own (E305, E306).
                asked = asked & pl.any_horizontal(coded) & (pl.col(condition.field) != USCC_PLACEHOLDER)
            code = "E204" if condition.level == "error" else "W202"
            yield Rule(field.name, code, asked, pl.lit(""), _said(item, condition))


def _holds(field: Field, condition: Condition) -> pl.Expr:
    """Whether the other field is (for several codes: contains) one of the condition's values."""
    if field.type != "codes":
        return pl.col(field.name).is_in(list(condition.values))
    fenced = pl.lit(SEPARATOR) + pl.col(field.name) + pl.lit(SEPARATOR)
    wanted = [f"{SEPARATOR}{value}{end}" for value in condition.values for end in (SEPARATOR, "-")]
    return fenced.str.contains_any(wanted)


def _said(item: Item, condition: Condition) -> str:
    if condition.note:
        return condition.note
    return f"{item.field(condition.field).label}为{'或'.join(condition.values)}时"


def _ordered(item: Item) -> Iterator[Rule]:
    for until_role, from_roles in _ORDERED:
        until = item.by_role(until_role)
        since = next((field for role in from_roles if (field := item.by_role(role))), None)
        if until is not None and since is not None:
            # Days in ISO form compare as texts.
            broken = pl.col(until.name) < pl.col(since.name)
            yield Rule(until.name, "E501", broken, pl.col(until.name), since.label)


def _decided(item: Item, day: date) -> Iterator[Rule]:
    decided = item.by_role("decided_on")
    if decided is None:
        return
    column = pl.col(decided.name)
    yield Rule(decided.name, "E502", column > day.isoformat(), column, day.isoformat())
    since, until = item.effective_from, item.effective_until
    if since is not None or until is not None:
        outside = (column < (since or date.min).isoformat()) | (column > (until or date.max).isoformat())
        yield Rule(decided.name, "E503", outside, column, f"{since or ''} 至 {until or ''}")


def _authorities(item: Item, known: Sequence[str]) -> Iterator[Rule]:
    for field in item.fields:
        if field.type == "uscc" and field.role in ("authority_code", "source_code") and known:
            yield Rule(field.name, "W303", ~pl.col(field.name).is_in(list(known)), pl.col(field.name))


def _lengths(frame: pl.DataFrame, item: Item) -> Iterator[pl.DataFrame]:
    """E205. Bytes are counted first, as they are known without reading the text."""
    for field in item.fields:
        limit = field.max_length
        if limit is None or field.type in ("date", "decimal", "integer", "year", "uscc"):
            continue
        longest = frame[field.name].str.len_bytes().max()
        if not isinstance(longest, int) or longest <= limit:
            continue
        length = frame[field.name].str.len_chars()
        over = length > limit
        if over.any():
            value = length.filter(over).cast(pl.String)
            yield findings.table(frame[ROW].filter(over), "E205", field=field.name, value=value, expected=str(limit))


def _identifiers(frame: pl.DataFrame, item: Item) -> Iterator[pl.DataFrame]:
    """E301–E304, E306, W304: check digits, by the column."""
    for field in item.fields:
        column = frame[field.name]
        if column.null_count() == column.len():
            continue
        if field.type == "uscc":
            yield from _usccs(frame, field, item)
        elif field.role == "party_org_code":
            yield from _bad(frame, field, "E303", ~org_code_valid(column))
        elif field.role == "party_registration_no":
            fifteen = column.str.contains(r"^\d{15}$").fill_null(value=False)
            yield from _bad(frame, field, "E304", fifteen & ~registration_no_valid(column))


def _bad(frame: pl.DataFrame, field: Field, code: str, bad: pl.Series) -> Iterator[pl.DataFrame]:
    broken = frame.filter(bad & frame[field.name].is_not_null())
    if broken.height:
        yield findings.table(broken[ROW], code, field=field.name, value=broken[field.name])


def _usccs(frame: pl.DataFrame, field: Field, item: Item) -> Iterator[pl.DataFrame]:
    column = frame[field.name]
    distinct = column.drop_nulls().unique()
    faulty = pl.DataFrame({"value": distinct, "fault": uscc_faults(distinct)}).drop_nulls("fault")
    party = field.role == "party_uscc"
    if faulty.height:
        found = frame.select(ROW, pl.col(field.name).alias("value"), *_registration(item)).join(faulty, on="value")
        placeholder = pl.col("fault") == "uscc-placeholder"
        if party:
            # 17 zeros and X stand for a sole trader without a code, whom the registration number then names (DOMAIN
            # 1.2 #3).
            found = found.filter(~placeholder | pl.col("registration").is_null())
        code = (
            pl.when(placeholder & party).then(pl.lit("E306"))
            .when(pl.col("fault") == "uscc-check-digit").then(pl.lit("E302")).otherwise(pl.lit("E301"))
        )  # fmt: skip
        found = found.with_columns(code.alias("code"), _check_digit_hint().alias("expected"))
        # cast() takes a mapping of names to types, which its annotation leaves out.
        yield found.select(ROW, pl.lit(field.name).alias("field"), "code", "value", "expected").cast(findings.SCHEMA)  # type: ignore[arg-type]
    if party:
        unusual = ~column.str.slice(0, 2).is_in(list(pairs())) & (column != USCC_PLACEHOLDER)
        sound = ~column.is_in(faulty["value"].implode())
        yield from _bad(frame, field, "W304", (unusual & sound).fill_null(value=False))


def _registration(item: Item) -> list[pl.Expr]:
    field = item.by_role("party_registration_no")
    return [(pl.col(field.name) if field else pl.lit(None, dtype=pl.String)).alias("registration")]


def _check_digit_hint() -> pl.Expr:
    """The check digit the other characters ask for; only faulty codes get here."""
    hint = pl.col("value").map_elements(lambda code: uscc_check_digit(code) or "", return_dtype=pl.String)
    return pl.when(pl.col("fault") == "uscc-check-digit").then(hint).otherwise(pl.lit(""))
