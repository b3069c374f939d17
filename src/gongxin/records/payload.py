"""Between a record's payload (an array in catalogue order) and its named fields.

The array is read with the fields of the item in today's pack: a pack appends new fields at the end of an item and never
reorders or removes one (a field out of use stays, no longer required), so that older arrays are a prefix of newer ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gongxin.policy.model import Field, FieldRole, Item

# Fields that tell a natural person's identity: kept out of every page, export and answer, whatever the item says.
PERSONAL_ROLES: Final[frozenset[FieldRole]] = frozenset(
    {"person_id_type", "person_id_number", "representative_id_type", "representative_id_number"}
)

Value = str | None


def pairs(item: Item, values: Sequence[Value]) -> Iterator[tuple[Field, Value]]:
    """Each field with its text, None where nothing is given or the field was added after the payload was written.

    Texts are in their stored form: days yyyy-MM-dd, decimals plain, several codes joined by `;` (intake.normalising).
    """
    padded = [value or None for value in values] + [None] * (len(item.fields) - len(values))
    return zip(item.fields, padded, strict=False)


def named(item: Item, values: Sequence[Value]) -> dict[str, Any]:
    """The payload by field name, every field of the item present."""
    return {field.name: value for field, value in pairs(item, values)}


def is_public(field: Field) -> bool:
    """True if the field may leave the desk of its provider."""
    return field.published and field.role not in PERSONAL_ROLES


def public_fields(item: Item, values: Sequence[Value]) -> list[tuple[Field, str]]:
    """The fields that anybody may see and have content, in catalogue order, each with its text.

    Fields with ``published: false`` and everything of a person's identity are left out.
    """
    return [
        (field, text(field, value)) for field, value in pairs(item, values) if value is not None and is_public(field)
    ]


def text(field: Field, value: Value) -> str:
    """A value as pages and files show it. Dates are ISO (yyyy-MM-dd), several codes are joined by `；`."""
    if value is None:
        return ""
    if field.type == "codes":
        return str(value).replace(";", "；")
    return str(value)
