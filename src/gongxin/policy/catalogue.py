"""Readers of catalogue items: fields, shared groups of fields, generations of a template."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, get_args

from gongxin.policy.lists import DISCLOSURES, period, references
from gongxin.policy.lists import reference as read_reference
from gongxin.policy.model import (
    Category,
    CodeList,
    Condition,
    Field,
    FieldRole,
    FieldType,
    Generation,
    Item,
    ProhibitedCategory,
    Reference,
)
from gongxin.policy.reading import Node

SUBJECT_KINDS: Final = ("enterprise", "institution", "social", "sole_trader")
DEFAULT_PUBLICITY: Final = "while-in-force"
# Roles without which a record could not be matched to an organisation or dated.
NEEDED_ROLES: Final = ("party_name", "party_uscc", "decided_on")
PERSON_ROLES: Final = ("person_id_type", "person_id_number", "representative_id_type", "representative_id_number")
# What an item must have to be kept in personal files, and of which category it must be.
PERSON_FILE_ROLES: Final = ("party_kind", "person_id_type", "person_id_number", "document_no", "decided_on")
PERSON_CATEGORY: Final = "administration"
_DATE_ROLES: Final = ("decided_on", "effective_from", "effective_until", "acted_until", "publicity_until")
_ITEM_KEYS: Final = (
    "id", "title", "title_en", "category", "version", "disclosure", "subject_kinds", "natural_key", "basis", "fields",
)  # fmt: skip
_ITEM_OPTIONS: Final = (
    "publicity", "ten_disclosures", "adverse", "clocks", "generations", "effective_from", "effective_until", "note",
    "replaces", "persons",
)  # fmt: skip
_FIELD_KEYS: Final = (
    "label_en", "max", "scale", "required", "required_when", "codes", "role", "published", "aliases", "example", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """What items may refer to."""

    categories: dict[str, Category]
    code_lists: dict[str, CodeList]
    publicity: Collection[str]
    clocks: Collection[str]
    groups: dict[str, tuple[Field, ...]]
    prohibited: tuple[ProhibitedCategory, ...]


def field_group(node: Node, pack: str, *, shelf: Shelf) -> tuple[str, tuple[Field, ...]]:
    """Fields that several items share, named by `use:` in items."""
    keys = node.mapping(["id", "title", "fields"], ["replaces"])
    return keys["id"].text(), tuple(_field(member, shelf) for member in keys["fields"].sequence())


def item(node: Node, pack: str, *, shelf: Shelf) -> Item:
    """A whole catalogue item."""
    keys = node.mapping(
        _ITEM_KEYS,
        _ITEM_OPTIONS,
    )
    since, until = period(keys, "effective_from", "effective_until")
    fields = _fields(keys["fields"], shelf)
    made = Item(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=keys["title_en"].text(),
        category=keys["category"].choice(shelf.categories),
        version=keys["version"].integer(),
        disclosure=keys["disclosure"].choice(DISCLOSURES),
        fields=fields,
        natural_key=keys["natural_key"].choices([field.name for field in fields]),
        subject_kinds=keys["subject_kinds"].choices(SUBJECT_KINDS),
        basis=references(keys["basis"]),
        publicity=_publicity(node, keys, shelf),
        ten_disclosures=keys["ten_disclosures"].boolean() if "ten_disclosures" in keys else False,
        adverse=keys["adverse"].boolean() if "adverse" in keys else False,
        generations=_generations(keys.get("generations"), (), fields),
        clocks=keys["clocks"].choices(shelf.clocks) if "clocks" in keys else (),
        effective_from=since,
        effective_until=until,
        persons=_persons(keys["persons"]) if "persons" in keys else (),
        note=keys["note"].text() if "note" in keys else "",
        pack=pack,
    )
    _check(made, keys["fields"], shelf)
    return made


def extended(node: Node, pack: str, *, parent: Item, shelf: Shelf) -> Item:
    """The parent's item with fields added at its end; generations of the same id are merged."""
    keys = node.mapping(
        ["id", "extends", "version"],
        ["fields", "basis", "clocks", "generations", "publicity", "note"],
    )
    version = keys["version"].integer()
    if version <= parent.version:
        raise keys["version"].error(
            "pack-version-not-raised",
            f"版本 {version} 没有高于上级的版本 {parent.version}。",
            remedy="增加字段后版本号必须增大，旧记录才能按原来的字段读出。",
        )
    fields = (*parent.fields, *(_fields(keys["fields"], shelf) if "fields" in keys else ()))
    made = replace(
        parent,
        version=version,
        fields=fields,
        basis=(*parent.basis, *(references(keys["basis"]) if "basis" in keys else ())),
        clocks=(*parent.clocks, *(keys["clocks"].choices(shelf.clocks) if "clocks" in keys else ())),
        generations=_generations(keys.get("generations"), parent.generations, fields),
        publicity=keys["publicity"].choice(shelf.publicity) if "publicity" in keys else parent.publicity,
        note=keys["note"].text() if "note" in keys else parent.note,
        pack=pack,
    )
    _check(made, keys.get("fields", node), shelf)
    return made


