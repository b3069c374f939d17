"""Lending the file to a unit by item, purpose and end date, and taking that back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import actors, decisions
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Department, User
from gongxin.ids import uuid7
from gongxin.persons import holding, lending, selectors
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Authorisation, File
from gongxin.persons.seen import AuthorisationSeen, Issued

# Crockford's base 32: no letters that are mistaken for digits. 26 signs of 5 bits are more than 128.
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 26
_GROUP: Final = 5
_MOST_LIVE: Final = 50


@transaction.atomic
def issue_authorisation(
    items: Sequence[str], *, purpose: str, unit: UUID, until: date, acting_user: User, at: datetime
) -> Issued:
    """Let a unit open the records of these items for a purpose up to and including `until`. The code is told once.

    Raises NotPermitted; InvalidInput: an item that is not kept for persons, a purpose that does not open authorised
    records, a unit that has not got it, a day that is over or later than the pack allows; Conflict with too many, or
    while the file comes to its end.
    """
    own = own_file(acting_user, at)
    if own.file.leaving_since is not None:
        raise Conflict("file-leaving", "档案正在终结，不能再授权。", remedy="需要授权的，请先撤回终结档案的申请。")
    day = at.astimezone(CIVIL_TIME).date()
    chosen = tuple(dict.fromkeys(items))
    department = _judged(chosen, purpose, unit, until, day)
    held = Authorisation.objects.filter(file=own.file, revoked_at__isnull=True)
    if sum(lending.seen(own, one, day=day).live for one in held) >= _MOST_LIVE:
        raise Conflict("authorisations-many", "有效的授权过多。", remedy="请先撤回不再需要的授权。")
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    given = Authorisation(id=uuid7(), file=own.file, digest=lending.digest(code))
    body = {"items": chosen, "purpose": purpose, "unit": str(unit), "until": until.isoformat(),
            "issued_at": at.astimezone(UTC).isoformat()}  # fmt: skip
    given.body = lending.sealed(own, given, body)
    given.save(force_insert=True)
    fields = {"authorisation": str(given.pk), "unit": department.code, "purpose": purpose, "until": until.isoformat()}
    ledger.append("person.authorisation_issued", fields=fields, actor=acting_user.username, at=at)
    grouped = "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
    return Issued(grouped, lending.seen(own, given, day=day))


@transaction.atomic
def revoke_authorisation(authorisation_id: UUID, *, acting_user: User, at: datetime) -> AuthorisationSeen:
    """Take an authorisation back, at once. Raises NotPermitted, NotFound, Conflict if it was taken back before."""
    own = own_file(acting_user, at)
    held = Authorisation.objects.select_for_update().filter(file=own.file, pk=authorisation_id).first()
    if held is None:
        raise NotFound("authorisation-unknown", "没有这项授权。", remedy="请从授权列表重新打开。")
    if held.revoked_at is not None:
        raise Conflict("authorisation-revoked", "这项授权已经撤回。", remedy="无需再次撤回。")
    held.revoked_at = at
    held.save(update_fields=["revoked_at"])
    fields = {"authorisation": str(held.pk)}
    ledger.append("person.authorisation_revoked", fields=fields, actor=acting_user.username, at=at)
    return lending.seen(own, held, day=at.astimezone(CIVIL_TIME).date())


def own_file(user: User, at: datetime) -> OwnFile:
    """The own file of the account, locked. Raises NotPermitted, or NotFound where nothing is recorded."""
    day = at.astimezone(CIVIL_TIME).date()
    decisions.require(actors.of_user(user, day=day), Action.PERSON_OWN, Resource(account=user.username), day=day)
    own = holding.file_of(user)
    if own is None:
        raise NotFound("person-file-empty", "本平台没有您的记录，无可办理。", remedy="无需办理。")
    own.file = File.objects.select_for_update().get(pk=own.file.pk)
    return own


def _judged(items: Sequence[str], purpose: str, unit: UUID, until: date, day: date) -> Department:
    """The unit. Raises InvalidInput for what cannot be lent, or not to it."""
    offered = selectors.lendable(day=day)
    if not items or not set(items) <= {item for item, _ in offered.items}:
        raise InvalidInput("authorisation-items", "没有选择目录项，或者所选目录项不能授权。", remedy="请选择目录项。")
    if purpose not in offered.units_of:
        raise InvalidInput("authorisation-purpose", "这个用途不能凭授权查询。", remedy="请从列出的用途中选择。")
    if unit not in {entry.id for entry in offered.units_of[purpose]}:
        raise InvalidInput("authorisation-unit", "该单位没有此项查询用途。", remedy="请选择列出的单位。")
    if not day <= until <= offered.longest:
        raise InvalidInput(
            "authorisation-until",
            f"截止日期应在 {day} 至 {offered.longest} 之间。",
            remedy="请改填截止日期；到期后可以重新授权。",
        )
    return Department.objects.get(pk=unit)
