"""Opening the file: by the person, by a unit with the person's code. Each opening is on the person's record and in the
log, in the transaction that reads; refused ones too, wherever it can be told whose file was asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Final

from django.db import transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import GongxinError, InvalidInput, NotPermitted
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import User
from gongxin.ids import uuid7
from gongxin.persons import contents, holding, lending, letters, selectors
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Opening
from gongxin.persons.seen import AuthorisationSeen, Copy, FileSeen, Lent, RecordSeen

OWN: Final = "own"
DOWNLOAD: Final = "download"
CODE: Final = "code"
OBJECTION: Final = "objection"
# The person's own looks: on record too, and no news.
BY_SELF: Final = frozenset({OWN, DOWNLOAD})
_TABLE: Final = "persons_opening"
_MOST_CODE: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What the person is told of an opening. unit: id and code of the department, empty for the person. reason: the
    rule of access, or the code of the refusal, in words.
    """

    kind: str
    who: str
    unit: str = ""
    unit_code: str = ""
    purpose: str = ""
    items: tuple[str, ...] = ()
    records: int = 0
    allowed: bool = True
    reason: str = ""


@transaction.atomic
def open_own(*, acting_user: User, at: datetime) -> FileSeen:
    """The whole own file. Raises NotPermitted: no person's account, or no verified sign-in."""
    return _own(acting_user, OWN, at)


@transaction.atomic
def download(*, acting_user: User, at: datetime) -> Copy:
    """The content of the signed copy. Raises what `open_own` raises."""
    seen = _own(acting_user, DOWNLOAD, at)
    return Copy(
        seen,
        selectors.openings(acting_user),
        selectors.authorisations(acting_user, day=at.astimezone(CIVIL_TIME).date()),
        selectors.objections(acting_user),
    )


def open_by_code(code: str, *, purpose: str, acting_user: User, at: datetime) -> Lent:
    """The records that a code opens, for a member of staff of the unit it was given to, for its purpose.

    Raises NotPermitted: not this unit, not this purpose, revoked, over, or no such code (one answer for all that a
    stranger could learn from); InvalidInput without code.
    """
    wanted = "".join(code.split())
    if not wanted or len(wanted) > _MOST_CODE:
        raise InvalidInput("authorisation-code", "没有填写授权码，或者授权码过长。", remedy="请填写本人提供的授权码。")
    with transaction.atomic():
        given = lending.of_code(wanted)
        own = holding.opened(given.file) if given else None
        lent = lending.seen(own, given, day=at.astimezone(CIVIL_TIME).date()) if given and own else None
        try:
            _judge(lent, purpose, acting_user, at)
        except GongxinError as error:
            refusal = error
        else:
            # mypy: `_judge` raises where there is none.
            assert own is not None  # noqa: S101
            assert lent is not None  # noqa: S101
            return _lent(own, lent, acting_user, at)
        told = refused(by_staff(CODE, acting_user, purpose), refusal)
        log(own, told, actor=acting_user.username, at=at)
    raise refusal


def log(own: OwnFile | None, told: Told, *, actor: str, at: datetime) -> int:
    """Write an opening on the person's record and in the log; the number of the leaf. Last in the transaction.

    own: None where there is no file, so only the log has it.
    """
    opening = Opening(id=uuid7(), file=own.file if own else None)
    body = json.dumps(asdict(told) | {"at": at.astimezone(UTC).isoformat()}, ensure_ascii=False)
    opening.body = own.key.seal(body, table=_TABLE, row=str(opening.pk)) if own else ""
    fields = {
        "entry": hashlib.sha256(opening.body.encode()).hexdigest(),
        "kind": told.kind,
        "unit": told.unit_code,
        "purpose": told.purpose,
        "allowed": told.allowed,
    }
    opening.leaf = ledger.append("person.file_opened", fields=fields, actor=actor, at=at)
    if own:
        opening.save(force_insert=True)
        if told.kind not in BY_SELF:
            letters.tell([own.file.pk], at=at)
    return opening.leaf


def by_staff(kind: str, user: User, purpose: str) -> Told:
    """An opening by a member of staff, before anything is shown. Substitutes are of the same unit."""
    unit = user.department
    return Told(kind, user.username, str(unit.pk) if unit else "", unit.code if unit else "", purpose)


def allowed(told: Told, records: Sequence[RecordSeen], reason: str) -> Told:
    """The same opening as one that shows these records."""
    items = tuple(sorted({record.item for record in records}))
    return replace(told, items=items, records=len(records), reason=reason)


def refused(told: Told, refusal: GongxinError) -> Told:
    """The same opening as one that was refused."""
    return replace(told, allowed=False, reason=refusal.title)


def _own(user: User, kind: str, at: datetime) -> FileSeen:
    day = at.astimezone(CIVIL_TIME).date()
    actor = actors.of_user(user, day=day)
    rule = decisions.require(actor, Action.PERSON_OWN, Resource(account=user.username), day=day)
    own = holding.file_of(user)
    records = contents.records(own, history=True, day=day) if own else ()
    items = tuple(sorted({record.item for record in records}))
    told = Told(kind, user.username, items=items, records=len(records), reason=rule.reason)
    leaf = log(own, told, actor=user.username, at=at)
    return FileSeen(user.username, at, records, leaf, own.file.leaving_since if own else None)


def _judge(lent: AuthorisationSeen | None, purpose: str, user: User, at: datetime) -> None:
    """Raises Refused or NotPermitted unless this account may open what the code stands for."""
    day = at.astimezone(CIVIL_TIME).date()
    live = lent is not None and lent.live and lent.purpose == purpose
    resource = Resource(department=lent.unit if lent else None, disclosure="authorised", consent=live)
    decisions.require(actors.of_user(user, day=day), Action.PERSON_OPEN, resource, purpose=purpose, day=day)
    if lent is None:
        raise NotPermitted("authorisation-unknown", "授权码无效。", remedy="请向本人核对授权码。")


def _lent(own: OwnFile, lent: AuthorisationSeen, user: User, at: datetime) -> Lent:
    held = contents.records(own, history=False)
    records = tuple(record for record in held if record.item in lent.items and not record.withdrawn)
    told = by_staff(CODE, user, lent.purpose)
    told = allowed(told, records, "凭本人授权")
    return Lent(lent, records, log(own, told, actor=user.username, at=at))
