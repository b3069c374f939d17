"""The table of access, read strictly from `decisions.yaml`: unknown words, missing grounds and idle rules are refused
with file and line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gongxin.identity.roles import Role
from gongxin.policy import lists, reading
from gongxin.policy.model import Reference
from gongxin.policy.reading import Node

SOURCE: Final = Path(__file__).with_name("decisions.yaml")
KEY: Final = "key"
VISITOR: Final = "visitor"
ROLES: Final = {**{role.value: str(role.label) for role in Role}, KEY: "接口密钥", VISITOR: "访客"}
ROLES_EN: Final = {
    "data_officer": "data officer",
    "case_officer": "case officer",
    "credit_office": "credit office",
    "auditor": "auditor",
    "system_admin": "system administrator",
    "security_admin": "security administrator",
    "representative": "representative of an organisation",
    "person": "natural person",
    KEY: "API key",
    VISITOR: "visitor",
}
RELATIONS: Final = ("own", "other", "none")
WHOSE: Final = ("account", "department", "organisation", "party", "nobody")
PURPOSE_STANDINGS: Final = ("none", "duty", "unknown", "refused", "closed", "open")
DISCLOSURES: Final = ("", "public", "authorised", "shared")
STATES: Final = ("", "active", "contested", "shielded", "repaired", "closed")
_CONDITIONS: Final = ("active", "relation", "purpose", "purposes", "disclosure", "consent", "states")


class Action(StrEnum):
    """What can be asked of `decide`. Titles and next steps stand in the table."""

    PUBLIC_READ = "public.read"
    REPORT_PUBLIC = "report.public"
    ACCOUNT_OWN = "account.own"
    DESK_ENTER = "desk.enter"
    SUBMISSION_MAKE = "submission.make"
    SUBMISSION_READ = "submission.read"
    SUBMISSION_CORRECT = "submission.correct"
    RECORD_READ = "record.read"
    RECORD_UNPUBLISHED = "record.unpublished"
    ARCHIVE_READ = "archive.read"
    ARCHIVE_TRACE = "archive.trace"
    CATALOGUE_READ = "catalogue.read"
    OVERVIEW_READ = "overview.read"
    CHECK_ASK = "check.ask"
    CHECK_READ = "check.read"
    LOOKS_SEARCH = "looks.search"
    LOOKS_OWN = "looks.own"
    REPORT_FULL = "report.full"
    MINE_ENTER = "mine.enter"
    MINE_READ = "mine.read"
    CONSENT_LEND = "consent.lend"
    BORROWED_READ = "borrowed.read"
    COMMITMENT_MAKE = "commitment.make"
    CASE_FILE = "case.file"
    CASE_READ = "case.read"
    CASE_ACT = "case.act"
    ACCOUNT_READ = "account.read"
    ACCOUNT_PROPOSE = "account.propose"
    ACCOUNT_APPROVE = "account.approve"
    ACCOUNT_SECURE = "account.secure"
    ACCOUNT_BIND = "account.bind"
    SUBSTITUTE_APPOINT = "substitute.appoint"
    REPRESENTATION_BIND = "representation.bind"
    DEPARTMENT_KEEP = "department.keep"
    KEY_READ = "key.read"
    KEY_ISSUE = "key.issue"
    NODE_WATCH = "node.watch"
    PROOF_READ = "proof.read"
    RETENTION_READ = "retention.read"
    RETENTION_PROPOSE = "retention.propose"
    RETENTION_DECIDE = "retention.decide"
    PERSON_OWN = "person.own"
    PERSON_OPEN = "person.open"
    PERSON_DECIDE = "person.decide"


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as people read it. whose: by what of a resource it is the actor's own (WHOSE).

    next: what somebody who is refused does now.
    """

    id: Action
    whose: str
    title: Text
    next: Text


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at."""

    role: str
    action: str
    active: bool
    relation: str
    purpose: str
    purpose_code: str
    disclosure: str
    consent: bool
    state: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. A condition that is None plays no part. next: of rules that deny."""

    id: str
    allows: bool
    title: Text
    roles: frozenset[str]
    actions: frozenset[str]
    basis: Reference
    next: Text | None = None
    active: bool | None = None
    relation: frozenset[str] | None = None
    purpose: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    disclosure: frozenset[str] | None = None
    consent: bool | None = None
    states: frozenset[str] | None = None

    def fits(self, case: Case) -> bool:
        """Whether every condition of the rule holds."""
        return (
            case.role in self.roles
            and case.action in self.actions
            and self.active in (None, case.active)
            and self.consent in (None, case.consent)
            and _within(self.relation, case.relation)
            and _within(self.purpose, case.purpose)
            and _within(self.purposes, case.purpose_code)
            and _within(self.disclosure, case.disclosure)
            and _within(self.states, case.state)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """The whole of it: `deny` is looked through first, then `allow`; else `default`."""

    deeds: dict[str, Deed]
    deny: tuple[Rule, ...]
    allow: tuple[Rule, ...]
    default: Rule

    def ruling(self, case: Case) -> Rule:
        """The rule that decides the case."""
        return next((rule for rule in (*self.deny, *self.allow) if rule.fits(case)), self.default)

    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order in which they are looked at."""
        return (*self.deny, *self.allow, self.default)


def load(path: Path = SOURCE) -> Table:
    """The table of a file. Raises PackError: file, line, what was found, what is allowed."""
    keys = reading.read(path, path.parent).mapping(["actions", "deny", "allow", "default"], ["principles"])
    deeds = _deeds(keys["actions"])
    deny = tuple(_rule(node, deeds, allows=False) for node in keys["deny"].sequence())
    allow = tuple(_rule(node, deeds, allows=True) for node in keys["allow"].sequence())
    _once([rule.id for rule in (*deny, *allow)], [*keys["deny"].sequence(), *keys["allow"].sequence()])
    return Table(deeds, deny, allow, _default(keys["default"]))


def _within(allowed: frozenset[str] | None, found: str) -> bool:
    return allowed is None or found in allowed


def _deeds(node: Node) -> dict[str, Deed]:
    found: dict[str, Deed] = {}
    for entry in node.sequence():
        keys = entry.mapping(["id", "whose", "title", "title_en", "next", "next_en"])
        action = Action(keys["id"].choice([action.value for action in Action]))
        found[action] = Deed(action, keys["whose"].choice(WHOSE), _text(keys, "title"), _text(keys, "next"))
    missing = [action.value for action in Action if action not in found]
    if missing or len(node.sequence()) != len(found):
        raise node.error(
            "access-actions",
            f"行为没有写全或者写了两次（缺少：{'、'.join(missing) or '无'}）。",
            remedy="每种行为写一次，与 Action 一致。",
        )
    return found


def _rule(node: Node, deeds: Iterable[str], *, allows: bool) -> Rule:
    must = ["id", "title", "title_en", "roles", "actions", "basis", *([] if allows else ["next", "next_en"])]
    keys = node.mapping(must, _CONDITIONS)
    return Rule(
        id=keys["id"].text(),
        allows=allows,
        title=_text(keys, "title"),
        roles=frozenset(keys["roles"].choices(ROLES)),
        actions=frozenset(keys["actions"].choices(deeds)),
        basis=lists.reference(keys["basis"]),
        next=None if allows else _text(keys, "next"),
        active=_flag(keys, "active"),
        consent=_flag(keys, "consent"),
        relation=_words(keys, "relation", RELATIONS),
        purpose=_words(keys, "purpose", PURPOSE_STANDINGS),
        purposes=frozenset(keys["purposes"].texts()) if "purposes" in keys else None,
        disclosure=_words(keys, "disclosure", DISCLOSURES),
        states=_words(keys, "states", STATES),
    )


def _default(node: Node) -> Rule:
    keys = node.mapping(["title", "title_en", "basis"])
    empty: frozenset[str] = frozenset()
    return Rule("default", False, _text(keys, "title"), empty, empty, lists.reference(keys["basis"]))


def _text(keys: dict[str, Node], name: str) -> Text:
    return Text(keys[name].text(), keys[f"{name}_en"].text())


def _flag(keys: dict[str, Node], name: str) -> bool | None:
    return keys[name].boolean() if name in keys else None


def _words(keys: dict[str, Node], name: str, known: Iterable[str]) -> frozenset[str] | None:
    """The words of a condition; "" is one of them where nothing of the kind plays a part."""
    if name not in keys:
        return None
    members = keys[name].sequence()
    if not members:
        raise keys[name].error("access-empty", "条件是空的，规则永远不适用。", remedy="请写上取值，或者删去这一条件。")
    return frozenset("" if member.raw.value == "" and "" in known else member.choice(known) for member in members)


def _once(ids: list[str], nodes: list[Node]) -> None:
    for place, rule_id in enumerate(ids):
        if rule_id in ids[:place] or rule_id == "default":
            raise nodes[place].error("access-rule-twice", f"规则“{rule_id}”写了两次。", remedy="请另取一个标识。")
