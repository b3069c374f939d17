"""What a register's rows say: cleaned, judged, flagged. Pure: a frame in, a frame out, no database.

A row is turned away only if it has no name or is a natural person's. Everything else that is odd is a flag; no code
is repaired.

Flags: ``uscc-missing``, ``uscc-placeholder``, ``uscc-length``, ``uscc-characters``, ``uscc-check-digit`` (the code is
kept as a raw identifier, not as a USCC), ``uscc-is-registration-no`` (15 digits with a right check digit in the code's
column), ``uscc-spelling`` (lower case, full width, blanks or hyphens, folded away), ``uscc-authority`` and
``uscc-organisation-code`` (warnings about valid codes), ``organisation-code`` (the column of that name fails its check
digit), ``code-repeated`` (one code in several rows: the last row counts, other names are kept as former names),
``kind-unknown``, ``date-unreadable``, ``row-width``, ``text-cut``, ``resident-id-masked``.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from gongxin.subjects.identifiers import (
    USCC_PLACEHOLDER,
    fold_code,
    kind_expr,
    org_code_valid,
    registration_no_valid,
    uscc_faults,
    uscc_valid,
    uscc_warnings,
)
from gongxin.subjects.models import Kind
from gongxin.subjects.names import name_key_expr, pinyin_initials_expr
from gongxin.subjects.resident_ids import find_resident_ids, mask_resident_ids

# Characters that fit each column of the organisation.
WIDTHS: Final = {
    "name": 200,
    "status": 40,
    "type_name": 100,
    "district": 40,
    "address": 300,
    "capital": 60,
    "scope": 20_000,
    "legal_representative": 100,
}
# Identifiers a register may give beside the USCC, with the scheme they are kept under.
SCHEMES: Final = {
    "registration_no": "registration-no",
    "org_code": "organisation-code",
    "tax_no": "tax-no",
    "institution_no": "institution-no",
    "social_no": "social-no",
}
RAW_SCHEME: Final = "raw"
REGISTRATION_SCHEME: Final = "registration-no"
FIELDS: Final = (*WIDTHS, *SCHEMES, "uscc", "party_kind", "established_on", "former_name")

# What registers write where they have nothing.
_NOTHING: Final = ("N/A", "n/a", "NULL", "null", "None", "-", "--", "—", "/", "\\N")
_SOLE_TRADER: Final = "个体"
_PERSON: Final = "自然人"
_COMPANY_WORDS: Final = "公司|企业|有限|股份|合伙|合作|集体|国有|联营|厂"


def judge(rows: pl.DataFrame) -> pl.DataFrame:
    """Clean and judge the rows of `register_file.read`.

    Returns every row with all fields of the organisation, `uscc` (valid codes only), `raw_code` and `raw_scheme` (a
    code that is not valid), `registration` (a right registration number in either column), `identity` (what makes two
    rows the same organisation), `flags` (list of codes) and `rejected` (code or null).
    """
    cleaned = _with_dates(_with_widths(_masked(_with_codes(_cleaned(rows)))))
    named = cleaned.with_columns(
        name_key_expr(pl.col("name")).str.slice(0, 200).alias("name_key"),
        *_kind(),
    ).with_columns(pinyin_initials_expr(pl.col("name_key")).str.slice(0, 200).alias("pinyin"))
    return _without_operators(named).with_columns(_identity()).with_columns(_flags(), _rejected())


def _cleaned(rows: pl.DataFrame) -> pl.DataFrame:
    """Every field present, as stripped text, empty where the register says nothing."""
    absent = [pl.lit("").alias(field) for field in FIELDS if field not in rows.columns]
    text = pl.col([field for field in FIELDS if field in rows.columns])
    plain = text.fill_null("").str.replace_all("\x00", "", literal=True).str.replace_all(r"\s+", " ").str.strip_chars()
    emptied = rows.with_columns(plain).with_columns(absent)
    return emptied.with_columns(
        pl.when(pl.col(FIELDS).is_in(_NOTHING)).then(pl.lit("")).otherwise(pl.col(FIELDS)).name.keep()
    )


def _with_codes(rows: pl.DataFrame) -> pl.DataFrame:
    """Split the code column into the valid USCC and what else it holds."""
    folded = rows.select(fold_code(pl.col("uscc")).alias("code"))["code"].replace("", None)
    valid = uscc_valid(folded)
    registration = registration_no_valid(folded)
    inner = rows.select(fold_code(pl.col(field)).replace("", None).alias(field) for field in SCHEMES)
    return rows.with_columns(
        pl.Series("uscc_spelling", (rows["uscc"] != folded.fill_null("")) & valid),
        pl.Series("uscc_fault", uscc_faults(folded)),
        pl.Series("uscc_warning", uscc_warnings(folded)),
        pl.Series("code_is_registration", registration),
        pl.Series("uscc", folded.set(~valid, None)),
        pl.Series("raw_code", folded.set(valid | (folded == USCC_PLACEHOLDER), None)).str.slice(0, 64),
        pl.Series("is_person", rows.select(find_resident_ids(pl.col("uscc"))).to_series()),
        *(inner[field].str.slice(0, 64) for field in SCHEMES),
        pl.Series("registration", inner["registration_no"].set(~registration_no_valid(inner["registration_no"]), None)),
        pl.Series("org_code_odd", ~org_code_valid(inner["org_code"]) & inner["org_code"].is_not_null()),
    ).with_columns(
        pl.when("code_is_registration")
        .then(pl.lit(REGISTRATION_SCHEME))
        .otherwise(pl.lit(RAW_SCHEME))
        .alias("raw_scheme"),
        pl.when("code_is_registration").then("raw_code").otherwise("registration").alias("registration"),
        pl.col("is_person").fill_null(value=False),
    )


def _masked(rows: pl.DataFrame) -> pl.DataFrame:
    """Resident identity numbers in free texts masked."""
    texts = ("name", "former_name", "address", "scope", "capital")
    masked = rows.with_columns(mask_resident_ids(pl.col(field)) for field in texts)
    changed = pl.any_horizontal(masked[field] != rows[field] for field in texts)
    return masked.with_columns(masked.select(changed.alias("resident_id_masked")).to_series())


def _with_widths(rows: pl.DataFrame) -> pl.DataFrame:
    long = pl.any_horizontal(pl.col(field).str.len_chars() > width for field, width in WIDTHS.items())
    return rows.with_columns(
        long.alias("text_cut"), *(pl.col(field).str.slice(0, width) for field, width in WIDTHS.items())
    )


def _with_dates(rows: pl.DataFrame) -> pl.DataFrame:
    """`established_on` as a day: yyyy-MM-dd, yyyy/MM/dd, yyyy年MM月dd日, yyyyMMdd (a time is dropped), Excel serial."""
    text = pl.col("established_on").str.replace(r"[ T].*$", "").str.replace_all(r"[年月/.]", "-").str.strip_chars("日")
    serial = pl.when(text.str.contains(r"^[1-9]\d{3,4}$")).then(text).cast(pl.Int64, strict=False)
    day = pl.coalesce(
        text.str.to_date("%Y-%m-%d", strict=False),
        pl.when(text.str.contains(r"^\d{8}$")).then(text).str.to_date("%Y%m%d", strict=False),
        pl.date(1899, 12, 30) + pl.duration(days=serial),
    )
    return rows.with_columns(day.alias("established_on"), (day.is_null() & (text != "")).alias("date_unreadable"))


def _kind() -> tuple[pl.Expr, pl.Expr]:
    """Kind from the valid code; else from what else the register says; else another organisation, flagged."""
    code = pl.col("raw_code").fill_null("")
    sole, enterprise = pl.lit(Kind.SOLE_TRADER.value), pl.lit(Kind.ENTERPRISE.value)
    said = pl.concat_str("type_name", "party_kind")
    text = pl.concat_str("type_name", "name")
    # GS 15-2006: serials that begin with 6–9 are individual businesses (DOMAIN 2.3). Only sole traders are filed under
    # the placeholder (DOMAIN 1.2 #3).
    individual = pl.col("registration").str.slice(6, 1).is_in(["6", "7", "8", "9"])
    derived = (
        pl.when(said.str.contains(_SOLE_TRADER, literal=True) | individual).then(sole)
        .when(pl.col("registration").is_not_null()).then(enterprise)
        .when(pl.col("uscc_fault") == "uscc-placeholder").then(sole)
        .when(code.str.contains(r"^[0-9]{13}$|企") | text.str.contains(_COMPANY_WORDS)).then(enterprise)
    )  # fmt: skip
    kind = pl.coalesce(kind_expr(pl.col("uscc")), derived)
    return kind.fill_null(Kind.SOCIAL.value).alias("kind"), kind.is_null().alias("kind_unknown")


def _without_operators(rows: pl.DataFrame) -> pl.DataFrame:
    """A sole trader's operator is a natural person: the name is not kept."""
    sole = pl.col("kind") == Kind.SOLE_TRADER.value
    return rows.with_columns(
        pl.when(sole).then(pl.lit("")).otherwise(pl.col("legal_representative")).alias("legal_representative")
    )


