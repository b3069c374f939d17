"""Who acts, as `decide` takes it: made of an account, of an API key, or of nobody."""

from __future__ import annotations

from datetime import date
from typing import Final

from gongxin.identity import doors, selectors
from gongxin.identity.decision_table import KEY, VISITOR
from gongxin.identity.decisions import Actor, StandIn
from gongxin.identity.models import ApiKey, User
from gongxin.identity.roles import STAFF

VISITOR_ACTOR: Final = Actor(name="", role=VISITOR)


def of_user(user: User, *, day: date) -> Actor:
    """The account's actor, with whom it stands in for on `day` and the organisations it represents; one query."""
    department = user.department
    return Actor(
        name=user.username,
        role=user.role,
        department=user.department_id,
        active=user.is_active and (department.active if department else user.role not in STAFF),
        purposes=frozenset(department.purposes) if department else frozenset(),
        organisations=selectors.codes(user),
        stands_in=tuple(StandIn(*entry) for entry in doors.stands_in(user.pk, day)) if department else (),
    )


def of_key(key: ApiKey) -> Actor:
    """The actor of a valid API key: its department's, for its department's purposes."""
    return Actor(
        name=f"key {key.prefix} {key.label}",
        role=KEY,
        department=key.department_id,
        active=key.department.active,
        purposes=frozenset(key.department.purposes),
    )
