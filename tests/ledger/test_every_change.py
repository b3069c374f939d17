"""Exactly one leaf for each change, and no change where the log cannot be written.

Verbs are found in the source: functions of the domain packages that take the instant and who acts, or that append a
leaf. One that is not in the table below fails the first test, so that nobody writes a verb and forgets the log.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from tests import held
from tests.held import AT
from tests.ledger.conftest import logged

from gongxin import clock
from gongxin.correspondence import following, mailboxes, mailing
from gongxin.correspondence.models import Delivery, State
from gongxin.errors import Unavailable
from gongxin.identity import (
    accounts,
    bindings,
    consents,
    departments,
    factors,
    keys,
    passwords,
    proposals,
    representations,
    substitutions,
    suspension,
)
from gongxin.identity.models import ProposalKind, Role
from gongxin.identity.warrants import of_operator
from gongxin.ledger import contents, selectors
from gongxin.policy import packs
from gongxin.records import republishing
from gongxin.subjects import register

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "gongxin"
NO_DOMAIN = {"embedded", "policy", "traffic", "web", "api", "sample", "cli", "endurance", "secrecy", "fonts"}
# Tables that say nothing of a change: work tables, counters, queues, sessions.
PASSING = ("gx_", "traffic_", "procrastinate_", "django_", "auth_", "axes_", "account_", "usersessions_")
WHO = {"acting_user", "actor", "acting", "acting_as", "looker", "asked_by"}
EXPIRY = AT + timedelta(days=30)

Change = Callable[[], object]


def _account(name: str = "li-si", role: Role = Role.DATA_OFFICER, **more: Any) -> Any:
    given = {"password": "correct horse battery", "full_name": "测试人", "department": held.department(), "at": AT}
    return accounts.create(name, role=role, **(given | more))


def _department() -> Change:
    return partial(departments.register, code="D-new", name="虚构新单位", at=AT)


def _department_entered() -> Change:
    facts = {"name": "虚构新单位", "uscc": "", "items": [], "purposes": []}
    return partial(departments.enter, code="D-new", **facts, acting_user=None, at=AT)


def _department_used() -> Change:
    return partial(departments.use, held.department(), active=False, acting_user=None, at=AT)


def _created_unopened() -> Change:
    facts = {"full_name": "测试人", "department": held.department(), "role": Role.DATA_OFFICER}
    return partial(accounts.create_unopened, "zhang-san", **facts, by=of_operator(), at=AT)


def _wanted() -> tuple[Change, Any]:
    """Proposing a role, and the security administrator."""
    admins = [_account(role.value, role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)]
    account = _account()
    wanted = proposals.Wanted(ProposalKind.ROLE, account, role=Role.CASE_OFFICER.value, department=account.department)
    return partial(proposals.propose, wanted, reason="调岗", acting_user=admins[0], at=AT), admins[1]


def _decided(verb: Any) -> Change:
    propose, security = _wanted()
    made: Any = propose()
    return partial(verb, made.pk, reason="已核实", acting_user=security, at=AT)


def _withdrawn() -> Change:
    made: Any = _wanted()[0]()
    return partial(proposals.withdraw, made.pk, acting_user=made.proposed_by, at=AT)


def _half_taken() -> Change:
    admins = [_account(role.value, role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)]
    wanted = proposals.Wanted(ProposalKind.PASSWORD, _account())
    made = proposals.propose(wanted, reason="遗忘", acting_user=admins[0], at=AT)
    proposals.approve(made.pk, reason="已核实", acting_user=admins[1], at=AT)
    return partial(proposals.take_half, made.pk, acting_user=admins[0], at=AT)


def _created() -> Change:
    return partial(_account, "zhang-san", department=held.department())


def _role() -> Change:
    held_by = _account()
    return partial(
        accounts.change_role, held_by, role=Role.CASE_OFFICER, department=held_by.department, by=of_operator(), at=AT
    )


def _issued() -> Change:
    return partial(keys.issue, department=held.department(), label="系统", expires_at=EXPIRY, acting_user="a", at=AT)


def _rotated() -> Change:
    return partial(keys.rotate, _issued()().key.pk, overlap=timedelta(hours=1), acting_user="a", at=AT)


def _revoked() -> Change:
    return partial(keys.revoke, _issued()().key.pk, acting_user="a", at=AT)


def _disabled() -> Change:
    return partial(suspension.disable, _account(), acting_user=None, at=AT)


def _enabled() -> Change:
    closed = suspension.disable(_account(), acting_user=None, at=AT)
    return partial(suspension.enable, closed, acting_user=_account("security", Role.SECURITY_ADMIN), at=AT)


def _lifted() -> Change:
    closed = suspension.disable(_account(), acting_user=None, at=AT)
    return partial(suspension.lift, closed, by=of_operator(), at=AT)


def _reset() -> Change:
    return partial(passwords.reset, _account(), by=of_operator(), at=AT)


def _password_changed() -> Change:
    return partial(passwords.change, _account(), new="another horse battery", keep=None, at=AT)


def _appointed() -> Change:
    absent = _account()
    other = _account("wang-wu", department=absent.department)
    day = AT.date()
    return partial(
        substitutions.appoint, absent, other, starts_on=day, ends_on=day + timedelta(3), acting_user=None, at=AT
    )


def _substitution_ended() -> Change:
    return partial(substitutions.end, _appointed()().pk, acting_user=None, at=AT)


def _bound() -> Change:
    user = _account(role=Role.REPRESENTATIVE, department=None)
    return partial(representations.bind, user, "91000000MA00000016", ground="授权委托书", acting_user=None, at=AT)


def _binding_ended() -> Change:
    return partial(representations.end, _bound()().pk, acting_user=None, at=AT)


def _lent() -> Change:
    agent, code = _account(role=Role.REPRESENTATIVE, department=None), "91000000MA00000016"
    representations.bind(agent, code, ground="授权委托书", acting_user=None, at=AT)
    extent: dict[str, Any] = {"items": ["penalty"], "purpose": "authorised-query", "ends_on": AT.date()}
    return partial(consents.lend, code, consents.Borrower(), **extent, acting_user=agent, at=AT)


def _taken_back() -> Change:
    lent = _lent()()
    agent = representations.User.objects.get(username=lent.consent.lent_by)
    return partial(consents.take_back, lent.consent.pk, acting_user=agent, at=AT)


def _unbound() -> Change:
    user = _account()
    bindings.bind(user, subject="s-1", acting_user=None, at=AT)
    return partial(bindings.unbind, user, acting_user=None, at=AT)


def _subject_bound() -> Change:
    return partial(bindings.bind, _account(), subject="s-1", acting_user=None, at=AT)


def _factor_removed() -> Change:
    user = _account()
    kept = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return partial(factors.remove, user, kept.pk, at=AT)


def _key_added() -> Change:
    return partial(factors.add_key, _account(), name="钥匙", credential={"id": "c-1"}, at=AT)


def _representative() -> Any:
    _bound()()
    return representations.User.objects.get(username="li-si")


def _followed() -> Change:
    return partial(following.follow, "91000000MA00000016", ["cases"], acting_user=_representative(), at=AT)


def _mail_given() -> Change:
    return partial(mailboxes.give, "info@example.cn", acting_user=_representative(), at=AT)


def _mail_confirmed() -> Change:
    return partial(mailboxes.confirm, mailboxes.confirmation(_mail_given()()), at=AT)


def _mail_dropped() -> Change:
    return partial(mailboxes.drop, _mail_given()().user, at=AT)


def _mail_stopped() -> Change:
    return partial(mailboxes.stop, mailboxes.stopping(_mail_given()()), at=AT)


def _mail_again() -> Change:
    box = _mail_confirmed()()
    failed = Delivery.objects.create(user=box.user, made_at=AT, due_at=AT, state=State.FAILED)
    return partial(mailing.try_again, failed.pk, acting_user=box.user, at=AT)


def _register() -> Change:
    path = Path(settings.FILES_DIR) / "register.csv"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"企业名称": ["云河虚构商贸有限公司"], "统一社会信用代码": [held.code(987)]}).write_csv(path)
    return partial(register.import_file, path, acting="operator", at=AT)


def _pack() -> Change:
    return partial(republishing.apply_pack, packs.current(), at=AT)


def _destroyed() -> Change:
    return partial(contents.destroy, logged(1), reason="期限届满", actor="auditor", at=AT)


# Run here: one leaf more, and nothing at all where the log cannot be written.
RUN: dict[str, Callable[[], Change]] = {
    "correspondence.following.follow": _followed,
    "correspondence.mailboxes.confirm": _mail_confirmed,
    "correspondence.mailboxes.drop": _mail_dropped,
    "correspondence.mailboxes.give": _mail_given,
    "correspondence.mailboxes.stop": _mail_stopped,
    "correspondence.mailing.try_again": _mail_again,
    "identity.accounts.create": _created,
    "identity.accounts.create_unopened": _created_unopened,
    "identity.accounts.change_role": _role,
    "identity.bindings.bind": _subject_bound,
    "identity.bindings.unbind": _unbound,
    "identity.consents.lend": _lent,
    "identity.consents.take_back": _taken_back,
    "identity.departments.enter": _department_entered,
    "identity.departments.register": _department,
    "identity.departments.use": _department_used,
    "identity.factors.add_key": _key_added,
    "identity.factors.remove": _factor_removed,
    "identity.keys.issue": _issued,
    "identity.keys.rotate": _rotated,
    "identity.keys.revoke": _revoked,
    "identity.passwords.change": _password_changed,
    "identity.passwords.reset": _reset,
    "identity.proposals.approve": partial(_decided, proposals.approve),
    "identity.proposals.propose": lambda: _wanted()[0],
    "identity.proposals.reject": partial(_decided, proposals.reject),
    "identity.proposals.take_half": _half_taken,
    "identity.proposals.withdraw": _withdrawn,
    "identity.representations.bind": _bound,
    "identity.representations.end": _binding_ended,
    "identity.substitutions.appoint": _appointed,
    "identity.substitutions.end": _substitution_ended,
    "identity.suspension.disable": _disabled,
    "identity.suspension.enable": _enabled,
    "identity.suspension.lift": _lifted,
    "ledger.contents.destroy": _destroyed,
    "records.republishing.apply_pack": _pack,
    "subjects.register.import_file": _register,
}
# Shown elsewhere, where their world is.
SHOWN = {
    "custody.keeping.init": "custody/test_keeping.py::test_the_keys_of_a_node_are_made_once_and_logged",
    "custody.keeping.rotate": "custody/test_keeping.py::test_a_key_whose_leaf_is_missing_gets_it_at_the_next_command",
    "enquiries.borrowed.read": "enquiries/test_borrowed.py::test_what_is_lent_is_read_as_one_look_that_names_it",
    "ends.destroying.confirm": "ends/test_destroying.py::test_two_officials_destroy_what_is_over",
    "ends.destroying.propose": "ends/test_destroying.py::test_two_officials_destroy_what_is_over",
    "ends.destroying.reject": "ends/test_destroying.py::test_a_list_that_is_not_agreed_to_destroys_nothing",
    "ends.proving.run": "ends/test_proving.py::test_a_run_is_a_leaf_and_leaves_no_trace_of_its_questions",
    "enquiries.checks.check": "enquiries/test_checks.py::test_a_check_is_one_leaf_that_says_nothing",
    "enquiries.checks.check_many": "enquiries/test_checks.py::test_a_piece_of_a_batch_is_one_leaf_over_its_entries",
    "enquiries.looks.commit": "web/test_every_look.py::test_a_page_leaves_one_entry_and_one_leaf",
    "enquiries.looks.take": "web/test_every_look.py::test_a_page_leaves_one_entry_and_one_leaf",
    "enquiries.looks.taken": "web/test_every_look.py::test_a_page_leaves_one_entry_and_one_leaf",
    "enquiries.looks.watched": "web/test_every_look.py::test_an_operation_of_the_api_leaves_its_entries_and_one_leaf",
    "enquiries.reports.issue_full": "enquiries/test_reports.py::test_a_full_report_holds_what_the_classes_open",
    "enquiries.reports.issue_public": "enquiries/test_reports.py::test_a_public_report_is_one_leaf",
    "identity.factors.add_app": "web/test_sign_in_factors.py::test_set_up_shows_codes_once_and_ends_other_sessions",
    "identity.factors.remove_all": "web/test_sign_in_factors.py::test_two_administrators_take_lost_ones_off",
    "identity.factors.renew_codes": "web/test_sign_in_factors.py::test_renewed_ones_void_the_old",
    "identity.lockout.unlock": "web/test_sign_in.py::test_unlocked_by_the_security_administrator",
    "identity.passwords.set_by_code": "web/test_sign_in.py::test_one_time_code_replaces_a_forgotten_password",
    "identity.sessions.close": "web/test_sign_in_sessions.py::test_owner_sees_sessions_and_ends_them",
    "identity.sessions.end": "web/test_sign_in_sessions.py::test_owner_sees_sessions_and_ends_them",
    "identity.sessions.end_all": "web/test_desk_account_care.py::test_sessions_end_and_the_account_may_sign_in_again",
    "identity.sessions.end_others": "web/test_sign_in_sessions.py::test_owner_sees_sessions_and_ends_them",
    "identity.sessions.over": "web/test_sign_in_sessions.py::test_owner_sees_sessions_and_ends_them",
    "identity.signing_in.by_password": "web/test_sign_in.py::test_refusals_say_why_in_the_ledger_only",
    "identity.signing_in.failed": "web/test_sign_in.py::test_refusals_say_why_in_the_ledger_only",
    "identity.signing_in.judge": "web/test_sign_in.py::test_refusals_say_why_in_the_ledger_only",
    "identity.signing_in.prove": "web/test_sign_in_sessions.py::test_guessing_the_password_of_an_open_session",
    "identity.signing_in.refused": "web/test_sign_in.py::test_refusals_say_why_in_the_ledger_only",
    "identity.signing_in.succeeded": "web/test_sign_in.py::test_sign_in_is_a_leaf_with_names_as_commitments",
    "intake.pipeline.process": "intake/test_ledger.py::test_one_leaf_with_the_root_over_what_is_held",
    "intake.pipeline.refuse": "intake/test_ledger.py::test_a_refused_file_is_one_leaf_too",
    "ledger.appending.append": "ledger/test_appending.py::test_no_change_without_its_leaf",
    "ledger.epochs.raise_epoch": "ledger/test_epochs.py::test_a_restore_with_loss_is_stated",
    "ledger.witnessing.readmit": "ledger/test_witnessing.py::test_a_log_that_stated_its_restore_is_readmitted",
    "walls.roles.let_audit": "walls/test_roles.py::test_a_new_login_of_the_auditor_is_a_leaf",
    "persons.authorising.issue_authorisation": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.authorising.revoke_authorisation": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.ending.end_own": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.gone.destroy_again": "persons/test_ending.py::test_a_restored_backup_does_not_bring_it_back",
    "persons.ending.go_on": "persons/test_ending.py::test_what_stays_goes_at_its_date_and_the_file_with_the_last_of_it",
    "persons.ending.stay": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.erasing.decide_erasure": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.erasing.propose_erasure": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.holding.keep": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.objecting.call_assistance": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.objecting.decide_objection": "persons/test_leaves.py::test_no_change_where_the_log_cannot_be_written",
    "persons.objecting.object_to": "persons/test_leaves.py::test_no_change_where_the_log_cannot_be_written",
    "persons.objecting.open_objection": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.objecting.open_paper": "persons/test_papers.py::test_the_person_and_the_deciding_officer_open_it",
    "persons.opening.download": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "persons.opening.log": "persons/test_leaves.py::test_a_refused_opening_is_one_leaf",
    "persons.opening.open_by_code": "persons/test_leaves.py::test_a_refused_opening_is_one_leaf",
    "persons.opening.open_own": "persons/test_leaves.py::test_one_change_is_one_leaf",
    "supervision.commitments.make": "supervision/test_commitments.py::test_it_is_made_once_with_its_words_and_one_leaf",
    "rights.cases.advance": "rights/test_life.py::",
    "rights.cases.open_case": "rights/test_cases.py::",
    "rights.cases.open_about": "rights/test_procedures.py::test_a_reorganisation_shields_what",
    "rights.training.attended": "rights/test_training.py::test_three_class_hours_make_a_certificate_once",
    "rights.training.open_course": "rights/test_training.py::test_three_class_hours_make_a_certificate_once",
    "rights.training.register": "rights/test_training.py::test_three_class_hours_make_a_certificate_once",
    "rights.training.schedule": "rights/test_training.py::test_three_class_hours_make_a_certificate_once",
    "rights.training.withdraw": "rights/test_training.py::test_a_registration_is_taken_back_before_it_begins",
    "rights.deadlines.escalate": "rights/test_deadlines.py::test_the_clock_moves_over_the_deadline",
}
# Leave none of their own, and why.
NONE = {
    "enquiries.looks.write": "the entry of a verb that has a leaf of its own, which commits to it",
    "intake.corrections.correct_rows": "hands in, and processing has the leaf",
    "intake.corrections.enter_single": "hands in, and processing has the leaf",
    "intake.submissions.judge_permission": "judges and changes nothing",
    "intake.submissions.receive": "keeps the file; nothing is held yet, and processing has the leaf",
    "intake.submissions.retry": "puts the same file in the queue again, and processing has the leaf",
    "intake.submissions.submit": "receives and processes, and processing has the leaf",
    "ledger.leaves.build": "makes the text of a leaf",
    "persons.mailboxes.confirm": "where a person is told concerns nobody but the person",
    "persons.mailboxes.drop": "where a person is told concerns nobody but the person",
    "persons.mailboxes.give": "where a person is told concerns nobody but the person",
    "rights.drafts.add_file": "a draft is nobody's but its writer's; filing it opens the case, which has the leaf",
    "rights.judging.move": "judges and changes nothing",
    "rights.drafts.save": "a draft is nobody's but its writer's; filing it opens the case, which has the leaf",
}


def appends(node: ast.FunctionDef, helpers: set[str]) -> bool:
    """Whether a function appends a leaf, by itself or by one of these functions of its module."""
    called = {ast.unparse(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    return bool(called & ({"ledger.append", "appending.append"} | helpers))


def _verbs_of(functions: list[ast.FunctionDef]) -> Iterator[str]:
    helpers: set[str] = set()
    while more := {one.name for one in functions if appends(one, helpers)} - helpers:
        helpers |= more
    for one in functions:
        named = {argument.arg for argument in one.args.kwonlyargs}
        if not one.name.startswith("_") and "at" in named and (one.name in helpers or named & WHO):
            yield one.name


def verbs() -> Iterator[str]:
    """The verbs of the domain packages, as package.module.function."""
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).with_suffix("").parts
        if len(place) >= 2 and place[0] not in NO_DOMAIN and "migrations" not in place:
            body = ast.parse(path.read_text(encoding="utf-8")).body
            for name in _verbs_of([node for node in body if isinstance(node, ast.FunctionDef)]):
                yield ".".join([*place, name])


def state() -> dict[str, tuple[int, int]]:
    """Of every table that says something: how many rows, and a sum over them."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if not table.startswith(PASSING):
                cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(held::text)), 0) FROM "{table}" held')
                found[table] = cursor.fetchone()
    return found