def _publicity(node: Node, keys: dict[str, Node], shelf: Shelf) -> str:
    if "publicity" in keys:
        return keys["publicity"].choice(shelf.publicity)
    if DEFAULT_PUBLICITY not in shelf.publicity:
        raise node.error(
            "pack-missing-key",
            f"目录项没有写 publicity，政策包里也没有默认的“{DEFAULT_PUBLICITY}”。",
            remedy="请补上 publicity: <公示期规则编号>。",
        )
    return DEFAULT_PUBLICITY


def _persons(node: Node) -> tuple[Reference, ...]:
    """On what ground rows of natural persons are taken over into the personal file."""
    return references(node.mapping(["basis"])["basis"])


def _fields(node: Node, shelf: Shelf) -> tuple[Field, ...]:
    """The fields in order; `use: group` stands for all fields of a group."""
    found: list[Field] = []
    for member in node.sequence():
        if "use" in member.entries():
            found += shelf.groups[member.mapping(["use"])["use"].choice(shelf.groups)]
        else:
            found.append(_field(member, shelf))
    return tuple(found)


def _field(node: Node, shelf: Shelf) -> Field:
    keys = node.mapping(["name", "label", "type"], _FIELD_KEYS)
    field_type = keys["type"].choice(get_args(FieldType))
    if field_type in {"code", "codes"} and "codes" not in keys:
        raise node.error("pack-missing-key", "代码型字段没有写明代码表。", remedy="请补上 codes: <代码表编号>。")
    if field_type == "decimal" and "scale" not in keys:
        raise node.error("pack-missing-key", "金额字段没有写明小数位数。", remedy="请补上 scale: <小数位数>。")
    return Field(
        name=keys["name"].text(),
        label=keys["label"].text(),
        label_en=keys["label_en"].text() if "label_en" in keys else "",
        type=field_type,
        max_length=keys["max"].integer() if "max" in keys else None,
        scale=keys["scale"].integer() if "scale" in keys else None,
        required=keys["required"].boolean() if "required" in keys else False,
        required_when=tuple(map(_condition, keys["required_when"].sequence())) if "required_when" in keys else (),
        code_list=keys["codes"].choice(shelf.code_lists) if "codes" in keys else "",
        role=keys["role"].choice(get_args(FieldRole)) if "role" in keys else None,
        published=keys["published"].boolean() if "published" in keys else True,
        aliases=keys["aliases"].texts() if "aliases" in keys else (),
        example=keys["example"].text() if "example" in keys else "",
        note=keys["note"].text() if "note" in keys else "",
    )


def _condition(node: Node) -> Condition:
    keys = node.mapping(["field", "values"], ["level", "note"])
    return Condition(
        field=keys["field"].text(),
        values=keys["values"].texts(),
        level=keys["level"].choice(("error", "warning")) if "level" in keys else "error",
        note=keys["note"].text() if "note" in keys else "",
    )


def _generations(
    node: Node | None, parent: tuple[Generation, ...], fields: tuple[Field, ...]
) -> tuple[Generation, ...]:
    """The parent's generations with those of `node` put in, or merged where the id is the same."""
    found = {generation.id: generation for generation in parent}
    for member in node.sequence() if node else []:
        generation = _generation(member, [field.name for field in fields], found)
        found[generation.id] = generation
    return tuple(found.values())


def _generation(node: Node, names: list[str], known: dict[str, Generation]) -> Generation:
    listed = node.entries()
    old = known.get(listed["id"].text()) if "id" in listed else None
    keys = node.mapping(
        ["id"] if old else ["id", "title", "marks", "reference"],
        ["title", "marks", "rename", "reference", "absent", "ignored", "recode"],
    )
    recode = {field: {k: v.text() for k, v in codes.entries().items()} for field, codes in _map(keys, "recode").items()}
    for place in _map(keys, "rename").values():
        place.choice(names)
    if "recode" in keys:
        keys["recode"].mapping([], names)
    return Generation(
        id=keys["id"].text(),
        title=keys["title"].text() if "title" in keys else (old.title if old else ""),
        marks=(*(old.marks if old else ()), *(keys["marks"].texts() if "marks" in keys else ())),
        rename=(*(old.rename if old else ()), *((k, v.text()) for k, v in _map(keys, "rename").items())),
        reference=read_reference(keys["reference"]) if "reference" in keys else (old.reference if old else None),
        absent=(*(old.absent if old else ()), *(keys["absent"].choices(names) if "absent" in keys else ())),
        ignored=(*(old.ignored if old else ()), *((k, v.text()) for k, v in _map(keys, "ignored").items())),
        recode=(*(old.recode if old else ()), *((field, tuple(codes.items())) for field, codes in recode.items())),
    )


