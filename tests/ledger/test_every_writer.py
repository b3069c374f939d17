"""No table is written outside of a leaf: every function that writes one, in whatever package and whatever its arguments
are called, stands under a verb with a leaf or says why there is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.ledger.test_every_change import NONE, RUN, SHOWN, SOURCE, appends

# Functions that write a table and stand under no leaf that their own module appends: the verb whose leaf it is, or why
# there is none. Found in the source like the verbs, whatever their arguments are called and in every package.
UNDER = {
    "enquiries.answering._statement": "enquiries.checks.check",
    "identity.factors._app_code": "identity.signing_in.succeeded",
    "identity.factors.check_code": "identity.signing_in.succeeded",
    "identity.factors.key_used": "identity.signing_in.succeeded",
    "identity.sessions.moved": "identity.signing_in.succeeded",
    "intake.loading.merge": "intake.pipeline.process",
    "intake.loading.withdraw": "intake.pipeline.process",
    "intake.repeating.carry_over": "intake.pipeline.process",
    "intake.returns.link_corrections": "intake.pipeline.process",
    "intake.returns.mark_corrected": "intake.pipeline.process",
    "persons.correcting.correct": "persons.objecting.decide_objection",
    "persons.ending.keep": "ends.destroying.reject",
    "persons.ending.propose": "ends.destroying.propose",
    "persons.papers.keep": "persons.objecting.object_to",
    "persons.receiving._made": "intake.pipeline.process",
    "persons.receiving.receive_rows": "intake.pipeline.process",
    "rights.correcting.apply": "rights.cases.advance",
    "rights.correcting.rederive": "rights.cases.advance",
    "rights.effects._noted": "rights.cases.advance",
    "rights.effects._to": "rights.cases.advance",
    "rights.effects.change": "rights.cases.advance",
    "rights.effects.mark": "rights.cases.advance",
    "rights.entering._created": "rights.cases.advance",
    "rights.evidence.attach": "rights.cases.open_case",
    "rights.shielding._moved": "rights.cases.advance",
    "rights.telling._write": "rights.cases.advance",
    "rights.telling.clock": "rights.deadlines.escalate",
    "rights.telling.step": "rights.cases.advance",
}
QUIET = {
    "api.idempotency.once": "that a request was seen before; what it did has its leaf",
    "correspondence.gathering._enclose": "messages are made out of the log and say what its leaves say",
    "correspondence.gathering._stretch": "messages are made out of the log and say what its leaves say",
    "correspondence.gathering._waiting": "messages are made out of the log and say what its leaves say",
    "correspondence.mailing._attempt": "whether an e-mail was sent; it says nothing but that there is something new",
    "correspondence.messages.opened": "that the account has read its own message; opening it is a look, with a leaf",
    "correspondence.messages.read_all": "that the account has read its own messages",
    "endurance.health._write": "the pulse of the health check, one row",
    "identity.bindings.kept_subject": "a binding under the secret that is in force now; whom it binds is what it was",
    "identity.keys._note_use": "when a key was last used; what it was used for has its leaf",
    "identity.passwords.keep_up": "the same password, kept in today's form",
    "intake.attempts._count": "how often a worker tried; the outcome has its leaf",
    "intake.attempts._take_back": "how often a worker tried; the outcome has its leaf",
    "intake.attempts.marked": "how often a worker tried; the outcome has its leaf",
    "ledger.checkpoints.store": "a signature over the log, which the next would have to sign",
    "ledger.submitting.submit": "a signature over the log, by a witness",
    "ledger.witnessing.add_checkpoint": "what was seen of another log, which its own signature proves",
    "persons.letters._attempt": "whether an e-mail was sent; it says nothing but that there is something new",
    "persons.letters.send_due": "e-mails that were sent are forgotten; they held nothing",
    "persons.letters.tell": "that an e-mail is to be sent; what it tells of has its leaf",
    "persons.terms._write": "an index derived from what is held, made anew where rules change",
    "rights.drafts.discard": "a draft is nobody's but its writer's",
    "rights.drafts.discard_expired": "a draft is nobody's but its writer's",
    "rights.drafts.remove_file": "a draft is nobody's but its writer's",
}


_SQL = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?[a-z]+_[a-z_]+|\bCOPY [a-z]+_[a-z_]+ ?\(")
_ORM = {"save", "create", "bulk_create", "bulk_update", "update", "delete", "get_or_create", "update_or_create"}
# Files and mappings have methods of these names too.
_NO_ROW = re.compile(r"source|drafts$|session$")
_ROWS = re.compile(r"objects|filter\(|all\(|entries|open_rows")


def _writes(node: ast.FunctionDef, statements: set[str]) -> bool:
    """Whether a function writes a table: by the mapper, or by a statement in its text or of its module."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in _ORM:
            on = ast.unparse(part.func.value)
            if _ROWS.search(on) or (part.func.attr in {"save", "delete"} and not _NO_ROW.search(on)):
                return True
        if isinstance(part, ast.Name) and part.id in statements:
            return True
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _SQL.search(part.value):
            return True
    return False


def _statements(module: ast.Module) -> set[str]:
    """The constants of a module whose text writes a table."""
    named = [node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None]
    return {
        ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        for node in named
        if _SQL.search(ast.unparse(node.value))  # type: ignore[arg-type]  # sorted out above
    }


def _grown(begun: set[str], named: dict[str, set[str]], *, upwards: bool) -> set[str]:
    """With everything that calls one of them (upwards), or that one of them calls, within the module."""
    found = set(begun)
    while True:
        if upwards:
            more = {name for name, called in named.items() if called & found} - found
        else:
            more = {name for name in named if any(name in named[one] for one in found)} - found
        if not more:
            return found
        found |= more


def writers() -> Iterator[str]:
    """The functions, of all packages, that write a table outside of what their own module's leaves and verbs cover."""
    verb = {*RUN, *SHOWN, *NONE}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if "migrations" in parts:
            continue
        module, place = ast.parse(path.read_text(encoding="utf-8")), ".".join(parts)
        functions = {node.name: node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
        named = {
            name: {ast.unparse(part.func).split(".")[-1] for part in ast.walk(node) if isinstance(part, ast.Call)}
            | {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            for name, node in functions.items()
        }
        appending = _grown({name for name, node in functions.items() if appends(node, set())}, named, upwards=True)
        covered = appending | {name for name in functions if f"{place}.{name}" in verb}
        covered = _grown(covered, named, upwards=False)
        statements = _statements(module)
        yield from (
            f"{place}.{name}" for name, node in functions.items() if name not in covered and _writes(node, statements)
        )


def test_every_function_that_writes_a_table_names_its_leaf() -> None:
    found = set(writers())
    assert len(found) > 30
    assert not UNDER.keys() & QUIET.keys()
    assert found - {*UNDER, *QUIET} == set(), (
        "it writes a table: say in UNDER or QUIET under which leaf, or why under none"
    )
    assert {*UNDER, *QUIET} - found == set(), "no such function any more"
    assert set(UNDER.values()) <= {*RUN, *SHOWN}
