"""The nouns of a policy pack. Frozen, plain, hashable; built only by the loader (`policy.loader`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Confidence = Literal["H", "M", "L"]
DisclosureClass = Literal["public", "authorised", "shared"]
FieldType = Literal["text", "date", "decimal", "integer", "code", "codes", "uscc", "year"]

# What a field means to the platform. Every item maps its own columns to these; everything else stays payload only.
FieldRole = Literal[
    "party_name", "party_kind", "party_uscc", "party_registration_no", "party_org_code", "party_tax_no",
    "party_institution_no", "party_social_no", "party_representative", "person_id_type", "person_id_number",
    "document_no", "title", "category", "content", "facts", "basis", "amount", "decided_on", "effective_from",
    "effective_until", "acted_until", "publicity_until", "severity", "procedure", "status", "authority_name",
    "authority_code", "source_name", "source_code", "remark",
]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from. confidence: H certain, M one good source, L uncertain: pages say so."""

    title: str
    article: str = ""
    confidence: Confidence = "H"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list. `code` is what is stored and exchanged (often the Chinese text itself)."""

    code: str
    label: str
    label_en: str = ""
    aliases: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """A closed list of values with its source."""

    id: str
    title: str
    codes: tuple[Code, ...]
    reference: Reference

    def get(self, code: str) -> Code | None:
        """The code, or None."""
        return next((entry for entry in self.codes if entry.code == code), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """«This field must be filled when `field` is one of / contains one of `values`»; `level` says error or warning."""

    field: str
    values: tuple[str, ...]
    level: Literal["error", "warning"] = "error"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item. Lengths in characters; decimals in the unit of the label (万元 unless the label says 元)."""

    name: str
    label: str
    label_en: str
    type: FieldType
    max_length: int | None = None
    scale: int | None = None
    required: bool = False
    required_when: tuple[Condition, ...] = ()
    code_list: str = ""
    role: FieldRole | None = None
    # False: never leaves the desk of the provider (document numbers of representatives).
    published: bool = True
    aliases: tuple[str, ...] = ()
    example: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a template: recognised by `marks` (columns only it has); `rename` maps its columns to field names."""

    id: str
    title: str
    marks: tuple[str, ...]
    rename: tuple[tuple[str, str], ...] = ()
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of record the catalogue allows (目录项)."""

    id: str
    title: str
    title_en: str
    category: str
    version: int
    disclosure: DisclosureClass
    fields: tuple[Field, ...]
    natural_key: tuple[str, ...]
    subject_kinds: tuple[str, ...]
    basis: tuple[Reference, ...]
    # id of the publicity rule set, "" where the record is public as long as it is in force.
    publicity: str = ""
    # one of the ten disclosures (十公示)
    ten_disclosures: bool = False
    # True for records that bear on the subject negatively: the 5-year cap and repair apply.
    adverse: bool = False
    generations: tuple[Generation, ...] = ()
    clocks: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_until: date | None = None
    note: str = ""
    pack: str = ""

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if the item has none."""
        for entry in self.fields:
            if entry.name == name:
                return entry
        raise KeyError(name)

    def by_role(self, role: FieldRole) -> Field | None:
        """The field that plays `role`, or None."""
        return next((entry for entry in self.fields if entry.role == role), None)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A reason for which a credit check may be run (查询用途), with what it may see."""

    code: str
    title: str
    title_en: str
    disclosures: tuple[DisclosureClass, ...]
    categories: tuple[str, ...]
    basis: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit. unit: working-day or day."""

    id: str
    title: str
    limit: int
    unit: Literal["working-day", "day"]
    anchor: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class PublicityFacts:
    """What the publicity rules look at."""

    decided_on: date
    severity: str = ""
    procedure: str = ""
    kinds: tuple[str, ...] = ()
    field_of_law: str = ""
    acted_until: date | None = None
    effective_until: date | None = None


@dataclass(frozen=True, slots=True)
class PublicityTerm:
    """Outcome of the publicity rules, days inclusive. Not published: both days are None and `reason` says why."""

    published: bool
    published_from: date | None
    published_until: date | None
    # First day on which repair may be asked for; None where never or where no rule speaks of it.
    repairable_from: date | None
    rule: str
    reason: str
    reason_en: str
    references: tuple[Reference, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day reached by counting working days. provisional: a year without an official table was touched."""

    day: date
    provisional: bool
    sources: tuple[Reference, ...] = field(default=())
