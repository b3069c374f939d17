"""A correction as the outcome of an objection: some fields get new texts, the state before stays as it was, sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import transaction

from gongxin.errors import InvalidInput
from gongxin.ids import uuid7
from gongxin.persons import contents
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Entry, Version
from gongxin.policy import packs
from gongxin.policy.model import Field

CORRECTED: Final = "corrected"
_SEPARATORS: Final = str.maketrans("；，、,", ";;;;")


def judged(own: OwnFile, entry: Entry, wanted: Mapping[str, str]) -> dict[str, str]:
    """The texts in the form they are stored in. Raises InvalidInput: nothing or nothing new, a field that cannot be
    put right, a text that is none of the field's.
    """
    return _judged(contents.body_of(own, _last(entry)), wanted)


@transaction.atomic
def correct(own: OwnFile, entry: Entry, wanted: Mapping[str, str], *, at: datetime) -> None:
    """Write the next version of a record with these texts. Raises what `judged` raises."""
    last = _last(entry)
    body = contents.body_of(own, last)
    item = packs.current().item(body["item"])
    values = contents.named_values(item, body) | _judged(body, wanted)
    body |= {
        "item_version": item.version,
        "recorded_at": at.astimezone(UTC).isoformat(),
        "reason": CORRECTED,
        "payload": [values.get(field.name, "") for field in item.fields],
    }
    # The content stays that of the last report: the same row handed in again does not undo the correction.
    version = Version(id=uuid7(), entry=entry, number=last.number + 1, content=last.content)
    version.body = contents.sealed_body(own, version, body)
    version.save(force_insert=True)
    # Its days may be others now: `terms.derive` finds that it has no month.
    Entry.objects.filter(pk=entry.pk).update(term=None, term_index=None)


def _last(entry: Entry) -> Version:
    return Version.objects.filter(entry=entry).latest("number")


def _judged(body: dict[str, Any], wanted: Mapping[str, str]) -> dict[str, str]:
    item = packs.current().item(body["item"])
    held = contents.named_values(item, body)
    allowed = {field.name: field for field in contents.correctable(item)}
    unknown = sorted(set(wanted) - set(allowed))
    if unknown:
        raise _refused(f"这些字段不能更正：{'、'.join(unknown)}。", "请只填写可以更正的字段。")
    found = {name: _stored(allowed[name], text.strip()) for name, text in wanted.items()}
    changed = {name: text for name, text in found.items() if text != held.get(name, "")}
    if not changed:
        raise _refused("更正后的内容与现有内容相同，或者没有填写。", "请填写与现有内容不同的更正内容。")
    return changed


def _stored(field: Field, text: str) -> str:
    """A text in the form it is stored in: days ISO, decimals plain, codes as their list writes them."""
    if not text:
        if field.required:
            raise _refused(f"“{field.label}”不能为空。", "请填写内容。")
        return ""
    stored = _cast(field, text)
    if stored is None:
        raise _refused(f"“{field.label}”的内容“{text}”不合规定。", "请按目录中该字段的格式填写。")
    if field.max_length is not None and len(stored) > field.max_length:
        raise _refused(f"“{field.label}”超过 {field.max_length} 个字。", "请缩短内容。")
    return stored


def _cast(field: Field, text: str) -> str | None:
    try:
        if field.type == "date":
            return date.fromisoformat(text.replace("/", "-")).isoformat()
        if field.type in ("decimal", "integer", "year"):
            number = Decimal(text)
            return format(number, "f") if number.is_finite() and number >= 0 else None
    except (ValueError, InvalidOperation):
        return None
    return _coded(field, text) if field.code_list else text


def _coded(field: Field, text: str) -> str | None:
    """Codes as their list writes them; what must say what it is («其他-说明») is taken with its remark."""
    codes = packs.current().code_lists[field.code_list]
    parts = text.translate(_SEPARATORS).split(";") if field.type == "codes" else [text]
    found = []
    for part in (part.strip() for part in parts):
        name, dash, remark = part.partition("-")
        code = codes.resolve(part) or codes.resolve(name)
        if code is None or (dash and not code.with_remark and codes.resolve(part) is None):
            return None
        found.append(f"{code.code}-{remark}" if code.with_remark and remark else code.code)
    return ";".join(found)


def _refused(title: str, remedy: str) -> InvalidInput:
    return InvalidInput("correction-refused", title, remedy=remedy)
