"""docs/access.md: the table of access as people read it, built from `decisions.yaml`."""

from __future__ import annotations

from collections.abc import Iterable

from gongxin.identity.decision_table import ROLES, ROLES_EN, Action, Rule
from gongxin.identity.decisions import TABLE
from gongxin.policy.model import Reference

_HEAD = """# Who may do what

Built from `src/gongxin/identity/decisions.yaml` by `gongxin access rules`; a test holds that it is current. Why it is
built so: docs/adr/0013. A request is refused by the first rule of the second table that fits, else allowed by the
first rule of the third, else refused (`default`). The rule that decided is shown with every refusal, on the page
账号权限说明 (`/desk/account/permissions`) and in the log of looks. Confidence of the ground: H certain, M one good
source, L uncertain.

## Roles

One account has one role. System, security and audit administrator exclude each other and every working role; roles from
outside exclude every other. Enforced: the role is one column with a CHECK; a substitute may never be given a role that
excludes his own (verb, and a trigger in the database that a change of role meets too); Django's superuser and staff
flags are refused by a CHECK. Not enforced, because it cannot be known: that one human holds no second account. A
working role may stand in for another working role of the same department, from day to day, on record.

| role | page | excludes |
|---|---|---|
"""
_EXCLUDES = {
    "data_officer": "administrators, roles from outside",
    "case_officer": "administrators, roles from outside",
    "credit_office": "administrators, roles from outside",
    "auditor": "every other role",
    "system_admin": "every other role",
    "security_admin": "every other role",
    "representative": "every other role",
    "person": "every other role",
    "key": "a department's program, no account",
    "visitor": "nobody signed in",
}


def page() -> str:
    """The whole page."""
    roles = "".join(f"| `{role}` | {title} | {_EXCLUDES[role]} |\n" for role, title in ROLES.items())
    return (
        f"{_HEAD}{roles}\n## What is refused, and by which rule\n\n{_rules(TABLE.deny)}"
        f"\n## What is allowed\n\n{_rules(TABLE.allow)}\n## By default\n\n"
        f"{TABLE.default.title.en} {TABLE.default.title.zh} {_basis(TABLE.default.basis)}\n"
        f"\n## Actions\n\n{_actions()}"
    )


def _rules(rules: Iterable[Rule]) -> str:
    head = "| rule | says | roles | actions | only where | ground |\n|---|---|---|---|---|---|\n"
    return head + "".join(_rule(rule) for rule in rules)


def _rule(rule: Rule) -> str:
    roles = _words(ROLES_EN[role] for role in ROLES if role in rule.roles)
    actions = _words(f"`{action}`" for action in Action if action in rule.actions)
    says = f"{rule.title.en}<br>{rule.title.zh}"
    return f"| `{rule.id}` | {says} | {roles} | {actions} | {_conditions(rule)} | {_basis(rule.basis)} |\n"


def _conditions(rule: Rule) -> str:
    named = {
        "relation": rule.relation,
        "purpose": rule.purpose,
        "purposes": rule.purposes,
        "disclosure": rule.disclosure,
        "states": rule.states,
    }
    said = [f"{name}: {_words(sorted(word or '–' for word in words))}" for name, words in named.items() if words]
    flags = {"active": rule.active, "consent": rule.consent}
    said += [f"{name}: {'yes' if flag else 'no'}" for name, flag in flags.items() if flag is not None]
    return "; ".join(said) or "always"


def _actions() -> str:
    deeds = [TABLE.deeds[action] for action in Action]
    rows = "".join(f"| `{deed.id}` | {deed.title.en} | {deed.title.zh} | {deed.whose} |\n" for deed in deeds)
    return f"| action | in words | page | one's own by |\n|---|---|---|---|\n{rows}"


def _basis(basis: Reference) -> str:
    article = f" {basis.article}" if basis.article else ""
    return f"{basis.title}{article} ({basis.confidence}{f'; {basis.note}' if basis.note else ''})"


def _words(words: Iterable[str]) -> str:
    return ", ".join(words)
