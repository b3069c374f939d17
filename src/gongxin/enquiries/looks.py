"""The log of looks (查询留痕): every look at what is not public is written in the transaction that answers it.

A request is one entry and one leaf; a batch check is one entry a question and one leaf a piece, with the Merkle root
over the entries of the piece.
If entry or leaf cannot be written the transaction fails, and nothing is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from gongxin import ledger
from gongxin.enquiries.models import Channel, Kind, Look, LookLeaf, Outcome
from gongxin.errors import GongxinError
from gongxin.ids import uuid7
from gongxin.ledger import batches
from gongxin.policy import packs
from gongxin.policy.model import Reference
from gongxin.subjects.resident_ids import mask

TAKEN: Final = "look.taken"
_MAX_ASKED: Final = 200
_MAX_NAME: Final = 150
_MAX_MATTER: Final = 120
_MAX_PURPOSE: Final = 40
_MAX_BASIS: Final = 200
_MAX_RULE: Final = 80


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks. name: of the account or key; department_id: None for somebody who acts for none."""

    name: str
    role: str
    channel: Channel
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Why. purpose: code of a purpose or duty of the pack; rule: the rule of access that decided.

    consent: number of the organisation's authorisation under which it looks.
    """

    purpose: str
    matter: str = ""
    rule: str = ""
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """At what, and what came of it. disclosed: (record, revision) of everything told."""

    asked_for: str
    organisation_id: UUID | None = None
    others: tuple[UUID, ...] = ()
    disclosed: tuple[tuple[UUID, int], ...] = ()
    outcome: Outcome = Outcome.SHOWN
    reason: str = ""

    def refused(self, reason: str) -> Seen:
        """The same look, refused: nothing was told."""
        return replace(self, outcome=Outcome.REFUSED, reason=reason[:40], disclosed=(), others=())


def take(kind: Kind, seen: Seen, *, looker: Looker, ground: Ground, at: datetime) -> UUID:
    """Log one look with its leaf; its id. Call it last in the transaction that answers."""
    look, entry = write(kind, seen, looker=looker, ground=ground, at=at)
    refused = int(seen.outcome == Outcome.REFUSED)
    commit(kind, [entry], refused=refused, subject=look, actor=looker.name, at=at)
    return look


@transaction.atomic
def taken(kind: Kind, seen: Seen, *, looker: Looker, ground: Ground, at: datetime) -> UUID:
    """As `take`, where nothing else is to be done with it: a look that ended without an answer."""
    return take(kind, seen, looker=looker, ground=ground, at=at)


@contextmanager
def watched(
    kind: Kind, seen: Seen, *, looker: Looker, ground: Ground, at: datetime, own: bool = False
) -> Iterator[None]:
    """Read in this block what is not public: the look is logged with it, and as refused where it raises GongxinError.

    own: what is read is the reader's own work; only a refusal is a look.
    """
    refusal: GongxinError | None = None
    with transaction.atomic():
        try:
            with transaction.atomic():
                yield
        except GongxinError as error:
            refusal = error
            take(kind, seen.refused(error.code), looker=looker, ground=ground, at=at)
        else:
            if not own:
                take(kind, seen, looker=looker, ground=ground, at=at)
    if refusal is not None:
        raise refusal


def write(kind: Kind, seen: Seen, *, looker: Looker, ground: Ground, at: datetime) -> tuple[UUID, bytes]:
    """Write the entry without a leaf, for a verb that has a leaf of its own; its id and what a leaf commits to."""
    pack = packs.current()
    values: dict[str, Any] = {
        "id": uuid7(),
        "kind": kind.value,
        "channel": looker.channel.value,
        "department_id": looker.department_id,
        "asked_by": looker.name[:_MAX_NAME],
        "role": looker.role,
        "asked_at": at,
        "asked_for": mask(seen.asked_for)[:_MAX_ASKED],
        "organisation_id": seen.organisation_id,
        "others": list(seen.others),
        "matched_by": "",
        "purpose": mask(ground.purpose)[:_MAX_PURPOSE],
        "basis": basis_of(ground.purpose),
        "matter": mask(ground.matter)[:_MAX_MATTER],
        "consent": ground.consent,
        "rule": ground.rule[:_MAX_RULE],
        "outcome": seen.outcome.value,
        "reason": seen.reason,
        "record_count": len(seen.disclosed),
        "disclosed": [[str(record), revision] for record, revision in seen.disclosed],
        "batch_id": None,
        "pack_version": pack.version,
    }
    return values["id"], _inserted(values)


def commit(
    kind: Kind,
    entries: Sequence[bytes],
    *,
    refused: int,
    subject: UUID,
    last: UUID | None = None,
    actor: str,
    at: datetime,
) -> int:
    """Append the leaf of one look, or of the looks `subject` to `last` of a piece of a batch; its number.

    entries: SHA-256 of each look as `enquiries_entry` makes it, in the order of their ids.
    """
    fields = {"kind": kind.value, "looks": len(entries), "refused": refused, "looks_root": root(entries)}
    seq = ledger.append(TAKEN, fields=fields, actor=actor, at=at)
    LookLeaf.objects.create(subject=subject, last=last, seq=seq, event=TAKEN)
    return seq


def root(entries: Sequence[bytes]) -> str:
    """What a leaf says of these looks."""
    return batches.root(b"".join(entries)).hex()


def basis_of(purpose: str) -> str:
    """The articles a purpose or duty stands on in today's pack, in words; empty for a word that is neither."""
    pack = packs.current()
    found = pack.purposes.get(purpose) or pack.duties.get(purpose)
    return "；".join(_cited(entry) for entry in found.basis)[:_MAX_BASIS] if found else ""


def _cited(entry: Reference) -> str:
    return entry.title + entry.article


def _inserted(values: dict[str, Any]) -> bytes:
    """Insert the row; what a leaf commits to."""
    prepared = {field.attname: field.get_db_prep_save(values[field.attname], connection) for field in _STORED}
    names = ", ".join(prepared)
    marks = ", ".join(f"%({name})s" for name in prepared)
    with connection.cursor() as cursor:
        cursor.execute(
            # The names are those of the model's own fields.
            f"INSERT INTO enquiries_look AS l ({names}, data_version) "  # noqa: S608
            f"VALUES ({marks}, pg_current_snapshot()::text) RETURNING enquiries_entry(l)",
            prepared,
        )
        return bytes(cursor.fetchone()[0])


_STORED: Final = tuple(field for field in Look._meta.concrete_fields if field.attname != "data_version")
