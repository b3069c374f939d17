"""The places at the desk that show what records say, for the daily proof: what has ended is in none of them.

They are asked by the selectors and the rules of access that the pages ask, because nobody is signed in. Items that
speak for an organisation are left out: what has lapsed of them stays with its provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from gongxin.ends import exits
from gongxin.ends.exits import Exit, Suspect
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Actor, Resource, decide
from gongxin.identity.roles import Role
from gongxin.policy import packs
from gongxin.records import archiving
from gongxin.records.models import Record, State
from gongxin.rights.models import Case

_NAME: Final = "daily-proof"


def register() -> None:
    """Name them."""
    exits.register(Exit("desk-list", "工作台信用记录列表", _listed, inside=True))
    exits.register(Exit("desk-record", "工作台信用记录页面", _read, inside=True))
    exits.register(Exit("case-list", "办件列表中的文书号", _of_cases, inside=True))


def _adverse(suspects: Sequence[Suspect]) -> QuerySet[Any]:
    items = packs.current().items
    return Record.objects.filter(
        pk__in=[one.id for one in suspects if one.item not in items or items[one.item].adverse]
    )


def _listed(suspects: Sequence[Suspect], day: date) -> Iterable[UUID]:
    return list(_adverse(suspects).filter(archiving.at_hand(day)).values_list("pk", flat=True))


def _read(suspects: Sequence[Suspect], day: date) -> Iterator[UUID]:
    """Those that the provider's officers or the credit office would be shown; what is shielded is for the office."""
    for held in _adverse(suspects):
        asked = Resource(
            department=held.provider_id, disclosure=held.disclosure, state=archiving.access_state(held, day)
        )
        roles = (Role.DATA_OFFICER, Role.CASE_OFFICER, *(() if held.state == State.SHIELDED else (Role.CREDIT_OFFICE,)))
        actors = (Actor(_NAME, role, held.provider_id) for role in roles)
        if any(decide(actor, Action.RECORD_READ, asked, day=day).allowed for actor in actors):
            yield held.pk


def _of_cases(suspects: Sequence[Suspect], day: date) -> Iterable[UUID]:
    told = Case.objects.filter(archiving.at_hand(day, through="record__"), record__in=_adverse(suspects))
    return list(told.values_list("record", flat=True).distinct())
