"""What an account can do, and why: every action in the situations that matter, with the rule that decides each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from gongxin.identity.decision_table import Action, Deed, Text
from gongxin.identity.decisions import TABLE, Actor, Decision, Resource, decide
from gongxin.identity.roles import Role
from gongxin.policy import packs

_ANOTHER: Final = Resource(department=UUID(int=0), organisation="-", account="-")
_OWN: Final = {
    "account": Text("本人的", "one's own"),
    "department": Text("本单位的", "of the own department"),
    "organisation": Text("已绑定主体的", "of a represented organisation"),
}
_OTHERS: Final = {
    "account": Text("他人的", "of others"),
    "department": Text("其他单位的", "of other departments"),
    "organisation": Text("其他主体的", "of other organisations"),
}
_ALL: Final = Text("全部", "all")
_ANY: Final = Text("", "")
_STATES: Final = {
    "repaired": Text("已修复的", "repaired"),
    "closed": Text("已归档的", "archived"),
}
# Actions about one account that may be another's.
_ABOUT_ACCOUNTS: Final = (Action.ACCOUNT_PROPOSE, Action.ACCOUNT_APPROVE)
# Actions that also turn on the state of a record.
_BY_STATE: Final = (Action.RECORD_READ, Action.RECORD_UNPUBLISHED)


@dataclass(frozen=True, slots=True)
class Line:
    """One action in one situation, and the answer."""

    deed: Deed
    situation: Text
    decision: Decision


def lines(actor: Actor, *, day: date) -> list[Line]:
    """Every action there is, in the order of the table, and what the actor would be answered on `day`."""
    return [line for action in Action for line in _lines(actor, action, day)]


def _lines(actor: Actor, action: Action, day: date) -> Iterator[Line]:
    deed = TABLE.deeds[action]
    if action == Action.CHECK_ASK:
        yield from _by_purpose(actor, deed, day)
        return
    purpose = {Action.ARCHIVE_READ: "audit", Action.REPORT_FULL: "self-query"}.get(action, "")
    asked = {text: decide(actor, action, at, purpose=purpose, day=day) for text, at in _situations(actor, deed)}
    if len({decision.rule for decision in asked.values()}) == 1 and len(asked) > 1:
        asked = {_ALL: next(iter(asked.values()))}
    for situation, decision in asked.items():
        yield Line(deed, situation, decision)
    if action in _BY_STATE:
        for state, text in _STATES.items():
            at = Resource(department=actor.department, state=state)
            yield Line(deed, _joined(_OWN["department"], text), decide(actor, action, at, day=day))


def _situations(actor: Actor, deed: Deed) -> Iterator[tuple[Text, Resource]]:
    """What is one's own, and what is others', by what the action goes by."""
    whose = deed.whose
    if whose == "party":
        whose = "organisation" if actor.role == Role.REPRESENTATIVE else "department"
    if whose == "nobody":
        yield _ANY, Resource()
        return
    own = Resource(actor.department, next(iter(sorted(actor.organisations)), ""), actor.name)
    yield _OWN[whose], own
    if whose != "account" or deed.id in _ABOUT_ACCOUNTS:
        yield _OTHERS[whose], _ANOTHER


def _by_purpose(actor: Actor, deed: Deed, day: date) -> Iterator[Line]:
    """Checks: one line for each purpose granted, or one that says why there is none."""
    purposes = packs.current().purposes
    known = [code for code in sorted(actor.purposes) if code in purposes]
    first = decide(actor, deed.id, purpose=known[0] if known else "", day=day)
    if not first.allowed:
        yield Line(deed, _ANY, first)
        return
    for code in known:
        purpose, decision = purposes[code], decide(actor, deed.id, purpose=code, day=day)
        yield Line(deed, Text(f"用途：{purpose.title}", f"for {purpose.title_en or code}"), decision)


def _joined(one: Text, other: Text) -> Text:
    return Text(f"{one.zh}、{other.zh}", f"{one.en}, {other.en}")