@contextmanager
def unwritable() -> Iterator[None]:
    """Inside, the log takes no leaf."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TRIGGER no_leaf BEFORE INSERT ON ledger_leaf EXECUTE FUNCTION ledger_refuse()")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER no_leaf ON ledger_leaf")


@pytest.fixture(autouse=True)
def _place(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    settings.OIDC_ISSUER = "https://id.example.cn"


def test_every_verb_is_in_the_table() -> None:
    found = set(verbs())
    assert len(found) > 30
    listed = [*RUN, *SHOWN, *NONE]
    assert len(set(listed)) == len(listed)
    assert found - set(listed) == set(), "a new verb: say in RUN, SHOWN or NONE where its leaf is"
    assert set(listed) - found == set(), "no such verb any more"


@pytest.mark.parametrize("shown", sorted(set(SHOWN.values())))
def test_what_is_shown_elsewhere_is_there(shown: str) -> None:
    place, _, name = shown.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / "tests" / place).read_text(encoding="utf-8")


@pytest.mark.django_db
@pytest.mark.parametrize("verb", RUN)
def test_one_change_is_one_leaf(verb: str) -> None:
    change = RUN[verb]()
    before, held_before = selectors.size(), state()
    change()
    assert selectors.size() == before + 1
    changed = {table for table, rows in state().items() if rows != held_before[table]}
    # The leaf is not all that happened.
    assert changed - {"ledger_leaf", "ledger_opening", "ledger_concerned"} or verb.startswith("ledger.")


@pytest.mark.django_db
@pytest.mark.parametrize("verb", RUN)
def test_no_change_where_the_log_cannot_be_written(verb: str) -> None:
    change = RUN[verb]()
    before = state()
    with unwritable(), pytest.raises(Unavailable) as refused, transaction.atomic():
        change()
    assert refused.value.code == "ledger-unwritable"
    assert refused.value.status == 503
    assert state() == before


@pytest.mark.django_db
def test_a_program_is_told_in_words(client: Client) -> None:
    """Over HTTP: a problem with status 503 and the next step, and nothing kept."""
    asker = held.department()
    key = keys.issue(department=asker, label="系统", expires_at=EXPIRY, acting_user="a", at=AT).secret
    body = {"code_or_name": held.organisation().uscc, "purpose": "licence-review", "matter": "招标〔2026〕18号"}
    before = state()
    with unwritable(), clock.at(AT):
        answer = client.post("/api/v1/checks", body, "application/json", headers={"Authorization": f"Bearer {key}"})
    told = answer.json()
    assert (answer.status_code, told["code"], answer["Content-Type"]) == (
        503,
        "ledger-unwritable",
        "application/problem+json",
    )
    assert "操作日志" in told["detail"]
    assert told["remedy"]
    # When a key was last used is kept for every request.
    assert {table for table, rows in state().items() if rows != before[table]} <= {"identity_apikey"}
