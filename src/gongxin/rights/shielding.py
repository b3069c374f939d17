"""Temporary shielding (暂时屏蔽): the records of an organisation whose reorganisation plan a court has approved are out
of sight while the plan runs; then repaired for good, or back with the terms they had.

The case locks the organisation first and then its records in the order of their ids, so that two of them cannot lock
each other out. A shielded record is found by the rows of its case, not by its state: what was revoked meanwhile stays
revoked.
"""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from gongxin.errors import Conflict
from gongxin.policy import packs
from gongxin.records.models import Record, State
from gongxin.rights import correcting, eligibility
from gongxin.rights.models import Case, Taken
from gongxin.subjects.models import Organisation


def eligible(organisation: Organisation, *, procedure: str, ruling: date, day: date) -> list[Record]:
    """The records a shielding on `day` takes in: in force, adverse, of an item of the procedure, decided by the day of
    the ruling, such as the rules of repair let repair at some time. Read without a lock; `shield` asks again.
    """
    return _eligible(Record.objects.filter(organisation=organisation), procedure, ruling, day)


def shield(case: Case, *, ruling: date, day: date) -> list[Record]:
    """Put the eligible records of the case's organisation out of sight. Raises Conflict where there is none."""
    locked = Record.objects.select_for_update(of=("self",)).filter(organisation=case.organisation)
    found = _eligible(locked, case.procedure, ruling, day)
    if not found:
        raise Conflict(
            "shield-none",
            "该信用主体没有可以暂时屏蔽的记录。",
            remedy="裁定以后形成的、不能修复的或者已经停止公示的记录不屏蔽；请核对后终结本办件。",
        )
    return _moved(found, State.SHIELDED)


def settle(case: Case) -> list[Record]:
    """Repair for good what the case shields."""
    return _moved(_shielded(case), State.REPAIRED)


def unshield(case: Case) -> list[Record]:
    """Bring back what the case shields. Each has the term it had (`publicity_until` was never moved): what ran out
    meanwhile stays out of sight by the day, and today's rules derive the rest.
    """
    found = _moved(_shielded(case), State.ACTIVE)
    for held in found:
        correcting.rederive(held)
    return found


def _eligible(records: QuerySet[Record], procedure_id: str, ruling: date, day: date) -> list[Record]:
    pack = packs.current()
    procedure = pack.procedure(procedure_id)
    items = [item.id for item in pack.items.values() if item.adverse and procedure.takes(item.id)]
    found = list(records.filter(state=State.ACTIVE, item__in=items, decided_on__lte=ruling).order_by("pk"))
    if not found:
        return []
    untrue_on = eligibility.untrue_on(found[0].organisation_id)
    return [held for held in found if eligibility.judged(held, day=day, untrue_on=untrue_on).shieldable]


def _shielded(case: Case) -> list[Record]:
    """What the case put out of sight and nothing else has taken further since, locked."""
    ids = case.taken.filter(change=Taken.SHIELDED).values_list("record_id", flat=True)
    locked = Record.objects.select_for_update(of=("self",)).filter(pk__in=list(ids), state=State.SHIELDED)
    return list(locked.order_by("pk"))


def _moved(found: list[Record], state: State) -> list[Record]:
    for held in found:
        held.state = state
    Record.objects.bulk_update(found, ["state"])
    return found
