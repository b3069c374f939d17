"""What a step does to records, in the step's transaction. Publicity, sharing and use follow from the state alone:
every page, search, list, export, answer and report reads `records.selectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gongxin.errors import Conflict
from gongxin.policy.casework import CaseState, Effect, Transition
from gongxin.records.models import Contested, Record, State
from gongxin.rights import correcting, entering, shielding
from gongxin.rights.models import Case, CaseRecord, CaseStep, Taken


@dataclass(frozen=True, slots=True)
class Cause:
    """Why records change: the texts to put right, when, by which step of which case."""

    correction: Mapping[str, str]
    at: datetime
    day: date
    case: Case
    step: CaseStep
    row: Transition


def take(cause: Cause) -> list[Record]:
    """Let the effect come about on what is locked. Returns the records of the organisation that the step took in, none
    where the case is about one record. Raises Conflict where the record has moved on meanwhile.
    """
    effect = cause.row.effect
    if cause.case.record is not None:
        _ON_RECORD[effect](cause.case.record, cause)
        return []
    return _ON_ORGANISATION[effect](cause)


def mark(case: Case, state: CaseState, *, at: datetime) -> None:
    """Set or take off the mark 异议 as the state of the case says."""
    if state.contested and case.record_id is not None:
        Contested.objects.get_or_create(case_id=case.pk, defaults={"record_id": case.record_id, "since": at})
    else:
        Contested.objects.filter(case_id=case.pk).delete()


def _nothing(held: Record, cause: Cause) -> None:
    """Most steps leave the record alone."""


def _correct(held: Record, cause: Cause) -> None:
    correcting.apply(held, cause.correction, at=cause.at, day=cause.day)


def _to(state: State, *allowed: State) -> Callable[[Record, Cause], None]:
    def change(held: Record, cause: Cause) -> None:
        if held.state not in allowed:
            raise Conflict(
                "record-moved-on",
                f"该记录当前状态为“{held.get_state_display()}”，不能办理这一步。",
                remedy="请刷新页面；记录已经停止公示的，可以终结本办件。",
            )
        held.state = state
        held.save(update_fields=["state"])

    return change


def _restore(held: Record, cause: Cause) -> None:
    """Active again for the rest of the term; the rules may have changed while it lay in the archive."""
    _to(State.ACTIVE, State.REPAIRED)(held, cause)
    correcting.rederive(held)


def _untouched(cause: Cause) -> list[Record]:
    return []


def _shield(cause: Cause) -> list[Record]:
    # The day of the ruling stands in the step that opened the case.
    ruling = cause.case.steps.order_by("number").values_list("occurred_on", flat=True)[0]
    return _noted(cause, shielding.shield(cause.case, ruling=ruling or cause.day, day=cause.day), Taken.SHIELDED)


def _settle(cause: Cause) -> list[Record]:
    return _noted(cause, shielding.settle(cause.case), Taken.SETTLED)


def _unshield(cause: Cause) -> list[Record]:
    return _noted(cause, shielding.unshield(cause.case), Taken.RESTORED)


def _enter(cause: Cause) -> list[Record]:
    return _noted(cause, [entering.enter(cause.case, cause.row, at=cause.at, day=cause.day)], Taken.ENTERED)


def _noted(cause: Cause, touched: list[Record], change: Taken) -> list[Record]:
    """Append what the step did to each record."""
    CaseRecord.objects.bulk_create(
        CaseRecord(case=cause.case, record=held, step=cause.step.number, change=change, at=cause.at) for held in touched
    )
    return touched


_ON_RECORD: Final[dict[Effect, Callable[[Record, Cause], None]]] = {
    "none": _nothing,
    "correct": _correct,
    "revoke": _to(State.REVOKED, State.ACTIVE, State.REPAIRED, State.REMOVED, State.SHIELDED),
    "repair": _to(State.REPAIRED, State.ACTIVE),
    "restore": _restore,
    "remove": _to(State.REMOVED, State.ACTIVE),
}
_ON_ORGANISATION: Final[dict[Effect, Callable[[Cause], list[Record]]]] = {
    "none": _untouched,
    "shield": _shield,
    "settle": _settle,
    "unshield": _unshield,
    "enter": _enter,
}
