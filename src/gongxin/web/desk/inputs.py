"""Fields of a catalogue item as inputs of a form: one place for the entry form and for correcting rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin.intake import templates
from gongxin.policy.model import Condition, Field, FieldRole, Item
from gongxin.policy.pack import Pack

Shape = Literal["line", "area", "date", "select", "choices"]
# Longer fields get a box of several lines.
_ONE_LINE: Final = 200
_SEPARATORS: Final = str.maketrans({"；": ";", "，": ";", ",": ";", "、": ";"})
_GROUPS: Final[tuple[tuple[str, object, frozenset[FieldRole]], ...]] = (
    (
        "party",
        gettext_lazy("行政相对人（信用主体）"),
        frozenset(
            {
                "party_name", "party_kind", "party_uscc", "party_registration_no", "party_org_code", "party_tax_no",
                "party_institution_no", "party_social_no", "party_representative",
            }
        ),
    ),
    (
        "decision",
        gettext_lazy("决定内容"),
        frozenset(
            {
                "document_no", "title", "category", "content", "facts", "basis", "amount", "severity", "procedure",
                "status", "field_of_law",
            }
        ),
    ),
    (
        "days",
        gettext_lazy("日期"),
        frozenset({"decided_on", "effective_from", "effective_until", "acted_until", "publicity_until"}),
    ),
    (
        "source",
        gettext_lazy("机关与数据来源"),
        frozenset({"authority_name", "authority_code", "source_name", "source_code"}),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the page asks for it. errors: (what is wrong, what to do) of each finding."""

    name: str
    label: str
    shape: Shape
    value: str
    options: tuple[Option, ...]
    hint: str
    required: bool
    max_length: int | None
    mode: str
    errors: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        """The id of the control."""
        return f"f-{self.name}"

    @property
    def described_by(self) -> str:
        """Ids of the texts that belong to the control: errors first."""
        ids = [f"{self.id}-error"] if self.errors else []
        return " ".join([*ids, *([f"{self.id}-hint"] if self.hint else [])])


@dataclass(frozen=True, slots=True)
class Fieldset:
    """Inputs that belong together by meaning."""

    id: str
    title: str
    inputs: tuple[Input, ...]


Errors = Mapping[str, Sequence[tuple[str, str]]]


def of_field(
    field: Field,
    item: Item,
    pack: Pack,
    *,
    value: str = "",
    prefix: str = "",
    errors: Sequence[tuple[str, str]] = (),
    as_found: bool = False,
) -> Input:
    """The input of one field.

    as_found: the value stands in a file and may be anything; it is then shown as it is (a date as text, a code that is
    not in the list as a choice of its own), so that nothing disappears from the page.
    """
    options = _options(field, pack, value, as_found=as_found)
    return Input(
        name=f"{prefix}{field.name}",
        label=field.label,
        shape=_shape(field, value, as_found=as_found),
        value=value,
        options=options,
        hint=_hint(field, item, as_found=as_found),
        required=field.required,
        max_length=None if as_found else field.max_length,
        mode={"decimal": "decimal", "integer": "numeric", "year": "numeric"}.get(field.type, ""),
        errors=tuple(errors),
    )


def fieldsets(item: Item, pack: Pack, values: Mapping[str, str], errors: Errors) -> list[Fieldset]:
    """The item's fields in fieldsets by meaning, in catalogue order within each; empty fieldsets are left out."""
    asked = templates.fields(item)
    found: list[Fieldset] = []
    placed: set[str] = set()
    for group, title, roles in _GROUPS:
        members = [field for field in asked if field.role in roles]
        placed |= {field.name for field in members}
        found.append(Fieldset(group, str(title), tuple(_inputs(members, item, pack, values, errors))))
    rest = [field for field in asked if field.name not in placed]
    found.append(Fieldset("rest", _("其他"), tuple(_inputs(rest, item, pack, values, errors))))
    return [entry for entry in found if entry.inputs]


def _inputs(
    fields: Sequence[Field], item: Item, pack: Pack, values: Mapping[str, str], errors: Errors
) -> Iterator[Input]:
    for field in fields:
        value = values.get(field.name, "")
        yield of_field(field, item, pack, value=value, errors=errors.get(field.name, ()))


def parts(value: str) -> list[str]:
    """The values in a cell that may hold several."""
    return [part.strip() for part in value.translate(_SEPARATORS).split(";") if part.strip()]


def _shape(field: Field, value: str, *, as_found: bool) -> Shape:
    if field.type == "code":
        return "select"
    if field.type == "codes":
        return "line" if as_found else "choices"
    if field.type == "date":
        return "line" if as_found else "date"
    return "area" if (field.max_length or 0) > _ONE_LINE or "\n" in value else "line"


def _options(field: Field, pack: Pack, value: str, *, as_found: bool) -> tuple[Option, ...]:
    if not field.code_list:
        return ()
    chosen = set(parts(value)) if field.type == "codes" else {value}
    known = [
        Option(code.code, code.label or code.code, code.code in chosen)
        for code in pack.code_lists[field.code_list].codes
    ]
    stray = as_found and value and field.type == "code" and not any(option.chosen for option in known)
    return (Option(value, _("原值：%(value)s") % {"value": value}, True), *known) if stray else tuple(known)


def _hint(field: Field, item: Item, *, as_found: bool) -> str:
    sentences = [
        _form(field, as_found=as_found),
        *(_when(condition, item) for condition in field.required_when),
        field.note,
    ]
    if not field.published:
        sentences.append(_("不公示。"))
    example = [_("例：%(value)s") % {"value": field.example}] if field.example else []
    return " ".join([*(_sentence(entry) for entry in sentences if entry), *example])


def _form(field: Field, *, as_found: bool) -> str:
    if field.type == "date":
        return _("日期，如 2026-04-02。") if as_found else ""
    if field.type == "codes":
        return _("可填多个，用“；”隔开。") if as_found else _("可选多个。")
    return {"uscc": _("18 位。"), "year": _("4 位年份。"), "integer": _("整数。"), "decimal": _("数字。")}.get(
        field.type, ""
    )


def _when(condition: Condition, item: Item) -> str:
    label = next((entry.label for entry in item.fields if entry.name == condition.field), condition.field)
    values = "、".join(condition.values)
    said = (
        _("“%(label)s”为%(values)s时必填。") if condition.level == "error" else _("“%(label)s”为%(values)s时建议填写。")
    )
    return said % {"label": label, "values": values}


def _sentence(text: str) -> str:
    return text if text[-1] in "。.？！" else f"{text}。"
