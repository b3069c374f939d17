"""A correction: some fields of one record get new texts, judged as a handed-in row is; the state before is archived.

Only what is put right is judged: a record of an old template may lack what today's demands. What makes it this record
and no other (its natural key, whom it is about) cannot be corrected: such a record is taken down and handed in anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import polars as pl

from gongxin.errors import InvalidInput
from gongxin.intake import keys, normalising, persons, rules, shaping
from gongxin.intake.faults import FAULTS
from gongxin.intake.headers import Columns
from gongxin.intake.shaping import Origin
from gongxin.intake.tables import ROW
from gongxin.policy import packs
from gongxin.policy.model import Field, FieldRole, Item
from gongxin.records import payload
from gongxin.records.models import Record, Revision

REASON: Final = "case"
# What says whom a record is about stays as it is.
_PARTY: Final[frozenset[FieldRole]] = frozenset(
    {
        "party_name", "party_kind", "party_uscc", "party_registration_no", "party_org_code", "party_tax_no",
        "party_institution_no", "party_social_no", "status",
    }
)  # fmt: skip
_WRITTEN: Final = (
    "content_hash", "document_no", "title", "decided_on", "effective_until", "acted_until", "severity", "procedure",
    "publicity_from", "publicity_until", "publicity_rule",
)  # fmt: skip


def correctable(item: Item) -> list[Field]:
    """The fields whose texts a case may put right."""
    fixed = set(item.natural_key)
    return [
        field
        for field in item.fields
        if field.name not in fixed and field.role not in _PARTY and payload.is_public(field)
    ]


def judged(held: Record, correction: Mapping[str, str], *, day: date) -> dict[str, Any]:
    """The columns of the record as they will be. Raises InvalidInput: nothing changes, a field that cannot be put
    right, a text that the rules of the item refuse.
    """
    item = packs.current().item(held.item)
    _judge_names(item, correction)
    before = payload.named(item, held.payload)
    values = before | {name: text.strip() or None for name, text in correction.items()}
    frame = _cast(item, values, frozenset(correction))
    after = frame.row(0, named=True)
    if all((after[field.name] or None) == (before[field.name] or None) for field in item.fields):
        raise InvalidInput("correction-same", "更正后的内容与现有内容相同。", remedy="请填写与现有内容不同的更正内容。")
    _judge_rules(item, frame, frozenset(correction), day)
    return _columns(held, item, frame)


def apply(held: Record, correction: Mapping[str, str], *, at: datetime, day: date) -> Record:
    """Put the texts right in a locked record: the old state becomes a revision, the new one is derived like a loaded
    row. Raises what `judged` raises.
    """
    columns = judged(held, correction, day=day)
    Revision.objects.create(
        record=held,
        number=held.revision,
        item_version=held.item_version,
        payload=held.payload,
        content_hash=held.content_hash,
        submission_id=held.submission_id,
        recorded_at=held.recorded_at,
        replaced_at=at,
        reason=REASON,
    )
    for name, value in columns.items():
        setattr(held, name, value)
    held.item_version = packs.current().item(held.item).version
    held.revision += 1
    held.recorded_at = at
    held.save(update_fields=[*columns, "item_version", "revision", "recorded_at"])
    return held


def rederive(held: Record) -> None:
    """Bring a locked record's derived columns up to the rules of today's pack (it was archived and is active again)."""
    item = packs.current().item(held.item)
    named = payload.named(item, held.payload)
    frame = pl.DataFrame({ROW: [1], **{name: pl.Series([text], dtype=pl.String) for name, text in named.items()}})
    columns = _columns(held, item, frame)
    derived = ("severity", "publicity_from", "publicity_until", "publicity_rule")
    for name in derived:
        setattr(held, name, columns[name])
    held.save(update_fields=list(derived))


def _judge_names(item: Item, correction: Mapping[str, str]) -> None:
    known = {field.name for field in correctable(item)}
    unknown = sorted(set(correction) - known)
    if unknown or not correction:
        raise InvalidInput(
            "correction-field",
            f"这些字段不能更正：{'、'.join(unknown)}。" if unknown else "没有写明更正哪个字段。",
            remedy="请选择要更正的字段；主体或者文书号有误的，停止公示后由提供单位重新报送。",
        )


def _cast(item: Item, values: Mapping[str, str | None], changed: frozenset[str]) -> pl.DataFrame:
    """One row of normalised texts; only what is changed is cast, what is held stands in its stored form already."""
    lists = packs.current().code_lists
    columns = [pl.Series(ROW, [1], dtype=pl.Int64)]
    for field in item.fields:
        given = pl.Series([values[field.name] or None], dtype=pl.String)
        if field.name in changed:
            found = normalising.cast(field, given, lists.get(field.code_list))
            if found.code is not None and found.code[0] is not None:
                raise _refused(field, found.code[0], str(values[field.name]))
            given = found.value
            _judge_person(str(given[0] or ""))
        columns.append(given.alias(field.name))
    return pl.DataFrame(columns)


def _judge_person(text: str) -> None:
    if persons.masked_text(text) != text:
        raise InvalidInput(
            "correction-person", "更正内容含有自然人的证件号码。", remedy="请删去证件号码；平台不保存自然人信息。"
        )


def _judge_rules(item: Item, frame: pl.DataFrame, changed: frozenset[str], day: date) -> None:
    columns = Columns({field.name: (place,) for place, field in enumerate(item.fields)}, (), None)
    ruled = rules.compiled(item, columns, day=day, authorities=[])
    for part in ruled.judge(frame):
        for found in part.iter_rows(named=True):
            if found["field"] in changed and not FAULTS[found["code"]].is_warning:
                raise _refused(item.field(found["field"]), found["code"], str(found["value"] or ""))


def _refused(field: Field, code: str, value: str) -> InvalidInput:
    fault = FAULTS[code]
    return InvalidInput(
        "correction-refused",
        f"“{field.label}”的更正内容不能使用（{code} {fault.title}）：{value}。",
        remedy=fault.remedy,
        facts={"field": field.name, "code": code},
    )


def _columns(held: Record, item: Item, frame: pl.DataFrame) -> dict[str, Any]:
    """The columns of `records_record` for one normalised row."""
    payloads = keys.payloads(frame, item)
    whole = frame.with_columns(
        pl.lit(held.organisation_id.hex).alias("organisation_id"),
        pl.lit(held.key_hash.hex).alias("key_hash"),
        keys.content_hashes(payloads).alias("content_hash"),
        payloads.alias("payload"),
    )
    origin = Origin(held.submission_id, held.provider_id, held.recorded_at)
    # plain: these are parameters, not lines of COPY, so nothing is escaped for it.
    row = shaping.record_columns(whole, item, packs.current(), origin, plain=True).row(0, named=True)
    columns = {name: row[name] for name in _WRITTEN}
    columns["content_hash"] = UUID(row["content_hash"])
    columns["payload"] = json.loads(row["payload"])
    return columns
