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
    "party_name",
    "party_kind",
    "party_uscc",
    "party_registration_no",
    "party_org_code",
    "party_tax_no",
    "party_institution_no",
    "party_social_no",
    "party_representative",
    "person_id_type",
    "person_id_number",
    "document_no",
    "title",
    "category",
    "content",
    "facts",
    "basis",
    "amount",
    "decided_on",
    "effective_from",
    "effective_until",
    "acted_until",
    "publicity_until",
    "severity",
    "procedure",
    "status",
    "authority_name",
    "authority_code",
    "source_name",
    "source_code",
    "remark",
    "field_of_law",
    "representative_id_type",
    "representative_id_number",
]
Severity = Literal["minor", "ordinary", "serious", "gravest"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from. confidence: H certain, M one good source, L uncertain: pages say so."""

    title: str
    article: str = ""
    confidence: Confidence = "H"
    note: str = ""

    @property
    def is_absence(self) -> bool:
        """Whether it says that no source was found: such a title is no document's and stands without title marks."""
        return self.title.startswith("未查到")

    @property
    def cited(self) -> str:
        """The source as a sentence names it."""
        return f"{self.title if self.is_absence else f'《{self.title}》'}{self.article}"


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list. `code` is what is stored and exchanged (often the Chinese text itself)."""

    code: str
    label: str
    label_en: str = ""
    aliases: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    # Order of gravity, light to heavy; 0 where the list has none.
    weight: int = 0
    # What the code means to the rules, in their own English word (a severity, a procedure, an ended status).
    means: str = ""
    # True: the value must say what it is («其他-说明»).
    with_remark: bool = False


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

    def resolve(self, text: str) -> Code | None:
        """The entry whose code, label or alias is exactly `text`, or None."""
        return next((entry for entry in self.codes if text in {entry.code, entry.label, *entry.aliases}), None)

    def on(self, day: date) -> tuple[Code, ...]:
        """The codes that may be used on `day`."""
        return tuple(
            entry
            for entry in self.codes
            if (entry.since is None or entry.since <= day) and (entry.until is None or day <= entry.until)
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """«This field must be filled when `field` is one of / contains one of `values`»; `level` says error or warning."""

    field: str
    values: tuple[str, ...]
    level: Literal["error", "warning"] = "error"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item. Lengths in characters; decimals in the unit of the label (万元, 元)."""

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
    """One generation of a template: `marks` are columns only it has; `rename` maps its columns to field names.

    absent: required fields of today's template that this generation never had; they are not demanded of its files.
    ignored: columns of this generation that are read by nobody, each with the reason.
    recode: for a field, old code → today's code, where the meaning of a code has changed.
    """

    id: str
    title: str
    marks: tuple[str, ...]
    rename: tuple[tuple[str, str], ...] = ()
    reference: Reference | None = None
    absent: tuple[str, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()
    recode: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


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
    # id of the publicity rule set; the loader fills in `while-in-force` where the item names none.
    publicity: str = "while-in-force"
    # one of the ten disclosures (十公示)
    ten_disclosures: bool = False
    # True for records that bear on the subject negatively: the 5-year cap and repair apply.
    adverse: bool = False
    generations: tuple[Generation, ...] = ()
    clocks: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_until: date | None = None
    # On what ground decisions on a natural person's own licence or case go into that person's file; empty: refused.
    persons: tuple[Reference, ...] = ()
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
class Duty:
    """Why somebody looks at what is not public without running a credit check (履职事由)."""

    id: str
    title: str
    title_en: str
    basis: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section of the credit report. content: records of its categories and items, advice, or what no other names."""

    id: str
    title: str
    title_en: str
    content: Literal["records", "advice", "others"]
    categories: tuple[str, ...]
    items: tuple[str, ...]
    reference: Reference


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit. unit: working-day or day."""

    id: str
    title: str
    limit: int
    unit: Literal["working-day", "day"]
    anchor: str
    reference: Reference
    title_en: str = ""
    since: date | None = None
    until: date | None = None
    pack: str = ""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day reached by counting working days. provisional: a year without an official table was touched."""

    day: date
    provisional: bool
    sources: tuple[Reference, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Category:
    """An information category of the catalogue (信息类别)."""

    id: str
    title: str
    title_en: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class ProhibitedCategory:
    """Data that no item may carry and no file may bring. columns: regular expressions over folded column titles."""

    id: str
    title: str
    title_en: str
    columns: tuple[str, ...]
    # Column titles that match a pattern and are nevertheless allowed (欠税税种 is not a person's tax amount).
    allowed: tuple[str, ...]
    reference: Reference


@dataclass(frozen=True, slots=True)
class Principle:
    """A way of counting or choosing that all rules share; `value` is one of the values the code knows."""

    id: str
    title: str
    title_en: str
    value: str
    reference: Reference
    pack: str = ""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Days off and make-up working days of one year, out of the ordinary Monday to Friday."""

    year: int
    official: bool
    days_off: frozenset[date]
    make_up_days: frozenset[date]
    reference: Reference


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A rule as the policies page lists it. group: terms, cap, severity, clock, retention, principle."""

    id: str
    group: str
    title: str
    title_en: str
    since: date | None
    until: date | None
    outcome: str
    reference: Reference
    pack: str = ""
