"""A record that comes out of a case (the effect «enter»): built from the item's roles, judged as a handed-in row is.

Its submission is the case: the case page says where it comes from.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import polars as pl

from gongxin.errors import Conflict
from gongxin.ids import uuid7
from gongxin.intake import keys, normalising, shaping
from gongxin.intake.shaping import Origin
from gongxin.intake.tables import ROW
from gongxin.policy import packs
from gongxin.policy.casework import Transition
from gongxin.policy.model import FieldRole, Item
from gongxin.records.models import Record, State
from gongxin.rights.models import Case
from gongxin.subjects.models import Kind, Organisation

_WRITTEN: Final = (
    "document_no", "title", "decided_on", "effective_until", "acted_until", "severity", "procedure", "publicity_from",
    "publicity_until", "publicity_rule",
)  # fmt: skip
_KINDS: Final = {Kind.SOLE_TRADER.value: "个体工商户"}
_BODY: Final = "法人及非法人组织"


def enter(case: Case, row: Transition, *, at: datetime, day: date) -> Record:
    """Put the record on that the case comes to: its words are those of the step `row.enters`, which somebody else took.

    Raises Conflict where the case has entered it before.
    """
    procedure = packs.current().procedure(case.procedure)
    item = packs.current().item(procedure.enters)
    frame = _frame(item, _said(case, row, day))
    payloads = keys.payloads(frame, item)
    whole = frame.with_columns(
        pl.lit(case.organisation_id.hex).alias("organisation_id"),
        keys.key_hashes(frame, item),
        keys.content_hashes(payloads).alias("content_hash"),
        payloads.alias("payload"),
    )
    origin = Origin(case.pk, case.department_id, at)
    # plain: these are parameters, not lines of COPY, so nothing is escaped for it.
    columns = shaping.record_columns(whole, item, packs.current(), origin, plain=True).row(0, named=True)
    return _created(case, item, columns, key=UUID(whole["key_hash"][0]), at=at)


def _said(case: Case, row: Transition, day: date) -> dict[FieldRole, str]:
    """What each role of the item stands for. The written-up text is that of the last such step."""
    procedure = packs.current().procedure(case.procedure)
    written = case.steps.filter(action=row.enters).order_by("-number").values_list("reasons", flat=True)[0]
    first = procedure.transition(case.steps.order_by("number").values_list("action", flat=True)[0])
    about: Organisation = case.organisation
    return {
        "party_name": about.name,
        "party_kind": _KINDS.get(about.kind, _BODY),
        "party_uscc": about.uscc or "",
        "document_no": case.number,
        "title": first.title if first else procedure.title,
        "category": procedure.state(row.to).title,
        "content": written,
        "basis": f"{procedure.reference.title}{procedure.reference.article}",
        "decided_on": day.isoformat(),
        "authority_name": case.department.name,
        "source_name": case.department.name,
        "source_code": case.department.uscc or "",
        "status": "1",
    }


def _frame(item: Item, said: dict[FieldRole, str]) -> pl.DataFrame:
    """One row of normalised texts."""
    lists = packs.current().code_lists
    columns = [pl.Series(ROW, [1], dtype=pl.Int64)]
    for field in item.fields:
        text = said.get(field.role, "") if field.role else ""
        found = normalising.cast(field, pl.Series([text or None], dtype=pl.String), lists.get(field.code_list))
        columns.append(found.value.alias(field.name))
    return pl.DataFrame(columns)


def _created(case: Case, item: Item, columns: dict[str, Any], *, key: UUID, at: datetime) -> Record:
    if Record.objects.filter(key_hash=key).exists():
        raise Conflict("record-entered", "这条记录已经记入。", remedy="请刷新页面查看办件的当前状态。")
    return Record.objects.create(
        id=uuid7(),
        item=item.id,
        item_version=item.version,
        organisation=case.organisation,
        provider=case.department,
        submission_id=case.pk,
        key_hash=key,
        content_hash=UUID(columns["content_hash"]),
        disclosure=item.disclosure,
        state=State.ACTIVE,
        payload=json.loads(columns["payload"]),
        recorded_at=at,
        **{name: columns[name] for name in _WRITTEN},
    )
