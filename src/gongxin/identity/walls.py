"""An actor as the second wall takes it: whose rows the database gives (gongxin.walls)."""

from __future__ import annotations

from typing import Final

from gongxin.identity.decision_table import KEY
from gongxin.identity.decisions import Actor
from gongxin.identity.roles import WORKING, Role
from gongxin.walls import acting
from gongxin.walls.acting import Asker

# Administrators do no business: their department opens nothing to them.
_OF_DEPARTMENTS: Final = WORKING | {KEY}


def let_in(actor: Actor) -> None:
    """From here to the end of the request the database gives what is this actor's, and of those it stands in for."""
    acting.act(asker_of(actor))


def asker_of(actor: Actor) -> Asker:
    """What the database is told of an actor. One that is out of use is nobody."""
    if not actor.active:
        return Asker(name=actor.name)
    standings = [(actor.role, actor.department), *((entry.role, entry.department) for entry in actor.stands_in)]
    return Asker(
        roles=frozenset(Role(role).value if role != KEY else KEY for role, _department in standings),
        departments=frozenset(
            department for role, department in standings if department is not None and role in _OF_DEPARTMENTS
        ),
        codes=actor.organisations,
        name="" if actor.role == KEY else actor.name,
    )
