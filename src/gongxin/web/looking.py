"""Pages that show what is not public: every request is one look in the log, refused ones too.

`looked` stands around everything else a page has, so that whatever refuses the request, the refusal is on record. The
view says what it shows by `saw`; a view that says nothing is logged by its address.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Final, TypeAlias, cast

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gongxin import clock
from gongxin.enquiries import looks
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Channel, Kind, Outcome
from gongxin.errors import GongxinError
from gongxin.identity.decisions import Refused
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.records.models import Record

View: TypeAlias = Callable[..., HttpResponseBase]
# Duties of the pack under which staff look at the desk.
PLATFORM: Final = "platform-management"
OWN: Final = "own-supplies"
ACCOUNTS: Final = "account-administration"


_KINDS: Final = (
    ("/administration/", Kind.ACCOUNT),
    ("/keys/", Kind.ACCOUNT),
    ("/retention", Kind.ARCHIVE),
    ("/cases/", Kind.CASE),
    ("/upload", Kind.SUBMISSION),
    ("/submissions", Kind.SUBMISSION),
    ("/entry/", Kind.SUBMISSION),
)


@dataclass
class _Watched:
    """What the view says of the request while it works on it. settled: nothing is left to log."""

    seen: Seen
    ground: Ground
    settled: bool = False
    # The rule of the last question of access; one that the view names comes before it.
    judged: str = ""
    refused: GongxinError | None = field(default=None)


@dataclass(frozen=True, slots=True)
class _Means:
    """How the page was looked at, and whether it was refused."""

    kind: Kind
    channel: Channel
    refused: bool


def looked(
    kind: Kind, *, duty: str = PLATFORM, channel: Channel = Channel.DESK, alone: bool = False
) -> Callable[[View], View]:
    """A page whose requests are looks of this kind under this duty of the pack, unless the view says another.

    Answer and entry are one transaction. Nobody signed in, or sent elsewhere: nothing was looked at. alone: the view
    works in transactions of its own (a form that changes something, and what it changes has a leaf). A form that is
    shown, empty or with its faults, is a look at what it is about.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return view(request, *args, **kwargs)
            watched = _Watched(Seen(request.path), Ground(duty))
            # mypy: HttpRequest has no such attribute; it travels with the request as `user` does.
            request.gongxin_watched = watched  # type: ignore[attr-defined]
            with nullcontext() if alone else transaction.atomic():
                response = view(request, *args, **kwargs)
                if response.status_code != 405:
                    refused = watched.refused is not None or (response.status_code >= 400 and not alone)
                    _settle(request, response, watched, _Means(kind, channel, refused))
            return response

        return page

    return decorated


def saw(request: HttpRequest, seen: Seen, *, rule: str = "", purpose: str = "", matter: str = "") -> None:
    """What the page shows (or was asked to show), by which rule; purpose replaces the page's duty."""
    watched = _of(request)
    watched.seen = seen
    ground = watched.ground
    watched.ground = replace(ground, rule=rule or ground.rule, purpose=purpose or ground.purpose, matter=matter)


def by(request: HttpRequest, rule: str) -> None:
    """By which rule of access the page was allowed."""
    watched = _of(request)
    watched.ground = replace(watched.ground, rule=rule)


def judged(request: HttpRequest, rule: str) -> None:
    """A question of access was answered by this rule; nothing where the page is no look."""
    watched: _Watched | None = getattr(request, "gongxin_watched", None)
    if watched is not None:
        watched.judged = rule


def settle(request: HttpRequest) -> None:
    """Nothing to log from here on: a verb has logged the look, or the department looks at its own hand-in."""
    _of(request).settled = True


def refused(request: HttpRequest, error: GongxinError) -> None:
    """Note why the request is refused; for whoever turns errors into pages.

    Where the page itself is no look (a form, a list of keys), that somebody was not let in is one all the same.
    """
    watched: _Watched | None = getattr(request, "gongxin_watched", None)
    if watched is not None:
        watched.refused = error
    elif isinstance(error, Refused) and request.user.is_authenticated:
        ground, seen = Ground(PLATFORM, rule=error.decision.rule), Seen(request.path).refused(error.code)
        mine = request.path.startswith("/mine/")
        who = looker(request, Channel.MINE if mine else Channel.DESK)
        looks.taken(_kind_of(request.path), seen, looker=who, ground=ground, at=clock.now())


def _kind_of(path: str) -> Kind:
    """What somebody who was not let in wanted to see, by the address."""
    return next((kind for part, kind in _KINDS if part in path), Kind.RECORDS)


def looker(request: HttpRequest, channel: Channel) -> Looker:
    """The signed-in account."""
    user = cast("User", request.user)
    return Looker(user.username, user.role, channel, user.department_id)


def _of(request: HttpRequest) -> _Watched:
    # mypy: set by `looked`, which stands around every view that calls this.
    return cast("_Watched", request.gongxin_watched)  # type: ignore[attr-defined]


def _settle(request: HttpRequest, response: HttpResponseBase, watched: _Watched, means: _Means) -> None:
    if watched.settled or 300 <= response.status_code < 400:
        return
    seen, ground = watched.seen, watched.ground
    ground = replace(ground, rule=ground.rule or watched.judged)
    if means.refused:
        error = watched.refused
        seen = seen.refused(error.code if error else f"status-{response.status_code}")
        ground = replace(ground, rule=error.decision.rule) if isinstance(error, Refused) else ground
    looks.taken(means.kind, seen, looker=looker(request, means.channel), ground=ground, at=clock.now())


def of_record(held: Record) -> Seen:
    """One record. Of one that is not the asker's the number is not known."""
    number = "" if "document_no" in held.get_deferred_fields() else held.document_no
    asked_for = f"{packs.current().item(held.item).title} {number}".strip()
    return Seen(asked_for, held.organisation_id, disclosed=((held.pk, held.revision),), outcome=Outcome.FOUND)


def of_list(asked_for: str, entries: list[Record]) -> Seen:
    """A list of records: the organisations on it, each record with its revision."""
    return Seen(
        asked_for,
        others=tuple(dict.fromkeys(entry.organisation_id for entry in entries)),
        disclosed=tuple((entry.pk, entry.revision) for entry in entries),
        outcome=Outcome.FOUND if entries else Outcome.NO_RECORDS,
    )
