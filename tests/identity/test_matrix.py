"""The whole matrix of access against an oracle written by hand in Cedar: no difference, and a flipped rule is seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cedarpy
import pytest

from gongxin.identity import decisions
from gongxin.identity.decision_table import DISCLOSURES, KEY, STATES, VISITOR, Action, Table
from gongxin.identity.decisions import Actor, Resource, StandIn, decide
from gongxin.identity.roles import STAFF, Role, exclude
from gongxin.ids import uuid7
from gongxin.policy import packs

ORACLE = Path(__file__).with_name("access.cedar")
DAY = date(2026, 4, 2)
MINE, THEIRS = uuid7(), uuid7()
CODE, OTHER_CODE = "91000000MA00000016", "91000000MA00000024"
EVERYBODY = (*(role.value for role in Role), KEY, VISITOR)
# One purpose for each way a purpose can stand: none, unknown, a duty, not granted, opening two classes or all three.
GRANTED = frozenset({"tendering", "self-query", "objection"})
PURPOSES = ("", "no-such", "audit", "platform-management", "awards", "tendering", "self-query", "objection")
BY_PURPOSE = (Action.CHECK_ASK, Action.REPORT_FULL, Action.ARCHIVE_READ)
OF_PERSONS = (Action.PERSON_OPEN, Action.PERSON_DECIDE)
WHOSE = (
    Resource(),
    Resource(department=MINE),
    Resource(department=THEIRS),
    Resource(department=THEIRS, organisation=CODE),
    Resource(department=MINE, organisation=OTHER_CODE),
)
ACCOUNTS = (Resource(account="one"), Resource(account="other"))


class Cell(NamedTuple):
    """One question."""

    actor: Actor
    action: Action
    resource: Resource
    purpose: str = ""


def actor(role: str, *, active: bool = True, absent: str = "", days: int = 0) -> Actor:
    """One account (or key) of that role; absent: whose role it holds too, until `days` from today."""
    inside = role in STAFF or role == KEY
    until = DAY + timedelta(days=days)
    return Actor(
        name="" if role == VISITOR else "one",
        role=role,
        department=MINE if inside else None,
        active=active or role == VISITOR,
        purposes=GRANTED if inside else frozenset(),
        organisations=frozenset({CODE}) if role == Role.REPRESENTATIVE else frozenset(),
        stands_in=(StandIn("absent", absent, MINE, until - timedelta(days=9), until),) if absent else (),
    )


def of_records(owners: Sequence[Resource] = WHOSE) -> Iterator[Resource]:
    """Whose × class × state."""
    for whose, disclosure, state in product(owners, DISCLOSURES, STATES):
        yield replace(whose, disclosure=disclosure, state=state)


@cache
def matrix() -> tuple[Cell, ...]:
    """Every combination: of role, action, whose, class and state; of purpose and consent where they could matter; of
    closed accounts; of every substitution that is allowed, in force and over.
    """
    plain, records = (*WHOSE, *ACCOUNTS), tuple(of_records())
    cells = [Cell(actor(role), action, asked) for role, action, asked in product(EVERYBODY, Action, records)]
    cells += [Cell(actor(role), action, asked) for role, action, asked in product(EVERYBODY, Action, ACCOUNTS)]
    for role, action, asked, purpose in product(EVERYBODY, BY_PURPOSE, records, PURPOSES[1:]):
        cells.append(Cell(actor(role), action, asked, purpose))
    for role, asked, purpose in product(EVERYBODY, of_records(WHOSE[:1]), PURPOSES):
        cells.append(Cell(actor(role), Action.CHECK_ASK, replace(asked, consent=True), purpose))
    for role, asked in product(EVERYBODY, of_records()):
        cells.append(Cell(actor(role), Action.BORROWED_READ, replace(asked, consent=True)))
    let = [replace(whose, disclosure=disclosure, consent=True) for whose, disclosure in product(WHOSE, DISCLOSURES)]
    for role, action, asked, purpose in product(EVERYBODY, OF_PERSONS, let, PURPOSES):
        cells.append(Cell(actor(role), action, asked, purpose))
    for role, action, asked in product(EVERYBODY[:-1], Action, plain):
        cells.append(Cell(actor(role, active=False), action, asked, "objection"))
    for role, absent in product(sorted(STAFF), sorted(STAFF)):
        if not exclude(role, absent):
            for days, action, asked in product((0, -1), Action, plain):
                cells.append(Cell(actor(role, absent=absent, days=days), action, asked, "objection"))
    assert len(cells) == len(set(cells))
    return tuple(cells)


def entities() -> list[dict[str, object]]:
    """The facts Cedar is told of everybody who asks and everything that is asked for: none of our conclusions."""
    people = [
        {
            "roles": [who.role, *(entry.role for entry in who.stands_in if entry.starts_on <= DAY <= entry.ends_on)],
            "active": who.active,
            "name": who.name,
            "department": str(who.department or ""),
            "codes": sorted(who.organisations),
            "granted": sorted(who.purposes),
        }
        for who in people_and_things()[0]
    ]
    things = [
        {
            "department": str(asked.department or ""),
            "code": asked.organisation,
            "account": asked.account,
            "class": asked.disclosure,
            "consent": asked.consent,
            "state": asked.state,
        }
        for asked in people_and_things()[1]
    ]
    return [
        {"uid": {"type": kind, "id": str(number)}, "attrs": attributes, "parents": []}
        for kind, found in (("Account", people), ("Thing", things))
        for number, attributes in enumerate(found)
    ]


@cache
def people_and_things() -> tuple[dict[Actor, int], dict[Resource, int]]:
    """Everybody and everything in the matrix, numbered."""
    people = dict.fromkeys(cell.actor for cell in matrix())
    things = dict.fromkeys(cell.resource for cell in matrix())
    return {who: number for number, who in enumerate(people)}, {asked: number for number, asked in enumerate(things)}


def oracle() -> tuple[bool, ...]:
    """What Cedar answers, cell by cell."""
    people, things = people_and_things()
    opens = {code: list(purpose.disclosures) for code, purpose in packs.current().purposes.items()}
    questions = [
        {
            "principal": f'Account::"{people[cell.actor]}"',
            "action": f'Action::"{cell.action}"',
            "resource": f'Thing::"{things[cell.resource]}"',
            "context": {"purpose": cell.purpose, "opens": opens.get(cell.purpose, [])},
        }
        for cell in matrix()
    ]
    answers = cedarpy.is_authorized_batch(questions, ORACLE.read_text(), entities())
    assert not any(answer.diagnostics.errors for answer in answers)
    return tuple(answer.allowed for answer in answers)


def ours(cells: Sequence[Cell]) -> list[bool]:
    """What the table answers, cell by cell."""
    return [decide(*cell[:3], purpose=cell.purpose, day=DAY).allowed for cell in cells]


@pytest.mark.long
def test_the_whole_matrix_agrees_with_the_oracle() -> None:
    cells, expected = matrix(), oracle()
    assert len(cells) >= 20_000
    assert 1000 < sum(expected) < len(cells) // 2
    wrong = [f"{cell}: Cedar says {said}" for cell, said in zip(cells, expected, strict=True) if ours([cell]) != [said]]
    assert wrong == []


def flipped(number: int) -> Table:
    """The table with one rule turned round, where it stands: what it denied it allows, what it allowed it denies."""
    table = decisions.TABLE
    deny, allow = list(table.deny), list(table.allow)
    rules, place = (deny, number) if number < len(deny) else (allow, number - len(deny))
    rules[place] = replace(rules[place], allows=not rules[place].allows)
    return replace(table, deny=tuple(deny), allow=tuple(allow))


@pytest.mark.parametrize("number", range(len(decisions.TABLE.deny) + len(decisions.TABLE.allow)))
def test_a_flipped_rule_would_be_seen(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix answers otherwise, so that the comparison above, which holds for the table as it is, fails."""
    rule = decisions.TABLE.rules()[number]
    concerned = [cell for cell in matrix() if cell.action in rule.actions and cell.actor.role in rule.roles]
    before = ours(concerned)
    monkeypatch.setattr(decisions, "TABLE", flipped(number))
    decisions._ruling.cache_clear()
    try:
        after = ours(concerned)
    finally:
        monkeypatch.undo()
        decisions._ruling.cache_clear()
    assert before != after, rule.id


def test_every_rule_decides_something() -> None:
    asked = {decide(*cell[:3], purpose=cell.purpose, day=DAY).rule for cell in matrix()}
    assert asked == {rule.id for rule in decisions.TABLE.rules()}
