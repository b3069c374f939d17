"""Organisations, departments and records on record, as tests of reading, checking and the API need them. All
fictional.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from gongxin.identity.models import Department
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.records.numbering import serial
from gongxin.subjects.identifiers import kind_of, uscc_check_digit
from gongxin.subjects.models import Organisation
from gongxin.subjects.names import name_key

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
DAY = date(2026, 4, 10)
# Two texts that no answer may ever hold.
CANARY = "CANARY-000000190001010000"

_numbers = count(1)


def code(number: int, prefix: str = "91") -> str:
    """A unified social credit code of division 000000 that belongs to nobody, with a right check digit."""
    body = f"{prefix}000000{number:09d}"
    digit = uscc_check_digit(body)
    assert digit is not None
    return body + digit


def organisation(name: str | None = None, **given: Any) -> Organisation:
    """An organisation of the register."""
    number = next(_numbers)
    name = name or f"云河测试{number}号食品有限公司"
    uscc = given.pop("uscc", code(number))
    values = {"kind": kind_of(uscc or "91"), "name_key": name_key(name), "status": "存续", "registered_at": AT}
    return Organisation.objects.create(name=name, uscc=uscc, updated_at=AT, **(values | given))


def department(**given: Any) -> Department:
    """A department that may hand in penalties and ask for a purpose."""
    number = next(_numbers)
    values = {
        "code": f"dept{number}",
        "name": f"云河市测试{number}局",
        "items": ["penalty", "licence"],
        "purposes": ["licence-review"],
    }
    return Department.objects.create(**(values | given))


def record(about: Organisation, *, item: str = "penalty", **given: Any) -> Record:
    """A record that is public from its decision on until 2027; `fields` fills the payload by field name.

    Every field that may not leave its provider holds the canary.
    """
    number = next(_numbers)
    kind = packs.current().item(item)
    fields = {field.name: CANARY for field in kind.fields if not field.published} | given.pop("fields", {})
    values = {
        "item_version": kind.version,
        "submission_id": uuid4(),
        "key_hash": UUID(serial(str(given.get("document_no", f"云市监罚〔2026〕{number}号"))) + uuid4().hex[:20]),
        "content_hash": uuid4(),
        "document_no": f"云市监罚〔2026〕{number}号",
        "title": "未按规定公示",
        "decided_on": date(2026, 4, 1),
        "publicity_from": date(2026, 4, 1),
        "publicity_until": date(2027, 3, 31),
        "publicity_rule": "penalty-publicity",
        "disclosure": kind.disclosure,
        "payload": [fields.get(field.name) for field in kind.fields],
        "recorded_at": AT,
    } | given
    values.setdefault("provider", None)
    if values["provider"] is None:
        values["provider"] = department()
    return Record.objects.create(item=item, organisation=about, **values)
