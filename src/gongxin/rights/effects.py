"""What a step does to the record, in the step's transaction. Publicity, sharing and use follow from the state alone:
every page, search, list, export, answer and report reads `records.selectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gongxin.errors import Conflict
from gongxin.policy.casework import CaseState, Effect
from gongxin.records.models import Contested, Record, State
from gongxin.rights import correcting
from gongxin.rights.models import Case


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a record changes: the texts to put right, and when."""

    correction: Mapping[str, str]
    at: datetime
    day: date


def take(effect: Effect, held: Record, cause: Cause) -> None:
    """Let the effect come about on a locked record. Raises Conflict where the record has moved on meanwhile."""
    _EFFECTS[effect](held, cause)


def mark(case: Case, state: CaseState, *, at: datetime) -> None:
    """Set or take off the mark 异议 as the state of the case says."""
    if state.contested:
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


_EFFECTS: Final[dict[Effect, Callable[[Record, Cause], None]]] = {
    "none": _nothing,
    "correct": _correct,
    "revoke": _to(State.REVOKED, State.ACTIVE, State.REPAIRED),
    "repair": _to(State.REPAIRED, State.ACTIVE),
    "restore": _restore,
}
