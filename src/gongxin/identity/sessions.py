"""Sessions of accounts: which are open, how long they last, and ending them.

django-allauth's UserSession remembers whose a session is; the session itself is Django's; both under a digest of the
session's key (`secrecy.session_store`). What a session knows about itself stands in it under the names below, as
seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from gongxin import ledger
from gongxin.errors import Conflict, NotFound
from gongxin.identity import administering
from gongxin.identity.models import User
from gongxin.secrecy import session_store
from gongxin.secrecy.session_store import kept

STARTED: Final = "gx_started"
SEEN: Final = "gx_seen"
# When the account last proved itself anew, and with which second factor it signed in.
CONFIRMED: Final = "gx_confirmed"
FACTOR: Final = "gx_factor"
METHOD: Final = "gx_method"
_BROWSER_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class OpenSession:
    """An open session as its owner sees it. browser: what the browser says of itself, cut short."""

    id: int
    opened_at: datetime
    seen_at: datetime
    address: str
    browser: str
    current: bool


def overdue(marks: Mapping[str, Any], *, at: datetime) -> str:
    """Why a session is over at that instant: `idle`, `age`, or "" while it lasts."""
    now = at.timestamp()
    if now - marks.get(STARTED, now) > settings.SESSION_LONGEST_SECONDS:
        return "age"
    return "idle" if now - marks.get(SEEN, now) > settings.SESSION_IDLE_SECONDS else ""


def opened(user: User, *, key: str, address: str, browser: str, at: datetime) -> int:
    """Note a session that has just been opened, in the transaction of the sign-in; the caller logs it.

    Sessions of anybody that have run out go on this occasion.
    The oldest ones beyond settings.SESSIONS_PER_ACCOUNT end. Returns how many that were.
    """
    session_store.sweep(at=at)
    living = [session.pk for session in _living(user, at)]
    UserSession.objects.filter(user=user).exclude(pk__in=living).delete()
    surplus = living[: max(0, len(living) + 1 - settings.SESSIONS_PER_ACCOUNT)]
    _delete(UserSession.objects.filter(pk__in=surplus))
    UserSession.objects.create(
        user=user,
        session_key=kept(key),
        ip=address,
        user_agent=browser[:_BROWSER_SHOWN],
        created_at=at,
        last_seen_at=at,
    )
    return len(surplus)


def listing(user: User, *, current: str | None, at: datetime) -> list[OpenSession]:
    """The account's open sessions, newest first. current: key of the session that asks."""
    living = _living(user, at)
    stored = session_store.stored([entry.session_key for entry in living], at=at)
    return [_shown(entry, stored.get(entry.session_key, {}), kept(current)) for entry in reversed(living)]


@transaction.atomic
def end(user: User, session_id: int, *, at: datetime) -> None:
    """End one of the account's own sessions. Raises NotFound for one that is over, or somebody else's."""
    if not _delete(UserSession.objects.filter(user=user, pk=session_id)):
        raise NotFound("session-unknown", "这个登录会话已经结束。", remedy="请刷新页面查看仍在使用的会话。")
    over(user, reason="own", count=1, at=at)


@transaction.atomic
def end_others(user: User, *, keep: str | None, at: datetime) -> int:
    """End all of the account's sessions but the one that asks. Returns how many."""
    count = drop(user, keep=keep)
    if count:
        over(user, reason="own", count=count, at=at)
    return count


@transaction.atomic
def end_all(account: User, *, acting_user: User | None, at: datetime) -> int:
    """End every session of another's account; it may sign in again. acting_user: None for the command line.

    Returns how many. Raises NotPermitted, or Conflict if none is open.
    """
    actor = administering.judge(account, acting_user, at=at)
    count = drop(account)
    if not count:
        raise Conflict("sessions-none", "该账号没有正在使用的登录会话。", remedy="无需结束；要禁止登录的，请停用账号。")
    over(account, reason="administrator", count=count, at=at, actor=actor)
    return count


def moved(user: User, *, old: str | None, new: str | None) -> None:
    """A session goes on under another key."""
    UserSession.objects.filter(user=user, session_key=kept(old)).update(session_key=kept(new))


def drop(user: User, *, keep: str | None = None) -> int:
    """Delete the account's sessions, within the verb that has a reason for it and logs it. Returns how many."""
    return _delete(UserSession.objects.filter(user=user).exclude(session_key=kept(keep)))


@transaction.atomic
def close(user: User, *, key: str | None, reason: str, at: datetime) -> None:
    """One session is over: signed out, too old, too long unused, or its account may no longer use it."""
    _delete(UserSession.objects.filter(user=user, session_key=kept(key)))
    over(user, reason=reason, count=1, at=at)


def over(user: User, *, reason: str, count: int, at: datetime, actor: str = "") -> None:
    """Log that sessions of an account ended. actor: who ended them, if not the account itself."""
    fields = {"account": user.username, "reason": reason, "sessions": count}
    ledger.append("session.ended", fields=fields, actor=actor or user.username, at=at, about=[user.pk])


def _living(user: User, at: datetime) -> list[UserSession]:
    """What has not run out, oldest first."""
    noted = list(UserSession.objects.filter(user=user).order_by("created_at", "pk"))
    keys = [entry.session_key for entry in noted]
    found = session_store.stored(keys, at=at)
    alive = {key for key, marks in found.items() if not overdue(marks, at=at)}
    return [entry for entry in noted if entry.session_key in alive]


def _delete(noted: Any) -> int:
    keys = list(noted.values_list("session_key", flat=True))
    noted.delete()
    session_store.end(keys)
    return len(keys)


def _shown(entry: UserSession, marks: Mapping[str, Any], current: str) -> OpenSession:
    seen = marks.get(SEEN)
    return OpenSession(
        id=entry.pk,
        opened_at=entry.created_at,
        seen_at=datetime.fromtimestamp(seen, UTC) if seen else entry.created_at,
        address=entry.ip,
        browser=entry.user_agent,
        current=entry.session_key == current,
    )
