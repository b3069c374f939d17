"""Whether a held record may be repaired: the pure rule of the pack, fed from the record and what was found before."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q

from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs, repair
from gongxin.policy.repair import Eligibility
from gongxin.records import explaining
from gongxin.records.models import Record
from gongxin.rights.models import Case
from gongxin.walls import acting


def of(held: Record, *, day: date) -> Eligibility:
    """Eligibility of a record on `day`, with the rule that decides and its reasons."""
    return judged(held, day=day, untrue_on=untrue_on(held.organisation_id))


def judged(held: Record, *, day: date, untrue_on: date | None) -> Eligibility:
    """The same for a record of an organisation of which it is known when a commitment was last found untrue."""
    pack = packs.current()
    return repair.eligibility(pack, pack.item(held.item), explaining.facts(held), day, untrue_on=untrue_on)


def untrue_on(organisation: UUID) -> date | None:
    """The day on which a commitment of the organisation was last established to be untrue, None for never."""
    ends = Q(pk__in=[])
    for procedure in packs.current().procedures.values():
        states = [state.id for state in procedure.states if state.untrue]
        ends |= Q(procedure=procedure.id, state__in=states)
    found = Case.objects.filter(ends, organisation=organisation)
    # Whichever department found it: the day alone is known of it.
    with acting.as_node():
        last = found.order_by("-closed_at").values_list("closed_at", flat=True).first()
    return last.astimezone(CIVIL_TIME).date() if last else None
