"""The nouns of procedures and of repair: tables of transitions, dated rules of repair. Built only by the loader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gongxin.policy.model import Reference

# Who may act in a case. A representative acts for the case's organisation, officers for the deciding department.
RoleWord = Literal["representative", "case_officer", "data_officer", "credit_office"]
# What an action must bring with it.
Ask = Literal["reasons", "evidence", "commitment", "correction", "occurred_on", "ground"]
# What an action does to the record or records, in the same transaction; the code knows these and no others. remove: off
# a list; shield: out of sight while a reorganisation runs, settle: for good, unshield: back; enter: a new record.
Effect = Literal["none", "correct", "revoke", "repair", "restore", "remove", "shield", "settle", "unshield", "enter"]
# What a case is about: one record, or an organisation (and those of its records that a step takes in).
About = Literal["record", "organisation"]
Outcome = Literal["granted", "refused", "withdrawn"]
Addressee = Literal["organisation", "department", "credit_office"]
# From which day the clock of a state counts: the case's first day, the day the state began, the deadline that was
# running; or that deadline goes on unchanged.
ClockFrom = Literal["filed", "entered", "due", "kept"]

ROLE_WORDS: Final[dict[str, str]] = {
    "representative": "信用主体",
    "case_officer": "承办单位承办员",
    "data_officer": "信息提供单位报送员",
    "credit_office": "信用办",
}
ROLE_WORDS_EN: Final[dict[str, str]] = {
    "representative": "the organisation",
    "case_officer": "case officer of the department",
    "data_officer": "data officer of the provider",
    "credit_office": "credit office",
}


@dataclass(frozen=True, slots=True)
class StateClock:
    """The time limit of a state. clock: id in the pack; warn: working days before its end at which it escalates."""

    clock: str
    counts_from: ClockFrom
    warn: int


@dataclass(frozen=True, slots=True)
class CaseState:
    """Where a case stands. turn: whose move it is; outcome: for an end, how it ended; contested: the record is marked
    异议 and nothing may rest on it; untrue: here it is established that a commitment was untrue.
    """

    id: str
    title: str
    title_en: str
    turn: tuple[RoleWord, ...] = ()
    clock: StateClock | None = None
    outcome: Outcome | None = None
    contested: bool = False
    untrue: bool = False


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What those concerned are told, with placeholders in braces (`casework_files.PLACEHOLDERS`)."""

    to: tuple[Addressee, ...]
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a procedure: in one of the states `since`, a role takes an action. since empty: it opens a case.

    not_by: nobody who took one of these actions in the case may take this one (maker ≠ checker). after_due: only when
    the state's clock has run out. within: clock in which it must be done, from the day the cause arose (`occurred_on`).
    grounds: only for a case on one of these; empty: any. enters: action whose text the effect «enter» puts on record.
    """

    action: str
    title: str
    title_en: str
    since: tuple[str, ...]
    to: str
    roles: tuple[RoleWord, ...]
    reference: Reference
    asks: tuple[Ask, ...] = ()
    not_by: tuple[str, ...] = ()
    after_due: bool = False
    within: str = ""
    effect: Effect = "none"
    notice: NoticeText | None = None
    grounds: tuple[str, ...] = ()
    enters: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a case may rest. items: for records of these items. after: months from the decision before it holds.

    eligible: only where the rules of repair allow it on that day.
    """

    id: str
    title: str
    title_en: str
    items: tuple[str, ...]
    reference: Reference
    after: int = 0
    eligible: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure (程序): states and the table of transitions between them.

    number: beginning of the case number. record_states: states a record may be in when a case about it is opened.
    adverse: only about adverse items. eligible: opened only where the rules of repair allow it on that day. items: only
    about records of these (of an organisation: what it may take in); empty: of any. enters: item of a record that comes
    out of it. office: the credit office decides, whoever opens it.
    """

    id: str
    title: str
    title_en: str
    number: str
    states: tuple[CaseState, ...]
    transitions: tuple[Transition, ...]
    record_states: tuple[str, ...]
    reference: Reference
    adverse: bool = False
    eligible: bool = False
    pack: str = ""
    about: About = "record"
    items: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()
    enters: str = ""
    office: bool = False

    def takes(self, item: str) -> bool:
        """Whether records of that item are its matter."""
        return not self.items or item in self.items

    def ground(self, ground_id: str) -> Ground | None:
        """The ground of that id, or None."""
        return next((entry for entry in self.grounds if entry.id == ground_id), None)

    def grounds_of(self, item: str) -> tuple[Ground, ...]:
        """The grounds on which a case about a record of that item may rest."""
        return tuple(entry for entry in self.grounds if item in entry.items)

    def state(self, state_id: str) -> CaseState:
        """The state of that id; KeyError if the procedure has none."""
        for entry in self.states:
            if entry.id == state_id:
                return entry
        raise KeyError(state_id)

    def transition(self, action: str) -> Transition | None:
        """The row of that action, or None."""
        return next((row for row in self.transitions if row.action == action), None)

    def openings(self) -> tuple[Transition, ...]:
        """The actions that open a case."""
        return tuple(row for row in self.transitions if not row.since)

    def rule_id(self, action: str) -> str:
        """The id under which the policies page, a step and a leaf name a transition."""
        return f"{self.id}-{action}"


Paper = Literal["duties", "commitment", "training"]


@dataclass(frozen=True, slots=True)
class RepairRegime:
    """The rules of repair in force between two days.

    minimum: months from the decision before repair may be asked for; "publicity": the minimum of the publicity rule
    of that time; None: repair is not possible. bar_months: how long an untrue commitment bars further repair.
    """

    id: str
    title: str
    title_en: str
    since: date | None
    until: date | None
    minimum: int | Literal["publicity"] | None
    papers: tuple[Paper, ...]
    bar_months: int | None
    reference: Reference
    notice_zh: str
    notice_en: str


@dataclass(frozen=True, slots=True)
class RepairRules:
    """How records of some items are repaired: regimes in order of time. procedure: by which it is asked for."""

    id: str
    title: str
    title_en: str
    items: tuple[str, ...]
    regimes: tuple[RepairRegime, ...]
    pack: str = ""
    procedure: str = "repair"

    def on(self, day: date) -> RepairRegime:
        """The regime in force on `day` (they follow each other without gap)."""
        return next(
            entry
            for entry in self.regimes
            if (entry.since or date.min) <= day and (entry.until is None or day <= entry.until)
        )
