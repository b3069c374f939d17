"""Readers of procedures and of the rules of repair. Strict: every word is one the code knows, every path leads on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal, get_args

from gongxin.policy.casework import (
    About,
    Addressee,
    Ask,
    CaseState,
    ClockFrom,
    Effect,
    Ground,
    NoticeText,
    Outcome,
    Paper,
    Procedure,
    RepairRegime,
    RepairRules,
    RoleWord,
    StateClock,
    Transition,
)
from gongxin.policy.lists import period, reference, title_en
from gongxin.policy.reading import Node
from gongxin.policy.terms import check_dates

RECORD_STATES: Final = ("active", "repaired", "revoked", "shielded", "removed")
# What the texts of notices may name.
PLACEHOLDERS: Final = (
    "number", "organisation", "item", "document", "department", "filed_on", "day", "due_on", "reasons",
    "ground", "records",
)  # fmt: skip
REPAIR_PLACEHOLDERS: Final = ("organisation", "item", "document", "department", "repairable", "ends")
_STATE_KEYS: Final = ("title_en", "turn", "clock", "outcome", "contested", "untrue")
_ROW_KEYS: Final = ("title_en", "asks", "not_by", "after_due", "within", "effect", "notice", "grounds", "enters")
_PROCEDURE_KEYS: Final = (
    "title_en", "adverse", "eligible", "replaces", "records", "about", "items", "grounds", "enters", "office",
)  # fmt: skip
# Effects that are on several records, or on none there was: only in procedures about an organisation.
_WIDE: Final = frozenset({"shield", "settle", "unshield", "enter"})


@dataclass(frozen=True)
class Desk:
    """The ids that procedures and rules of repair may name."""

    clocks: Collection[str]
    items: Collection[str] = ()
    procedures: Collection[str] = ()


def procedure(node: Node, pack: str, *, desk: Desk) -> Procedure:
    """A table of transitions. Refused: an unknown state, a state nobody reaches or leaves, a checker nobody can be."""
    keys = node.mapping(["id", "title", "number", "reference", "states", "transitions"], _PROCEDURE_KEYS)
    states = tuple(_state(member, desk) for member in keys["states"].sequence())
    _once(keys["states"], [entry.id for entry in states])
    grounds = tuple(_ground(member, desk) for member in keys["grounds"].sequence()) if "grounds" in keys else ()
    rows = keys["transitions"].sequence()
    actions = [row.entries()["action"].text() for row in rows if "action" in row.entries()]
    known = _Known([entry.id for entry in states], actions, [entry.id for entry in grounds])
    transitions = tuple(_transition(row, known, desk) for row in rows)
    _once(keys["transitions"], [entry.action for entry in transitions])
    _check_paths(states, transitions, keys["states"])
    about: About = keys["about"].choice(get_args(About)) if "about" in keys else "record"
    _check_reach(about, transitions, keys)
    return Procedure(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        number=keys["number"].text(),
        states=states,
        transitions=transitions,
        record_states=keys["records"].choices(RECORD_STATES) if "records" in keys else (),
        reference=reference(keys["reference"]),
        adverse=keys["adverse"].boolean() if "adverse" in keys else False,
        eligible=keys["eligible"].boolean() if "eligible" in keys else False,
        pack=pack,
        about=about,
        items=keys["items"].choices(desk.items) if "items" in keys else (),
        grounds=grounds,
        enters=keys["enters"].choice(desk.items) if "enters" in keys else "",
        office=keys["office"].boolean() if "office" in keys else False,
    )


@dataclass(frozen=True)
class _Known:
    """The ids of a procedure that its rows may name."""

    states: list[str]
    actions: list[str]
    grounds: list[str]


def _ground(node: Node, desk: Desk) -> Ground:
    keys = node.mapping(["id", "title", "items", "reference"], ["title_en", "after", "eligible"])
    return Ground(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        items=keys["items"].choices(desk.items),
        reference=reference(keys["reference"]),
        after=keys["after"].integer() if "after" in keys else 0,
        eligible=keys["eligible"].boolean() if "eligible" in keys else False,
    )


def _check_reach(about: About, rows: tuple[Transition, ...], keys: dict[str, Node]) -> None:
    """A procedure about a record says in which states that may be; one about an organisation changes no single one."""
    effects = {row.effect for row in rows} - {"none"}
    wrong = effects - _WIDE if about == "organisation" else effects & _WIDE
    if ("records" in keys) == (about == "organisation") or wrong or ("enter" in effects) != ("enters" in keys):
        raise keys["transitions"].error(
            "pack-procedure-reach",
            f"程序“{keys['id'].text()}”的对象（about: {about}）与 records、enters 或者步骤的 effect 不一致。",
            allowed=f"about: organisation 只用 {'、'.join(sorted(_WIDE))}，不写 records；其他用其余各种，写 records",
            remedy="请改正 about，或者补上、删去 records、enters，或者改正 effect。",
        )


def _state(node: Node, desk: Desk) -> CaseState:
    keys = node.mapping(["id", "title"], _STATE_KEYS)
    outcome: Outcome | None = keys["outcome"].choice(get_args(Outcome)) if "outcome" in keys else None
    turn = keys["turn"].choices(get_args(RoleWord)) if "turn" in keys else ()
    if (outcome is None) == (not turn):
        raise node.error(
            "pack-state-unclear",
            f"状态“{keys['id'].text()}”应当写明轮到谁（turn）或者怎样结束（outcome），两者只能有一个。",
            remedy="未结束的状态写 turn，结束的状态写 outcome。",
        )
    return CaseState(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        turn=turn,
        clock=_clock(keys["clock"], desk) if "clock" in keys else None,
        outcome=outcome,
        contested=keys["contested"].boolean() if "contested" in keys else False,
        untrue=keys["untrue"].boolean() if "untrue" in keys else False,
    )


def _clock(node: Node, desk: Desk) -> StateClock:
    keys = node.mapping(["id", "from", "warn"])
    return StateClock(keys["id"].choice(desk.clocks), keys["from"].choice(get_args(ClockFrom)), keys["warn"].integer())


def _transition(node: Node, known: _Known, desk: Desk) -> Transition:
    keys = node.mapping(["action", "title", "from", "to", "roles", "reference"], _ROW_KEYS)
    return Transition(
        action=keys["action"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        since=keys["from"].choices(known.states),
        to=keys["to"].choice(known.states),
        roles=keys["roles"].choices(get_args(RoleWord)),
        reference=reference(keys["reference"]),
        asks=keys["asks"].choices(get_args(Ask)) if "asks" in keys else (),
        not_by=keys["not_by"].choices(known.actions) if "not_by" in keys else (),
        after_due=keys["after_due"].boolean() if "after_due" in keys else False,
        within=keys["within"].choice(desk.clocks) if "within" in keys else "",
        effect=keys["effect"].choice(get_args(Effect)) if "effect" in keys else "none",
        notice=_notice(keys["notice"]) if "notice" in keys else None,
        grounds=keys["grounds"].choices(known.grounds) if "grounds" in keys else (),
        enters=keys["enters"].choice(known.actions) if "enters" in keys else "",
    )


def _notice(node: Node) -> NoticeText:
    keys = node.mapping(["to", "zh", "en"])
    return NoticeText(
        keys["to"].choices(get_args(Addressee)), _text(keys["zh"], PLACEHOLDERS), _text(keys["en"], PLACEHOLDERS)
    )


def _text(node: Node, known: tuple[str, ...]) -> str:
    """A text whose placeholders are all known; a brace that is none is refused."""
    text = node.text()
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        names = [text]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise node.error(
            "pack-unknown-placeholder",
            f"文书中的“{{{unknown[0]}}}”不认识。",
            allowed="、".join(f"{{{name}}}" for name in known),
            remedy="请改用允许的占位符；正文中不要使用花括号。",
        )
    return text


def _once(node: Node, ids: list[str]) -> None:
    double = next((entry for number, entry in enumerate(ids) if entry in ids[:number]), None)
    if double is not None:
        raise node.error("pack-duplicate-id", f"编号“{double}”用了两次。", remedy="请改用不同的编号。")


def _check_paths(states: tuple[CaseState, ...], rows: tuple[Transition, ...], node: Node) -> None:
    """Every state can be reached, every open one left, no end left again, and somebody opens a case."""
    reached = {row.to for row in rows if not row.since}
    while more := {row.to for row in rows if set(row.since) & reached} - reached:
        reached |= more
    left = {state for row in rows for state in row.since}
    for state in states:
        fault = _path_fault(state, reached=state.id in reached, left=state.id in left)
        if fault:
            raise node.error(
                "pack-dead-end",
                f"状态“{state.id}”{fault}。",
                remedy="请检查 transitions 的 from 和 to：每个状态都要能到达，未结束的都要能离开。",
            )


def _path_fault(state: CaseState, *, reached: bool, left: bool) -> str:
    if not reached:
        return "没有任何动作可以到达"
    if state.outcome is not None:
        return "已经结束，却还能离开" if left else ""
    return "" if left else "不能离开"


def repair_rules(node: Node, pack: str, *, desk: Desk) -> RepairRules:
    """Dated rules of repair for some items: regimes without gap or overlap."""
    keys = node.mapping(["id", "title", "items", "regimes"], ["title_en", "replaces", "procedure"])
    nodes = keys["regimes"].sequence()
    regimes = tuple(_repair_regime(member) for member in nodes)
    check_dates([(regime.since, regime.until) for regime in regimes], nodes, node)
    return RepairRules(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        items=keys["items"].choices(desk.items),
        regimes=regimes,
        pack=pack,
        procedure=keys["procedure"].choice(desk.procedures) if "procedure" in keys else "repair",
    )


def _repair_regime(node: Node) -> RepairRegime:
    keys = node.mapping(
        ["id", "title", "from", "minimum", "papers", "reference", "notice"], ["title_en", "until", "bar"]
    )
    since, until = period(keys, "from")
    notice = keys["notice"].mapping(["zh", "en"])
    return RepairRegime(
        id=keys["id"].text(),
        title=keys["title"].text(),
        title_en=title_en(keys),
        since=since,
        until=until,
        minimum=_minimum(keys["minimum"]),
        papers=keys["papers"].choices(get_args(Paper)),
        bar_months=keys["bar"].integer() if "bar" in keys else None,
        reference=reference(keys["reference"]),
        notice_zh=_text(notice["zh"], REPAIR_PLACEHOLDERS),
        notice_en=_text(notice["en"], REPAIR_PLACEHOLDERS),
    )


def _minimum(node: Node) -> int | Literal["publicity"] | None:
    if node.is_null:
        return None
    return "publicity" if node.text() == "publicity" else node.integer()
