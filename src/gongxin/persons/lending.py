"""Authorisations as they are kept: found by the digest of their code, opened with the person's key."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from gongxin.persons import contents, doors
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Authorisation
from gongxin.persons.seen import AuthorisationSeen
from gongxin.policy import packs

_TABLE: Final = "persons_authorisation"


def digest(code: str) -> str:
    """What is kept of a code: capitals and hyphens make no difference."""
    return hashlib.sha256(code.replace("-", "").upper().encode()).hexdigest()


def of_code(code: str) -> Authorisation | None:
    """The authorisation of a code, locked so that it is not revoked meanwhile; None for a code that nobody issued."""
    doors.lent(digest(code))
    held = Authorisation.objects.select_for_update(of=("self",)).select_related("file")
    return held.filter(digest=digest(code)).first()


def sealed(own: OwnFile, given: Authorisation, body: dict[str, Any]) -> str:
    """What an authorisation says, as it is kept."""
    return own.key.seal(json.dumps(body, ensure_ascii=False), table=_TABLE, row=str(given.pk))


def seen(own: OwnFile, given: Authorisation, *, day: date) -> AuthorisationSeen:
    """An authorisation as the person sees it on `day`. Raises Conflict if it does not open."""
    body = json.loads(own.key.open(given.body, table=_TABLE, row=str(given.pk)))
    pack, unit, until = packs.current(), UUID(body["unit"]), date.fromisoformat(body["until"])
    purpose = pack.purposes.get(body["purpose"])
    return AuthorisationSeen(
        id=given.pk,
        items=tuple(body["items"]),
        item_titles=tuple(pack.items[item].title if item in pack.items else item for item in body["items"]),
        purpose=body["purpose"],
        purpose_title=purpose.title if purpose else body["purpose"],
        unit=unit,
        unit_name=contents.unit_names([unit]).get(unit, ""),
        issued_at=datetime.fromisoformat(body["issued_at"]).astimezone(UTC),
        until=until,
        revoked_at=given.revoked_at,
        live=given.revoked_at is None and day <= until,
    )