def _map(keys: dict[str, Node], name: str) -> dict[str, Node]:
    return keys[name].entries() if name in keys else {}


def _check(made: Item, fields: Node, shelf: Shelf) -> None:
    """What must hold of a whole item: roles, conditions, the Boundary."""
    _check_unique(made, fields)
    _check_persons(made, fields)
    for role in NEEDED_ROLES:
        if made.by_role(role) is None:
            raise fields.error(
                "pack-missing-role", f"没有字段担任角色 {role}。", remedy=f"请给相应字段写上 role: {role}。"
            )
    for field in made.fields:
        for condition in field.required_when:
            _check_condition(made, field, condition, fields, shelf)
        if field.role in PERSON_ROLES and field.published:
            raise fields.error(
                "pack-person-published",
                f"字段“{field.name}”是个人证件信息，不得公示。",
                remedy="请写上 published: false。",
            )
        if field.role in _DATE_ROLES and field.type != "date":
            raise fields.error(
                "pack-wrong-type",
                f"角色 {field.role} 的字段“{field.name}”不是日期。",
                allowed="type: date",
                remedy="请改为 type: date。",
            )


def _check_persons(made: Item, fields: Node) -> None:
    """Only a public body's decision on somebody's own licence or case can be kept for a person, and only where the
    template says who it is (Boundary 2): never a list, an honour, an assessment.
    """
    lacking = [role for role in PERSON_FILE_ROLES if made.by_role(role) is None]
    if made.persons and (lacking or made.category != PERSON_CATEGORY):
        raise fields.error(
            "pack-persons-item",
            f"目录项“{made.title}”不能归入个人档案（缺少：{'、'.join(lacking) or '无'}；类别：{made.category}）。",
            allowed=f"类别 {PERSON_CATEGORY}，并有角色 {'、'.join(PERSON_FILE_ROLES)}",
            remedy="请删去 persons：个人档案只收行政机关就本人事项作出的决定。",
        )


def _check_condition(made: Item, field: Field, condition: Condition, fields: Node, shelf: Shelf) -> None:
    """A condition looks at a field of the item and, where that one is coded, at codes of its list."""
    looked_at = next((entry for entry in made.fields if entry.name == condition.field), None)
    if looked_at is None:
        raise fields.error(
            "pack-unknown-field",
            f"字段“{field.name}”的条件引用了不存在的字段“{condition.field}”。",
            allowed="、".join(entry.name for entry in made.fields),
            remedy="请改正条件中的字段名。",
        )
    if not looked_at.code_list:
        return
    codes = [entry.code for entry in shelf.code_lists[looked_at.code_list].codes]
    unknown = [value for value in condition.values if value not in codes]
    if unknown:
        raise fields.error(
            "pack-unknown-value",
            f"字段“{field.name}”的条件引用了代码表“{looked_at.code_list}”里没有的“{'、'.join(unknown)}”。",
            allowed="、".join(codes),
            remedy="请改为代码表中的取值。",
        )


def _check_unique(made: Item, fields: Node) -> None:
    """No column title may lead to two fields, no role to two fields."""
    taken: dict[str, str] = {}
    roles: dict[str, str] = {}
    for field in made.fields:
        for word in {field.name, field.label, *field.aliases}:
            if word in taken:
                raise fields.error(
                    "pack-duplicate-field",
                    f"列标题“{word}”同时指向“{taken[word]}”和“{field.name}”。",
                    remedy="请改掉其中一个的名称、标题或别名。",
                )
            taken[word] = field.name
        if field.role and field.role in roles:
            raise fields.error(
                "pack-duplicate-role",
                f"角色 {field.role} 有两个字段（{roles[field.role]}、{field.name}）。",
                remedy="每个角色只能由一个字段担任。",
            )
        if field.role:
            roles[field.role] = field.name


def check_boundary(made: Item, node: Node, prohibited: tuple[ProhibitedCategory, ...]) -> None:
    """No field of an item may carry a prohibited category (Boundary 3)."""
    for field in made.fields:
        for category in prohibited:
            if any(is_prohibited(category, title) for title in (field.name, field.label, *field.aliases)):
                raise node.error(
                    "pack-prohibited-field",
                    f"字段“{field.label}”属于禁止归集的信息（{category.title}，{category.reference.title}）。",
                    remedy="请删去这个字段：这类信息不得进入目录。",
                )


def is_prohibited(category: ProhibitedCategory, title: str) -> bool:
    """True if a column of that title would carry the category."""
    return title not in category.allowed and any(re.search(pattern, title) for pattern in category.columns)
