"""What is asked of accounts before anybody is known, or while it is found out who asks: each by a key, and no list.

The functions stand in `walls.policies.DOORS` and work with the owner's rights, so that the table of accounts itself can
stay behind the second wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

if TYPE_CHECKING:
    from gongxin.identity.models import User


def account_with_id(model: type[User], account_id: object) -> User | None:
    """The account of a session."""
    return _one(model, "gongxin_account_with_id(%s::bigint)", [account_id])


def account_named(model: type[User], username: str) -> User | None:
    """The account of a name that somebody typed."""
    return _one(model, "gongxin_account_named(%s)", [username])


def account_bound(model: type[User], uids: Iterable[str]) -> User | None:
    """The account that a subject of the identity service is bound to, by what is kept of the subject."""
    return _one(model, "gongxin_account_bound(%s)", [list(uids)])


def codes_of(account_id: int) -> frozenset[str]:
    """The credit codes an account is bound to now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gongxin_codes_of(%s)", [account_id])
        return frozenset(code for (code,) in cursor.fetchall())


def stands_in(account_id: int, day: date) -> list[tuple[str, str, UUID, date, date]]:
    """Whom an account stands in for on `day`: name, role, department, first and last day; latest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gongxin_stands_in(%s, %s)", [account_id, day])
        return list(cursor.fetchall())


def _one(model: type[User], call: str, given: list[Any]) -> User | None:
    # The call is one of those above; what is asked for is passed as a parameter.
    return next(iter(model._default_manager.raw(f"SELECT * FROM {call}", given)), None)  # noqa: S608
