"""Cells as the standard writes them: trimmed, folded, cast by the declared type. What cannot be cast is an error,
never a guess.

Casting works on the distinct values of a column: a file of a million rows has a few hundred dates and codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

import polars as pl

from gongxin.clock import CIVIL_TIME
from gongxin.intake.headers import CODE_ROLES
from gongxin.policy.model import Code, CodeList, Field
from gongxin.subjects.identifiers import fold_code

# Days outside are mistakes or placeholders: the oldest decision still in effect is younger, and 2099/12/31 means
# «no end».
EARLIEST, LATEST = date(1949, 10, 1), date(2099, 12, 31)
NO_END: Final = LATEST
SEPARATOR: Final = ";"

BLANKS: Final = " \t\r\n\u00a0\u3000\u200b\ufeff"
_DASHES: Final = ("-", "--", "---", "—", "——", "/", "\\", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan")
_NOTHING: Final = (*_DASHES, "无", "暂无", "空")
_NOTHING_BYTES: Final = max(len(word.encode()) for word in _NOTHING)
_GARBLED: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{FFFD}]"
_SCIENTIFIC: Final = r"^\d(\.\d+)?[Ee]\+?\d{1,2}$"
_FULL_WIDTH: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
# Serial number 1 is 1900-01-01 and the spreadsheet believes in 1900-02-29: from March 1900 on this day counts right.
_SERIAL_ZERO: Final = date(1899, 12, 30)
_SURE_MARKS: Final = re.compile(r"[;；]")
_OTHER_MARKS: Final = re.compile(r"[,，、|/]|-(?!\d)")
_INSTANT: Final = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$"
_REMARK: Final = re.compile(r"^\s*(?:[-—－:：]|[(（])\s*(.+?)[)）]?\s*$")


@dataclass(slots=True)
class Cast:
    """A column after casting: `value` as text in its stored form (null: nothing given), `code` of the fault or null."""

    value: pl.Series
    code: pl.Series | None = None
    expected: str = ""
    # Rows whose value was changed in a way the sender should hear about: code of the warning or null.
    warning: pl.Series | None = None


Caster = Callable[[pl.Series], pl.DataFrame]


def cast(field: Field, raw: pl.Series, code_list: CodeList | None, *, plain: bool = False, tight: bool = False) -> Cast:
    """A column of cells cast to the field's type.

    Stored forms: days yyyy-MM-dd, decimals without thousands separators and trailing zeros, codes as the list writes
    them (several joined by `;`), identifiers folded, texts trimmed. Blank cells and placeholders («-», «N/A»; «无» but
    in a text) become null. plain, tight: what is known of the cells (see `tables.Chunk`).
    """
    if raw.null_count() == raw.len():
        return Cast(raw)
    caster, expected = _caster(field, code_list)
    if caster is not None:
        return _by_distinct(raw, caster, expected)
    if field.type == "uscc" or field.role in CODE_ROLES:
        return _identifiers(trimmed(raw, text=False, tight=tight))
    text = trimmed(raw, text=True, tight=tight)
    return Cast(text) if plain else _texts(text)


def _caster(field: Field, code_list: CodeList | None) -> tuple[Caster | None, str]:
    """What casts the distinct values of such a field, and what it expects; None for texts and identifiers."""
    if field.type == "date":
        return partial(_dates, role=field.role), f"{EARLIEST} 至 {LATEST}"
    if field.type == "decimal":
        return partial(_decimals, field=field), str(field.scale or 0)
    if field.type in ("integer", "year"):
        year = field.type == "year"
        return partial(_integers, year=year), "四位年份" if year else "整数"
    if field.type in ("code", "codes") and code_list is not None:
        return partial(_codes, code_list=code_list, several=field.type == "codes"), allowed(code_list)
    return None, ""


def trimmed(raw: pl.Series, *, text: bool, tight: bool = False) -> pl.Series:
    """Without blanks at the ends; null where nothing is left or a placeholder stands (text: «无» is an answer, not
    a blank).
    """
    stripped = raw if tight else raw.str.strip_chars(BLANKS)
    shortest = stripped.str.len_bytes().min()
    if isinstance(shortest, int) and shortest > _NOTHING_BYTES:
        return stripped
    return stripped.set(stripped.is_in(["", *(_DASHES if text else _NOTHING)]), None)


def allowed(code_list: CodeList) -> str:
    """The codes of the list, as a finding shows them."""
    shown = [f"{entry.code}-说明" if entry.with_remark else _shown(entry) for entry in code_list.codes]
    return "、".join(shown)[:300]


def _shown(entry: Code) -> str:
    return entry.code if entry.label in ("", entry.code) else f"{entry.code}（{entry.label}）"


def half_width(expr: pl.Expr) -> pl.Expr:
    """Full-width letters, digits and signs half-width; null stays null."""
    return expr.str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))


def _by_distinct(raw: pl.Series, caster: Caster, expected: str) -> Cast:
    """Cast the distinct values and bring the outcome back to the rows. A caster yields value, code and maybe
    warning.
    """
    distinct = raw.drop_nulls().unique()
    clean = trimmed(distinct, text=False)
    outcome = caster(clean).with_columns(distinct.alias("raw"))
    blank = clean.is_null()
    if blank.any():
        outcome = outcome.with_columns(pl.when(~blank).then(pl.exclude("raw")))
    return _rejoined(raw, outcome, expected)


def _rejoined(raw: pl.Series, outcome: pl.DataFrame, expected: str) -> Cast:
    """The outcome brought back to the rows: only what is not as it was given is looked up."""
    other = pl.col("value").ne_missing(pl.col("raw")) | pl.any_horizontal(pl.exclude("raw", "value").is_not_null())
    changed = outcome.filter(other).with_columns(pl.lit(value=True).alias("changed"))
    if changed.is_empty():
        return Cast(raw)
    rows = raw.alias("raw").to_frame().join(changed, on="raw", how="left", maintain_order="left")
    value = rows.select(pl.when("changed").then("value").otherwise("raw")).to_series()
    warning = rows["warning"] if "warning" in rows.columns and rows["warning"].null_count() < rows.height else None
    code = rows["code"] if rows["code"].null_count() < rows.height else None
    return Cast(value, code, expected, warning)


def _dates(texts: pl.Series, role: str | None) -> pl.DataFrame:
    """Days: yyyy-M-d, yyyy/M/d, yyyy.M.d, yyyyMMdd, yyyy年M月d日, spreadsheet serials; a time of day is dropped, an
    instant (with Z or an offset) is the day in China.
    """
    texts = _in_china(texts)
    text = (
        half_width(pl.col("text"))
        .str.replace(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$", "")
        .str.strip_chars()
    )
    parts = text.str.extract_groups(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?$")
    dashed = pl.concat_str(
        parts.struct.field("1"),
        parts.struct.field("2").str.zfill(2),
        parts.struct.field("3").str.zfill(2),
        separator="-",
    )
    serial = text.str.extract(r"^(\d{5})(?:\.\d+)?$").cast(pl.Int64)
    day = pl.coalesce(
        dashed.str.to_date("%Y-%m-%d", strict=False),
        pl.when(text.str.contains(r"^\d{8}$")).then(text).str.to_date("%Y%m%d", strict=False),
        (pl.lit(_SERIAL_ZERO) + pl.duration(days=serial)).cast(pl.Date),
    )
    sound = day.is_between(EARLIEST, LATEST)
    frame = texts.alias("text").to_frame().select(day.alias("day"), sound.fill_null(value=False).alias("sound"))
    value = pl.when("sound").then(pl.col("day").dt.strftime("%Y-%m-%d")).alias("value")
    if role == "publicity_until":
        # The platform computes this day itself: a placeholder in it harms nobody.
        placeholder = pl.when(pl.col("day").is_not_null() & ~pl.col("sound")).then(pl.lit("W203")).alias("warning")
        code = pl.when(pl.col("day").is_null()).then(pl.lit("E207")).alias("code")
        return frame.select(value, code, placeholder)
    code = (
        pl.when(pl.col("day").is_null()).then(pl.lit("E207")).when(~pl.col("sound")).then(pl.lit("E217")).alias("code")
    )
    return frame.select(value, code)


def _in_china(texts: pl.Series) -> pl.Series:
    """Instants as the time in China: 2026-04-01T16:00:00Z is midnight of the next day there. Other texts stay."""
    instants = texts.str.contains(_INSTANT).fill_null(value=False).arg_true()
    return texts.clone().scatter(instants, [_local(text) for text in texts.gather(instants)])


def _local(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(CIVIL_TIME).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):
        # 2026-02-30T00:00Z: the cast says what is wrong with it.
        return text


def _decimals(texts: pl.Series, field: Field) -> pl.DataFrame:
    """Decimals in the unit of the label: digits with an optional point, thousands separators in their places."""
    scale = field.scale if field.scale is not None else 0
    whole_digits = max((field.max_length or 18) - scale, 1)
    fraction_form = rf"(?:\.\d{{0,{scale - 1}}}[1-9])?" if scale else ""
    stored = texts.str.contains(rf"^(?:0|[1-9]\d{{0,{whole_digits - 1}}}){fraction_form}$").fill_null(value=False)
    # What stands in its stored form already, nearly all of it, is not taken apart.
    frame = texts.alias("value").to_frame().with_columns(pl.lit(None, dtype=pl.String).alias("code"))
    others = (~stored).arg_true()
    if not others.len():
        return frame
    taken_apart = _decimals_written_otherwise(texts.gather(others), scale=scale, whole_digits=whole_digits)
    return frame.select(
        frame[name].clone().scatter(others, taken_apart[name]).alias(name) for name in ("value", "code")
    )


def _decimals_written_otherwise(texts: pl.Series, *, scale: int, whole_digits: int) -> pl.DataFrame:
    text = half_width(pl.col("text")).str.replace_all(" ", "", literal=True)
    grouped = text.str.contains(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
    plain = pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
    parts = plain.str.extract_groups(r"^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$")
    sign, whole, fraction = (parts.struct.field(str(n)) for n in (1, 2, 3))
    number = plain.str.contains(r"^[+-]?(\d+(\.\d*)?|\.\d+)$")
    value = (
        pl.when(whole == "").then(pl.lit("0")).otherwise(whole)
        + pl.when(fraction.fill_null("") == "").then(pl.lit("")).otherwise(pl.lit(".") + fraction)
    )  # fmt: skip
    code = (
        pl.when(~number).then(pl.lit("E208"))
        .when((sign == "-") & (value != "0")).then(pl.lit("E210"))
        .when(fraction.str.len_chars().fill_null(0) > scale).then(pl.lit("E209"))
        .when(whole.str.len_chars() > whole_digits).then(pl.lit("E208"))
    )  # fmt: skip
    frame = texts.alias("text").to_frame().select(value.alias("value"), code.alias("code"))
    return frame.with_columns(pl.when(pl.col("code").is_null()).then(pl.col("value")).alias("value"))


def _integers(texts: pl.Series, *, year: bool) -> pl.DataFrame:
    """Whole numbers; years of four digits between the earliest and the latest plausible one («2025年» is one too)."""
    text = half_width(pl.col("text")).str.replace(r"^(\d+)\.0+$", "${1}").str.replace("年$|年度$", "")
    sound = text.str.contains(r"^\d{1,18}$")
    if year:
        sound = text.str.contains(r"^\d{4}$") & text.cast(pl.Int64, strict=False).is_between(EARLIEST.year, LATEST.year)
    frame = texts.alias("text").to_frame().select(text.alias("value"), sound.fill_null(value=False).alias("sound"))
    return frame.select(
        pl.when("sound").then("value").alias("value"), pl.when(~pl.col("sound")).then(pl.lit("E211")).alias("code")
    )


def _identifiers(raw: pl.Series) -> Cast:
    """Codes without blanks and hyphens, half-width, upper case; a code that the spreadsheet made a number of is a
    fault.
    """
    odd = ~raw.str.contains(r"^[0-9A-Z]+$")
    if not odd.any():
        return Cast(raw)
    column = pl.col("raw")
    frame = raw.alias("raw").to_frame().select(
        pl.when(odd.fill_null(value=False)).then(fold_code(column)).otherwise(column).alias("value"),
        pl.when(half_width(column).str.contains(_SCIENTIFIC)).then(pl.lit("E212")).alias("code"),
    )  # fmt: skip
    return Cast(frame["value"].set(frame["value"] == "", None), frame["code"] if frame["code"].count() else None)


def _texts(raw: pl.Series) -> Cast:
    """Free text: line ends as LF; characters that only a broken conversion leaves are a fault."""
    value = raw.str.replace_all("\r\n?", "\n") if raw.str.contains("\r", literal=True).any() else raw
    garbled = value.str.contains(_GARBLED)
    if not garbled.any():
        return Cast(value)
    code = pl.select(pl.when(garbled).then(pl.lit("E213"))).to_series()
    return Cast(value, code)


def _codes(texts: pl.Series, code_list: CodeList, *, several: bool) -> pl.DataFrame:
    """Codes by code, label or alias. Python a value, as a column has few distinct ones."""
    found = [_resolved(text or "", code_list, several=several) for text in texts]
    schema = {"value": pl.String, "code": pl.String, "warning": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _resolved(text: str, code_list: CodeList, *, several: bool) -> tuple[str | None, str | None, str | None]:
    """(stored form, fault, warning) of one cell."""
    one = None if several and _SURE_MARKS.search(text) else _one(text, code_list)
    if one is not None or not several:
        return (one, None, None) if one is not None else (None, "E206", None)
    found: list[str] = []
    unusual = False
    for piece in _SURE_MARKS.split(text):
        whole = _one(piece, code_list)
        pieces = [whole] if whole is not None else [_one(part, code_list) for part in _OTHER_MARKS.split(piece)]
        unusual = unusual or whole is None
        if not piece.strip(BLANKS):
            return None, "E218", None
        if any(part is None for part in pieces):
            return None, "E206", None
        found += [part for part in pieces if part is not None]
    if len(set(found)) < len(found):
        return None, "E218", None
    return SEPARATOR.join(found), None, "W201" if unusual else None


def _one(text: str, code_list: CodeList) -> str | None:
    """The stored form of one code, or None. «其他» that must name what it is: `其他-说明`."""
    plain = text.strip(BLANKS)
    folded = "".join(_FULL_WIDTH.get(sign, sign) for sign in plain)
    entry = code_list.resolve(plain) or code_list.resolve(folded)
    if entry is not None:
        return None if entry.with_remark else entry.code
    for candidate in code_list.codes:
        remark = _remark(plain, candidate) if candidate.with_remark else None
        if remark is not None:
            return f"{candidate.code}-{remark}"
    return None


def _remark(text: str, entry: Code) -> str | None:
    """What stands behind a code that must be explained, or None."""
    for name in (entry.code, entry.label, *entry.aliases):
        match = _REMARK.match(text.removeprefix(name)) if name and text.startswith(name) else None
        if match is not None:
            return match[1].replace(SEPARATOR, "，")
    return None
