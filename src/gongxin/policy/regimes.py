"""Dated rules of publicity and severity, what they look at and what comes of them. Frozen, plain, hashable; built only
by the loader (`policy.terms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gongxin.policy.model import Reference, Severity


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