def _identity() -> pl.Expr:
    """Valid USCC, else right registration number, else raw code and name, else name and district.

    A malformed code («无») is nobody's own and never acts alone.
    """
    code = pl.col("raw_code")
    return (
        pl.when(pl.col("uscc").is_not_null()).then(pl.col("uscc"))
        .when(pl.col("registration").is_not_null()).then(pl.lit("R:") + pl.col("registration"))
        .when(code.is_not_null()).then(pl.lit("X:") + code + pl.lit(":") + pl.col("name_key"))
        .otherwise(pl.lit("N:") + pl.col("name_key") + pl.lit(":") + pl.col("district"))
        .alias("identity")
    )  # fmt: skip


def _flags() -> pl.Expr:
    marks = {
        "uscc-is-registration-no": pl.col("code_is_registration"),
        "uscc-missing": pl.col("uscc").is_null() & pl.col("raw_code").is_null() & pl.col("uscc_fault").is_null(),
        "uscc-spelling": pl.col("uscc_spelling"),
        "organisation-code": pl.col("org_code_odd"),
        "kind-unknown": pl.col("kind_unknown"),
        "date-unreadable": pl.col("date_unreadable"),
        "row-width": pl.col("ragged"),
        "text-cut": pl.col("text_cut"),
        "resident-id-masked": pl.col("resident_id_masked"),
        "code-repeated": pl.col("uscc").is_not_null() & (pl.len().over("uscc") > 1),
    }
    fault = pl.when(~pl.col("code_is_registration")).then(pl.col("uscc_fault"))
    texts = [fault, pl.col("uscc_warning"), *(pl.when(mark).then(pl.lit(code)) for code, mark in marks.items())]
    return pl.concat_list(texts).list.drop_nulls().alias("flags")


def _rejected() -> pl.Expr:
    return (
        pl.when(pl.col("is_person") | (pl.col("party_kind") == _PERSON)).then(pl.lit("natural-person"))
        .when(pl.col("name") == "").then(pl.lit("name-missing"))
        .alias("rejected")
    )  # fmt: skip
