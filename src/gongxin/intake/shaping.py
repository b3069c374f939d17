"""Rows of an item as rows of `records_record`: typed columns, severity and publicity by dated rule, payload."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import polars as pl

from gongxin.ids import uuid7_column
from gongxin.intake import findings
from gongxin.intake.copying import escaped, escaped_json
from gongxin.intake.tables import ROW
from gongxin.policy.model import FieldRole, Item
from gongxin.policy.pack import Pack
from gongxin.records import deriving
from gongxin.records.models import State

_TEXT_LENGTHS: Final[dict[FieldRole, int]] = {"document_no": 128, "title": 300}
_ENDS: Final = ("effective_until", "acted_until")
# What differs from row to row, and what is the same in all rows of a submission: the latter is one text with tabs,
# as COPY takes it, which is written in a fraction of the time.
VARYING: Final = (
    "id", "organisation_id", "key_hash", "content_hash", "document_no", "title", "decided_on", "effective_until",
    "acted_until", "severity", "procedure", "publicity_from", "publicity_until", "publicity_rule", "payload",
)  # fmt: skip
CONSTANT: Final = (
    "item", "item_version", "provider_id", "submission_id", "disclosure", "state", "revision", "recorded_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows come from: constants of a submission."""

    submission_id: UUID
    provider_id: UUID
    recorded_at: datetime


def record_columns(rows: pl.DataFrame, item: Item, pack: Pack, origin: Origin, *, plain: bool) -> pl.DataFrame:
    """The columns of `records_record`, ready for COPY: VARYING, and `constants`, which stands for CONSTANT.

    rows: normalised fields with organisation_id, key_hash, content_hash, payload. plain: no text of theirs needs
    escaping.
    """
    typed = deriving.typed(rows, item)
    ruled = deriving.derived(typed, item, pack)
    # Not select: an item with neither field would give one row of constants.
    named = rows.with_columns(_text(item, "document_no").alias("document_no"), _title(item).alias("title"))
    texts = named.select("document_no", "title").get_columns()
    return pl.DataFrame(
        [
            uuid7_column(rows.height).alias("id"),
            *rows.select("organisation_id", "key_hash", "content_hash"),
            *(text if plain else escaped(text) for text in texts),
            typed["decided_on"],
            *(_closed_end(typed, pack, name) for name in _ENDS),
            ruled["severity"],
            _meaning(typed, pack, "procedure"),
            *ruled.select("publicity_from", "publicity_until", "publicity_rule"),
            rows["payload"] if plain else escaped_json(rows["payload"]),
            pl.repeat(_constants(item, origin), rows.height, dtype=pl.String, eager=True).alias("constants"),
        ]
    )


def _constants(item: Item, origin: Origin) -> str:
    """The values of CONSTANT as COPY reads them."""
    values = (
        item.id,
        str(item.version),
        origin.provider_id.hex,
        origin.submission_id.hex,
        item.disclosure,
        State.ACTIVE.value,
        "1",
        origin.recorded_at.isoformat(),
    )
    return "\t".join(values)


def _closed_end(typed: pl.DataFrame, pack: Pack, name: str) -> pl.Series:
    """The day, or null where it stands for «no end» (principle `open-end` of the pack)."""
    open_end = date.fromisoformat(pack.principles["open-end"].value)
    return typed.select(pl.when(pl.col(name) < open_end).then(pl.col(name)).alias(name)).to_series()


def _meaning(typed: pl.DataFrame, pack: Pack, name: str) -> pl.Series:
    """A code in the words of the rules (普通 → ordinary); an empty text where there is none."""
    code_list = pack.code_lists.get(name)
    meant = {entry.code: entry.means for entry in code_list.codes if entry.means} if code_list else {}
    column = typed[name].fill_null("")
    return column.replace(meant).str.slice(0, 20) if meant else column


def _text(item: Item, role: FieldRole) -> pl.Expr:
    field = item.by_role(role)
    return (
        (pl.col(field.name) if field else pl.lit(None, dtype=pl.String)).fill_null("").str.slice(0, _TEXT_LENGTHS[role])
    )


def _title(item: Item) -> pl.Expr:
    """The title field; where the item has none or the cell is empty, the item's own title."""
    return pl.when(_text(item, "title") == "").then(pl.lit(item.title)).otherwise(_text(item, "title"))


def differing_ends(rows: pl.DataFrame, records: pl.DataFrame, item: Item) -> pl.DataFrame:
    """W502 for rows whose reported end of publicity is not the computed one. records: `record_columns` of the same
    rows.
    """
    field = item.by_role("publicity_until")
    if field is None or rows[field.name].null_count() == rows.height:
        return findings.empty()
    computed = records["publicity_until"].dt.strftime("%Y-%m-%d").fill_null("不公示或无截止日")
    other = (rows[field.name] != computed).fill_null(value=False)
    reported = rows[field.name].filter(other)
    return findings.table(
        rows[ROW].filter(other), "W502", field=field.name, value=reported, expected=computed.filter(other)
    )
