"""May this actor do this? The one question of access, answered from one table (`decisions.yaml`), by rule.

Pure and fast: who acts, what is asked and at what are values; nothing is read but the table and the pack's purposes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

from gongxin.errors import NotPermitted
from gongxin.identity import decision_table
from gongxin.identity.decision_table import ROLES, ROLES_EN, Action, Case, Rule, Table
from gongxin.identity.roles import Role
from gongxin.policy import packs
from gongxin.policy.model import Reference

TABLE: Final[Table] = decision_table.load()
# The classes a record may have; a purpose opens some of them.
CLASSES: Final = ("public", "authorised", "shared")


@dataclass(frozen=True, slots=True)
class StandIn:
    """An absent account's role and department, held from day to day, both included."""

    absent: str
    role: str
    department: UUID
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. role: a Role, `key` or `visitor`. active: account (or key) and department are in use.

    purposes: codes granted to the department. organisations: credit codes a representative is bound to.
    """

    name: str
    role: str
    department: UUID | None = None
    active: bool = True
    purposes: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    stands_in: tuple[StandIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """At what: whose it is, and for records their disclosure class and state. What is left out plays no part.

    department: of the provider or the deciding unit. organisation: credit code. account: account name.
    consent: a live authorisation by the organisation covers it.
    """

    department: UUID | None = None
    organisation: str = ""
    account: str = ""
    disclosure: str = ""
    state: str = ""
    consent: bool = False


NOTHING: Final = Resource()
# No department has it.
_ANOTHER: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. rule, basis: what decided, and its ground. next_step: for the refused, empty otherwise.

    role: in which the actor is allowed (the own one where refused). absent: whom he stands in for there, else empty.
    """

    allowed: bool
    rule: str
    basis: Reference
    reason: str
    reason_en: str
    next_step: str
    next_step_en: str
    role: str
    absent: str = ""


class Refused(NotPermitted):
    """A refusal with its decision, so that whoever catches it can log the rule."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"access-{decision.rule}", decision.reason, remedy=decision.next_step, facts={"rule": decision.rule}
        )
        self.decision = decision


def decide(actor: Actor, action: Action, resource: Resource = NOTHING, *, purpose: str = "", day: date) -> Decision:
    """Whether the actor may do it on `day`, by the own role or by one he stands in for on that day.

    purpose: code of a purpose or duty of the pack.
    """
    refused = None
    for role, department, absent in _standings(actor, day):
        relation = _relation(actor, role, department, action, resource)
        standing = _purpose(actor, purpose, resource.disclosure)
        found = _ruling(
            Case(
                role,
                action,
                actor.active,
                relation,
                standing,
                purpose if standing != "unknown" else "",
                resource.disclosure,
                resource.consent,
                resource.state,
            )
        )
        if found.allowed:
            return replace(found, absent=absent) if absent else found
        refused = refused or found
    # mypy: the own role always stands first.
    assert refused is not None  # noqa: S101
    return refused


def require(actor: Actor, action: Action, resource: Resource = NOTHING, *, purpose: str = "", day: date) -> Decision:
    """As `decide`; raises Refused instead of answering no."""
    decision = decide(actor, action, resource, purpose=purpose, day=day)
    if not decision.allowed:
        raise Refused(decision)
    return decision


def scope(actor: Actor, action: Action, *, day: date) -> UUID | None:
    """Whose things the actor may list: those of every department (None), or of the own one. Raises Refused."""
    if decide(actor, action, Resource(department=_ANOTHER), day=day).allowed:
        return None
    require(actor, action, Resource(department=actor.department), day=day)
    return actor.department


def opened(actor: Actor, action: Action, *, purpose: str, day: date, consent: bool = False) -> tuple[str, ...]:
    """The disclosure classes the actor may see for a purpose. consent: the organisation's, for authorised use."""
    return tuple(
        name
        for name in CLASSES
        if decide(actor, action, Resource(disclosure=name, consent=consent), purpose=purpose, day=day).allowed
    )


def _standings(actor: Actor, day: date) -> Iterator[tuple[str, UUID | None, str]]:
    yield actor.role, actor.department, ""
    for entry in actor.stands_in:
        if entry.starts_on <= day <= entry.ends_on:
            yield entry.role, entry.department, entry.absent


def _relation(actor: Actor, role: str, department: UUID | None, action: Action, resource: Resource) -> str:
    """Whether it is the actor's own, by what the action goes by."""
    whose = TABLE.deeds[action].whose
    if whose == "party":
        whose = "organisation" if role == Role.REPRESENTATIVE else "department"
    if whose == "account" and resource.account:
        return "own" if resource.account == actor.name else "other"
    if whose == "organisation" and resource.organisation:
        return "own" if resource.organisation in actor.organisations else "other"
    if whose == "department" and resource.department is not None:
        return "own" if resource.department == department else "other"
    return "none"


def _purpose(actor: Actor, code: str, disclosure: str) -> str:
    if not code:
        return "none"
    pack = packs.current()
    known = pack.purposes.get(code)
    if known is None:
        return "duty" if code in pack.duties else "unknown"
    if code not in actor.purposes:
        return "refused"
    return "open" if not disclosure or disclosure in known.disclosures else "closed"


# A few thousand cases come up; far more exist.
@lru_cache(maxsize=1 << 16)
def _ruling(case: Case) -> Decision:
    return told(TABLE.ruling(case), case.role, Action(case.action))


def told(rule: Rule, role: str, action: Action) -> Decision:
    """What a rule says to somebody in a role about an action."""
    deed = TABLE.deeds[action]
    reason, next_step = rule.title, rule.next or deed.next
    if rule is TABLE.default:
        reason = decision_table.Text(
            f"{ROLES.get(role, role)}不能{deed.title.zh}。",
            f"Not for the role {ROLES_EN.get(role, role)}: {deed.title.en}.",
        )
    return Decision(
        allowed=rule.allows,
        rule=rule.id,
        basis=rule.basis,
        reason=reason.zh,
        reason_en=reason.en,
        next_step="" if rule.allows else next_step.zh,
        next_step_en="" if rule.allows else next_step.en,
        role=role,
    )
