"""What the personal file shows: plain values, made by `selectors` and the verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from gongxin.policy.model import Reference

# Fewer than this are told to nobody by number: a number of persons that small says too much.
SMALLEST: Final = 10


@dataclass(frozen=True, slots=True)
class FieldSeen:
    """One field of a record with content. correctable: an objection may ask for another value."""

    name: str
    label: str
    label_en: str
    text: str
    correctable: bool


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """One state of a record. reason: reported, resubmitted or corrected."""

    number: int
    recorded_at: datetime
    reason: str
    fields: tuple[FieldSeen, ...]


@dataclass(frozen=True, slots=True)
class KeptSeen:
    """Until when a record is kept: the last day (None: the decision is valid without end) and the rule; term: how long,
    outcome: and what happens then, in words. is_over: the term has passed, and officials may decide on destruction.
    """

    rule: str
    title: str
    title_en: str
    term: str
    outcome: str
    until: date | None
    is_over: bool
    reference: Reference


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """One decision as it stands. versions: all states, the newest first; empty for anybody but the person.

    contested: marked 异议, nothing may rest on it meanwhile. withdrawn: taken back after an objection. kept: only for
    the person.
    """

    id: UUID
    item: str
    item_title: str
    item_title_en: str
    title: str
    document_no: str
    decided_on: date | None
    unit: UUID
    unit_name: str
    fields: tuple[FieldSeen, ...]
    contested: bool
    withdrawn: bool
    versions: tuple[VersionSeen, ...]
    kept: KeptSeen | None = None

    @property
    def is_held(self) -> bool:
        """Whether it stays although the person asks for the end of the file: a term runs, or an objection does."""
        return self.contested or self.kept is None or not self.kept.is_over


@dataclass(frozen=True, slots=True)
class OpeningSeen:
    """Who opened the file, or tried to. kind: own, download, code or objection; who: account name.

    purpose_title is empty where none plays a part; reason says why it was allowed or refused; leaf: its number in the
    log.
    """

    id: UUID
    at: datetime
    kind: str
    who: str
    unit_name: str
    purpose: str
    purpose_title: str
    items: tuple[str, ...]
    records: int
    allowed: bool
    reason: str
    leaf: int


@dataclass(frozen=True, slots=True)
class AuthorisationSeen:
    """What the person lent. until: last day. live: it opens today."""

    id: UUID
    items: tuple[str, ...]
    item_titles: tuple[str, ...]
    purpose: str
    purpose_title: str
    unit: UUID
    unit_name: str
    issued_at: datetime
    until: date
    revoked_at: datetime | None
    live: bool


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A file as it was uploaded with an objection."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PaperSeen:
    """A file brought with an objection, closed. size: bytes."""

    id: UUID
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class PaperContent:
    """The same, opened."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ObjectionSeen:
    """An objection. wanted: texts asked for, by field. state: open, corrected, withdrawn, refused, erased.
    erasure_wanted_by: the official who wants the record erased, as long as nobody has decided that, and why.
    """

    id: UUID
    record: UUID
    record_title: str
    unit_name: str
    reasons: str
    wanted: dict[str, str]
    filed_at: datetime
    due: date
    assisted: bool
    state: str
    state_title: str
    decision_reasons: str
    decided_by: str
    decided_at: datetime | None
    papers: tuple[PaperSeen, ...] = ()
    erasure_wanted_by: str = ""
    erasure_reasons: str = ""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """The whole file as the person sees it, newest decisions first; the leaf of this opening. leaving_since: when the
    person asked for its end.
    """

    account: str
    at: datetime
    records: tuple[RecordSeen, ...]
    leaf: int
    leaving_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """The content of the signed copy: the file and everything around it."""

    file: FileSeen
    openings: tuple[OpeningSeen, ...]
    authorisations: tuple[AuthorisationSeen, ...]
    objections: tuple[ObjectionSeen, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new authorisation with its code, which is shown this once."""

    code: str
    authorisation: AuthorisationSeen


@dataclass(frozen=True, slots=True)
class Lent:
    """What a code opens: the records of its items, and on what it rests."""

    authorisation: AuthorisationSeen
    records: tuple[RecordSeen, ...]
    leaf: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An objection that waits for a unit: nothing of the person, nothing of the record."""

    id: UUID
    filed_at: datetime
    due: date
    assisted: bool
    late: bool


@dataclass(frozen=True, slots=True)
class ObjectionCase:
    """What the deciding unit sees: the objection and the one record it is about."""

    objection: ObjectionSeen
    record: RecordSeen
    leaf: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that may be given an authorisation for a purpose."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Lendable:
    """What the form of an authorisation offers. items: id, title; units_of: by purpose; longest: last day allowed."""

    items: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str], ...]
    units_of: dict[str, tuple[Unit, ...]]
    longest: date


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a file whose end the person asked for. destroyed: entries at once; left: those a duty holds back;
    whole: nothing is left, the key is gone too.
    """

    destroyed: int
    left: int
    whole: bool


@dataclass(frozen=True, slots=True)
class LetterSeen:
    """An e-mail to the person: when it was made, how it stands, when it was handed over."""

    made_at: datetime
    state: str
    state_title: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailboxSeen:
    """Where the person is told. shown: the address as only its owner recognises it."""

    shown: str
    confirmed_at: datetime | None
    letters: tuple[LetterSeen, ...]
