"""Judging an action in a case, and the deadlines of its states: pure, from the procedure's table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gongxin.policy import clocks
from gongxin.policy.casework import ROLE_WORDS, CaseState, Procedure, RoleWord, Transition
from gongxin.policy.model import Reference
from gongxin.policy.pack import Pack
from gongxin.policy.publicity import add_months


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a case stands when somebody wants to act. state None: there is no case yet.

    role: in which the actor acts here. taken: actions this actor took in the case before. due_on: last day of the
    running clock, None where none runs. ground: on which the case rests, "" where it names none.
    """

    state: str | None
    role: RoleWord | None
    day: date
    due_on: date | None = None
    taken: frozenset[str] = frozenset()
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the action may be taken. code and why: of a refusal, with the next step in `remedy`."""

    transition: Transition | None
    code: str = ""
    why: str = ""
    remedy: str = ""

    @property
    def allowed(self) -> bool:
        """True if it may."""
        return not self.code


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a state's clock runs out. warn_on: first day of the last warning; due None: no clock runs."""

    clock: str
    due: date | None
    warn_on: date | None
    provisional: bool
    sources: tuple[Reference, ...] = ()


NO_DEADLINE = Deadline("", None, None, provisional=False)


def judge(procedure: Procedure, action: str, situation: Situation) -> Verdict:
    """May this action be taken here and now by this actor?"""
    row = procedure.transition(action)
    if row is None:
        return Verdict(None, "action-unknown", f"“{procedure.title}”没有这个步骤。", "请从办件页面选择可以办理的步骤。")
    if not _fits(row, situation.state):
        return Verdict(
            row, "wrong-state", f"办件当前不能“{row.title}”。", "办件可能已经由他人办理，请刷新页面查看当前状态。"
        )
    if situation.role not in row.roles:
        wanted = "、".join(ROLE_WORDS[role] for role in row.roles)
        return Verdict(row, "wrong-role", f"“{row.title}”由{wanted}办理。", "请由有权限的账号登录后办理。")
    return _held_back(row, situation) or Verdict(row)


def _held_back(row: Transition, situation: Situation) -> Verdict | None:
    """Why a step that is the actor's in this state may still not be taken: ground, person, day."""
    if row.grounds and situation.ground not in row.grounds:
        return Verdict(
            row,
            "wrong-ground",
            f"“{row.title}”不适用于本办件的事由。",
            "请选择与办件事由相符的步骤；事由有误的，请终结后重新办理。",
        )
    if set(row.not_by) & situation.taken:
        return Verdict(
            row,
            "same-person",
            f"“{row.title}”不能由经办人自己办理。",
            "请由本单位另一名承办员（或者其代理人）复核。",
        )
    if row.after_due and (situation.due_on is None or situation.day <= situation.due_on):
        return Verdict(
            row, "too-early", f"期限届满（{situation.due_on}）以前不能“{row.title}”。", "请在期限届满后再办理。"
        )
    return None


def judge_ground(procedure: Procedure, ground_id: str, *, item: str, decided_on: date, day: date) -> Verdict:
    """May a case about a record of `item`, decided on `decided_on`, rest on this ground on `day`?"""
    known = procedure.grounds_of(item)
    ground = next((entry for entry in known if entry.id == ground_id), None)
    if ground is None:
        offered = "、".join(entry.title for entry in known) or "（没有）"
        return Verdict(None, "ground-unknown", f"事由不适用于这类记录。可以选择：{offered}。", "请重新选择事由。")
    reached = add_months(decided_on, ground.after)
    if day < reached:
        source = f"《{ground.reference.title}》{ground.reference.article}"
        return Verdict(
            None,
            "ground-early",
            f"事由“{ground.title}”自 {reached} 起才成立（{ground.after} 个月）。依据{source}。",
            f"请在 {reached} 以后提出，或者选择其他事由。",
        )
    return Verdict(None)


def possible(procedure: Procedure, situation: Situation) -> tuple[Transition, ...]:
    """The actions that this actor may take here and now."""
    return tuple(row for row in procedure.transitions if judge(procedure, row.action, situation).allowed)


def deadline(pack: Pack, state: CaseState, *, day: date, filed_on: date, running: date | None) -> Deadline:
    """The deadline of a state that begins on `day`. filed_on: first day of the case; running: the deadline so far."""
    limit = state.clock
    if limit is None:
        return NO_DEADLINE
    if limit.counts_from == "kept" and running is not None:
        warn_on, unsure = _before(pack, running, limit.warn)
        return Deadline(limit.clock, running, warn_on, unsure, (pack.clock(limit.clock).reference,))
    start = {"filed": filed_on, "due": running or day}.get(limit.counts_from, day)
    reached = clocks.due(pack, limit.clock, start)
    warn_on, unsure = _before(pack, reached.day, limit.warn)
    return Deadline(limit.clock, reached.day, warn_on, reached.provisional or unsure, reached.sources)


def _fits(row: Transition, state: str | None) -> bool:
    return not row.since if state is None else state in row.since


def _before(pack: Pack, day: date, count: int) -> tuple[date, bool]:
    """The latest working day from which `count` working days lead to `day`."""
    at = day
    while pack.calendar.between(at, day)[0] < count or not pack.calendar.is_working_day(at)[0]:
        at -= timedelta(days=1)
    return at, pack.calendar.between(at, day)[1]
