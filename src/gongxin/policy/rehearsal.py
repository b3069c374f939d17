"""Tests of a pack, written as YAML that a lawyer can read: situation → outcome (`policies/<pack>/tests/*.yaml`).

The tests of a pack run with that pack, not with its children: what a child changes it tests itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, get_args

from gongxin.policy import clocks, loader, procedures, publicity, repair, retention, severity
from gongxin.policy.casework import Procedure, RoleWord
from gongxin.policy.catalogue import is_prohibited
from gongxin.policy.pack import Pack
from gongxin.policy.reading import Node, read
from gongxin.policy.regimes import PublicityFacts

# What an expectation may say; days as yyyy-MM-dd, "无" for none, "是" or "否".
_PUBLICITY: Final = (
    "published",
    "from",
    "until",
    "rule",
    "rule_at_decision",
    "repairable_from",
    "public_on",
    "not_public_on",
)
_NONE: Final = "无"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One situation of a test file. missed: what came out otherwise, a sentence each; empty: the test passes.

    rules: the rule ids that the expectation names.
    """

    where: str
    situation: str
    missed: tuple[str, ...]
    rules: tuple[str, ...]


def rehearse(pack: Pack, folder: Path) -> list[Outcome]:
    """Run the tests of the pack's own folder, not its parents'. Raises PackError for a test file out of order."""
    own = loader.chain(pack.name, folder)[-1]
    return [outcome for path in own.parts.get("tests", ()) for outcome in _file(pack, read(path, folder))]


def _file(pack: Pack, top: Node) -> list[Outcome]:
    keys = top.mapping(["id", "title", "about", "cases"], ["item", "clock", "procedure"])
    about = keys["about"].choice(_SUBJECTS)
    return [_SUBJECTS[about](pack, keys, case) for case in keys["cases"].sequence()]


