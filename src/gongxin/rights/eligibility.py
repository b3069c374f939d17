"""Whether a held record may be repaired: the pure rule of the pack, fed from the record and what was found before."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from gongxin.clock import CIVIL_TIME
from gongxin.policy import packs, repair
from gongxin.policy.repair import Eligibility
from gongxin.records import explaining
from gongxin.records.models import Record
from gongxin.rights.models import Case

# Outcome of the procedure that undoes a repair because papers or commitment were untrue.
UNTRUE = ("repair-undo", "granted")


def of(held: Record, *, day: date) -> Eligibility:
    """Eligibility of a record on `day`, with the rule that decides and its reasons."""
    pack = packs.current()
    return repair.eligibility(
        pack, pack.item(held.item), explaining.facts(held), day, untrue_on=untrue_on(held.organisation_id)
    )


def untrue_on(organisation: UUID) -> date | None:
    """The day on which an untrue commitment of the organisation was last recorded, None for never."""
    procedure, outcome = UNTRUE
    found = Case.objects.filter(organisation=organisation, procedure=procedure, outcome=outcome)
    last = found.order_by("-closed_at").values_list("closed_at", flat=True).first()
    return last.astimezone(CIVIL_TIME).date() if last else None
