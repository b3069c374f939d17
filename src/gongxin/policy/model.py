"""The nouns of a policy pack. Frozen, plain, hashable; built only by the loader (`policy.loader`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

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
class PublicityFacts:
    """What the publicity rules look at."""

    decided_on: date
    severity: str = ""
    procedure: str = ""
    kinds: tuple[str, ...] = ()
    field_of_law: str = ""
    acted_until: date | None = None
    effective_until: date | None = None
    status: str = ""


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
    # The rule of the decision's own time; differs from `rule` where a later rule or the five-year limit ends earlier.
    rule_at_decision: str = ""


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


SEVERITY_WORDS: Final = {"minor": "轻微", "ordinary": "一般", "serious": "严重", "gravest": "特定严重"}
_PROCEDURES: Final = {"simple": "简易", "ordinary": "普通"}


@dataclass(frozen=True, slots=True)
class When:
    """Conditions on the facts of one decision; all that are given must hold.

    any_kind: at least one kind of the decision is in the set; only_kinds: every kind is in the set, and there is one.
    """

    severity: tuple[str, ...] = ()
    procedure: tuple[str, ...] = ()
    field_of_law: tuple[str, ...] = ()
    any_kind: tuple[str, ...] = ()
    only_kinds: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The conditions as a page shows them; «其他情形» where there are none."""
        named = {
            "失信程度": tuple(SEVERITY_WORDS[word] for word in self.severity),
            "程序": tuple(_PROCEDURES[word] for word in self.procedure),
            "领域": self.field_of_law,
            "种类含": self.any_kind,
            "种类仅为": self.only_kinds,
        }
        parts = [f"{name}“{'、'.join(values)}”" for name, values in named.items() if values]
        return "，".join(parts) or "其他情形"


@dataclass(frozen=True, slots=True)
class PublicityCase:
    """What one rule says of one class of decisions. Months; `maximum` None: no end of its own.

    while_in_force: public up to and including the last day of effect (`exit_shown`), or up to the day before it.
    minimum None: repair is not possible or not spoken of.
    """

    id: str
    title: str
    title_en: str
    when: When
    published: bool
    minimum: int | None
    maximum: int | None
    anchor: Literal["decided_on", "acted_until"]
    while_in_force: bool
    exit_shown: bool
    reference: Reference

    def outcome(self) -> str:
        """What the rule says, in a few words."""
        if not self.published:
            return "不予公示"
        parts = ["有效期间公示"] if self.while_in_force else []
        if self.minimum is not None:
            parts.append(f"最短 {self.minimum} 个月")
        if self.maximum is not None:
            parts.append(f"最长 {self.maximum} 个月")
        return "，".join(parts) or "没有自己的期限"

    def outcome_en(self) -> str:
        """The same in English."""
        if not self.published:
            return "not public"
        parts = ["public while in force"] if self.while_in_force else []
        if self.minimum is not None:
            parts.append(f"{self.minimum} months at least")
        if self.maximum is not None:
            parts.append(f"{self.maximum} months at most")
        return ", ".join(parts) or "no term of its own"


@dataclass(frozen=True, slots=True)
class PublicityRegime:
    """The cases in force between two days; the first case whose conditions hold applies. since None: since ever."""

    since: date | None
    until: date | None
    title: str
    title_en: str
    cases: tuple[PublicityCase, ...]


@dataclass(frozen=True, slots=True)
class PublicityRules:
    """How long records of a kind are public: regimes in order of time.

    severity: id of the classification that fills in what the provider did not mark, "" for none.
    unknown_end: what the cap counts from where the end of the act is not known: the decision, or nothing (it goes on).
    """

    id: str
    title: str
    title_en: str
    regimes: tuple[PublicityRegime, ...]
    severity: str = ""
    # Code list the kinds in conditions come from, "" where no condition looks at kinds.
    kinds: str = ""
    unknown_end: Literal["decided_on", "open"] = "decided_on"
    # The cap holds for every adverse item; True: also for items of this set that are not adverse as such.
    capped: bool = False
    pack: str = ""


@dataclass(frozen=True, slots=True)
class PublicityCap:
    """An upper limit on the publicity of every adverse record, in months from the end of the act."""

    id: str
    title: str
    title_en: str
    since: date | None
    until: date | None
    months: int
    reference: Reference
    pack: str = ""


@dataclass(frozen=True, slots=True)
class SeverityCase:
    """Decisions for which `when` holds are of `severity`."""

    when: When
    severity: Severity
    reference: Reference


@dataclass(frozen=True, slots=True)
class SeverityRegime:
    """The classification in force between two days; the first case that holds applies."""

    since: date | None
    until: date | None
    cases: tuple[SeverityCase, ...]


@dataclass(frozen=True, slots=True)
class SeverityRules:
    """How grave a decision is where the provider did not mark it. kinds: the code list the kinds come from."""

    id: str
    title: str
    title_en: str
    kinds: str
    regimes: tuple[SeverityRegime, ...]
    pack: str = ""


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