def _publicity(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    given, expected = _case(case, _PUBLICITY)
    term = publicity.term(pack, pack.item(keys["item"].choice(pack.items)), _facts(given))
    found = {
        "published": _yes(term.published),
        "from": _day(term.published_from),
        "until": _day(term.published_until),
        "rule": term.rule,
        "rule_at_decision": term.rule_at_decision,
        "repairable_from": _day(term.repairable_from),
    }
    missed = _missed(found, expected)
    for name, wanted in (("public_on", True), ("not_public_on", False)):
        for member in expected[name].sequence() if name in expected else []:
            day = member.day()
            since, until = term.published_from, term.published_until
            public = since is not None and since <= day and (until is None or day <= until)
            if public != wanted:
                missed.append(f"{day}：预期{'公示' if wanted else '不公示'}，实际{'公示' if public else '不公示'}")
    return _outcome(
        case, missed, tuple(expected[name].text() for name in ("rule", "rule_at_decision") if name in expected)
    )


def _severity(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    given, expected = _case(case, ("severity",))
    found = severity.classify(pack, pack.item(keys["item"].choice(pack.items)), _facts(given))
    return _outcome(case, _missed({"severity": found or _NONE}, expected))


def _clock(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    given, expected = _case(case, ("due", "provisional"))
    facts = given.mapping(["day"])
    reached = clocks.due(pack, keys["clock"].choice(pack.clocks), facts["day"].day())
    missed = _missed({"due": str(reached.day), "provisional": _yes(reached.provisional)}, expected)
    return _outcome(case, missed, (keys["clock"].text(),))


def _working_day(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    given, expected = _case(case, ("working", "provisional"))
    working, provisional = pack.calendar.is_working_day(given.mapping(["day"])["day"].day())
    return _outcome(case, _missed({"working": _yes(working), "provisional": _yes(provisional)}, expected))


def _prohibited(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    given, expected = _case(case, ("category",))
    title = given.mapping(["column"])["column"].text()
    found = next((entry.id for entry in pack.prohibited if is_prohibited(entry, title)), _NONE)
    return _outcome(case, _missed({"category": found}, expected))


def _repair(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    """Eligibility: on which day asked (`day`), what stands, from when, by which rule."""
    given, expected = _case(case, ("standing", "since", "rule", "regime", "choice"))
    facts = given.mapping(["decided_on", "day"], [*_FACTS, "untrue_on"])
    found = repair.eligibility(
        pack,
        pack.item(keys["item"].choice(pack.items)),
        _facts(given, besides=("day", "untrue_on")),
        facts["day"].day(),
        untrue_on=facts["untrue_on"].day() if "untrue_on" in facts else None,
    )
    chosen = any(note.startswith(pack.principles["transition"].title) for note in found.notes)
    said = {
        "standing": _STANDINGS[found.standing],
        "since": _day(found.since),
        "rule": found.rule,
        "regime": found.regime.id if found.regime else _NONE,
        "choice": _yes(chosen),
    }
    named = tuple(expected[name].text() for name in ("rule", "regime") if name in expected)
    return _outcome(case, _missed(said, expected), named)


_STANDINGS: Final = {"eligible": "可以", "not_yet": "未到", "never": "不能", "needless": "不需要"}


def _procedure(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    """One step: in a state («无» before there is a case), who does what, and what comes of it."""
    given, expected = _case(case, ("allowed", "to", "why", "due", "turn", "contested"))
    procedure = pack.procedures[keys["procedure"].choice(pack.procedures)]
    if "ground" in given.entries() and "action" not in given.entries():
        return _ground(procedure, case)
    facts = given.mapping(["state", "action", "role", "day"], ["filed_on", "due_on", "took", "ground"])
    names = [entry.id for entry in procedure.states]
    state = facts["state"].choice([_NONE, *names])
    role: RoleWord = facts["role"].choice(get_args(RoleWord))
    day = facts["day"].day()
    due_on = facts["due_on"].day() if "due_on" in facts else None
    taken = frozenset(facts["took"].texts()) if "took" in facts else frozenset[str]()
    ground = facts["ground"].choice([entry.id for entry in procedure.grounds]) if "ground" in facts else ""
    where = procedures.Situation(None if state == _NONE else state, role, day, due_on, taken, ground)
    verdict = procedures.judge(procedure, facts["action"].text(), where)
    said = {"allowed": _yes(verdict.allowed), "why": verdict.code or _NONE}
    if verdict.transition is not None:
        target = procedure.state(verdict.transition.to)
        filed_on = facts["filed_on"].day() if "filed_on" in facts else day
        limit = procedures.deadline(pack, target, day=day, filed_on=filed_on, running=due_on)
        said |= {
            "to": target.id,
            "due": _day(limit.due),
            "turn": "、".join(target.turn) or _NONE,
            "contested": _yes(target.contested),
        }
    return _outcome(case, _missed(said, expected), (procedure.rule_id(facts["action"].text()),))


def _ground(procedure: Procedure, case: Node) -> Outcome:
    """A ground: for a record of an item decided on a day, does it hold on another?"""
    given, expected = _case(case, ("allowed", "why"))
    facts = given.mapping(["ground", "item", "decided_on", "day"])
    verdict = procedures.judge_ground(
        procedure,
        facts["ground"].choice([entry.id for entry in procedure.grounds]),
        item=facts["item"].text(),
        decided_on=facts["decided_on"].day(),
        day=facts["day"].day(),
    )
    said = {"allowed": _yes(verdict.allowed), "why": verdict.code or _NONE}
    return _outcome(case, _missed(said, expected), (procedure.rule_id(facts["ground"].text()),))


def _retention(pack: Pack, keys: dict[str, Node], case: Node) -> Outcome:
    """What ended on a day, judged on another: the first day after its term of keeping, by which rule."""
    given, expected = _case(case, ("over_from", "rule"))
    facts = given.mapping(["what", "item", "ended_on", "day"])
    what: retention.What = facts["what"].choice(retention.WHATS)
    rule = retention.rule_of(pack, what, facts["item"].choice(pack.items), facts["day"].day())
    over = rule.over_from(facts["ended_on"].day()) if rule else None
    missed = _missed({"over_from": _day(over), "rule": rule.id if rule else _NONE}, expected)
    return _outcome(case, missed, (expected["rule"].text(),) if "rule" in expected else ())


_SUBJECTS: Final[dict[str, Callable[[Pack, dict[str, Node], Node], Outcome]]] = {
    "publicity": _publicity,
    "severity": _severity,
    "clock": _clock,
    "working-day": _working_day,
    "prohibited": _prohibited,
    "repair": _repair,
    "procedure": _procedure,
    "retention": _retention,
}


def _case(case: Node, expectations: tuple[str, ...]) -> tuple[Node, dict[str, Node]]:
    keys = case.mapping(["situation", "facts", "expect"])
    expected = keys["expect"].mapping([], expectations)
    if not expected:
        raise keys["expect"].error("pack-empty-test", "没有写明预期结果。", remedy="请至少写一项预期结果。")
    return keys["facts"], expected


_FACTS: Final = ("severity", "procedure", "kinds", "field_of_law", "status", "acted_until", "effective_until")


def _facts(node: Node, besides: tuple[str, ...] = ()) -> PublicityFacts:
    keys = node.mapping(["decided_on"], [*_FACTS, *besides])
    return PublicityFacts(
        decided_on=keys["decided_on"].day(),
        severity=keys["severity"].text() if "severity" in keys else "",
        procedure=keys["procedure"].text() if "procedure" in keys else "",
        kinds=keys["kinds"].texts() if "kinds" in keys else (),
        field_of_law=keys["field_of_law"].text() if "field_of_law" in keys else "",
        status=keys["status"].text() if "status" in keys else "",
        acted_until=keys["acted_until"].day() if "acted_until" in keys else None,
        effective_until=keys["effective_until"].day() if "effective_until" in keys else None,
    )


def _missed(found: dict[str, str], expected: dict[str, Node]) -> list[str]:
    return [
        f"{name}：预期 {expected[name].text()}，实际 {value}"
        for name, value in found.items()
        if name in expected and expected[name].text() != value
    ]


def _outcome(case: Node, missed: list[str], rules: tuple[str, ...] = ()) -> Outcome:
    return Outcome(case.where, case.entries()["situation"].text(), tuple(missed), rules)


def _day(day: date | None) -> str:
    return str(day) if day else _NONE


def _yes(value: bool) -> str:
    return "是" if value else "否"
