"""What the roles can really do, each signed in by its own password: not what somebody may who has changed roles."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from tests.held import AT
from tests.walls.conftest import Signed

from gongxin.ledger import selectors
from gongxin.walls import roles
from gongxin.walls.table import load

_CAN_MORE = """SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
FROM pg_roles WHERE rolname = current_user"""
LOG = ("ledger_leaf", "ledger_checkpoint", "ledger_cosignature", "enquiries_look", "enquiries_lookleaf")


@pytest.fixture(scope="module")
def app(signed_in: Signed) -> psycopg.Connection[Any]:
    return signed_in(roles.names().app)


@pytest.fixture(scope="module")
def auditor(signed_in: Signed) -> psycopg.Connection[Any]:
    return signed_in(roles.names().auditor)


def _column(table: str) -> str:
    return {"ledger_leaf": "body", "ledger_checkpoint": "note", "ledger_cosignature": "line"}.get(table, "seq")


@pytest.mark.parametrize("table", [*LOG, "enquiries_report"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"])
def test_the_application_cannot_change_the_log(app: psycopg.Connection[Any], table: str, statement: str) -> None:
    column = {"enquiries_look": "asked_for", "enquiries_report": "sha256"}.get(table, _column(table))
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.format(table, column, column).encode())


def test_a_leaf_is_added_by_its_function_only(app: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("INSERT INTO ledger_leaf (seq, body, hashes) VALUES (0, '', '{}')")
    with app.transaction(force_rollback=True):
        number = app.execute("SELECT ledger_append('{}')").fetchone()
        assert number is not None and number[0] >= 0


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id bigint)",
        "DROP TABLE enquiries_look",
        "ALTER TABLE ledger_leaf DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_leaf_append_only ON ledger_leaf",
        "ALTER TABLE intake_submission DISABLE ROW LEVEL SECURITY",
        "DROP POLICY gongxin_mine ON intake_submission",
        "CREATE POLICY all_mine ON intake_submission USING (true)",
        "CREATE OR REPLACE FUNCTION ledger_append(body bytea) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE OR REPLACE FUNCTION gongxin_told(name text) RETURNS text[] LANGUAGE sql AS 'SELECT ARRAY[1]'",
        "CREATE ROLE another SUPERUSER",
        "ALTER ROLE current_user BYPASSRLS",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT * FROM pg_authid",
    ],
)
def test_the_application_owns_nothing(app: psycopg.Connection[Any], statement: str) -> None:
    with app.transaction(force_rollback=True), pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.encode())


def test_nobody_becomes_the_owner(app: psycopg.Connection[Any], auditor: psycopg.Connection[Any]) -> None:
    owner = connection.settings_dict["USER"]
    for held in (app, auditor):
        for statement in (f'SET ROLE "{owner}"', f'SET SESSION AUTHORIZATION "{owner}"'):
            with pytest.raises(errors.InsufficientPrivilege):
                held.execute(statement.encode())
        assert _one(held, _CAN_MORE) is False
    with pytest.raises(errors.InsufficientPrivilege):
        auditor.execute(f'SET ROLE "{roles.names().app}"'.encode())


def test_a_right_given_to_oneself_is_none(app: psycopg.Connection[Any]) -> None:
    app.execute("GRANT ALL ON ledger_leaf TO current_user")
    assert _one(app, "SELECT has_table_privilege('ledger_leaf', 'UPDATE')") is False


def test_row_security_cannot_be_switched_off(app: psycopg.Connection[Any]) -> None:
    with app.transaction(force_rollback=True):
        app.execute("SET LOCAL row_security = off")
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SELECT count(*) FROM intake_submission")


def test_the_loader_is_no_way_round(app: psycopg.Connection[Any]) -> None:
    """It passes policies where hand-ins are loaded; of cases, looks, reports, keys and drafts it sees nothing."""
    beyond = [name for name, wall in load().items() if not wall.everybody and wall.loader == "none"]
    assert len(beyond) > 8
    with app.transaction(force_rollback=True):
        app.execute(f'SET LOCAL ROLE "{roles.names().loader}"'.encode())
        for statement in (
            *(f"SELECT FROM {table}" for table in beyond),
            "DELETE FROM ledger_leaf",
            "TRUNCATE records_record",
        ):
            with pytest.raises(errors.InsufficientPrivilege), app.transaction():
                app.execute(statement.encode())
    assert _one(app, "SELECT current_user") == roles.names().app
    assert _one(app, "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", roles.names().loader) is False


@pytest.mark.django_db
def test_a_new_login_of_the_auditor_is_a_leaf() -> None:
    before = selectors.size()
    address = roles.let_audit(actor="operator", at=AT)
    assert conninfo_to_dict(address)["user"] == roles.names().auditor
    assert selectors.size() == before + 1
    body = selectors.body(before)
    assert json.loads(body)["event"] == "auditor.admitted"
    assert str(conninfo_to_dict(address)["password"]).encode() not in body
    assert selectors.opened(before).values == {"actor": "operator"}


def test_an_auditor_reads_the_log_and_writes_nothing(auditor: psycopg.Connection[Any]) -> None:
    auditor.execute("SET default_transaction_read_only = off")
    for table in load():
        for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(errors.InsufficientPrivilege):
                auditor.execute(statement.encode())
    for statement in ("SELECT ledger_append('{}')", "CREATE TABLE mine (id bigint)"):
        with pytest.raises(errors.InsufficientPrivilege):
            auditor.execute(statement.encode())
    for table, wall in load().items():
        if wall.auditor == ("*",):
            auditor.execute(f"SELECT * FROM {table}".encode())
        elif wall.auditor:
            auditor.execute(f"SELECT {', '.join(wall.auditor)} FROM {table}".encode())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password FROM identity_user",
        "SELECT digest FROM identity_apikey",
        "SELECT session_key FROM django_session",
        "SELECT payload FROM records_record",
        "SELECT cells FROM intake_rejectedrow",
        "SELECT value FROM ledger_opening",
        "SELECT reasons FROM rights_casestep",
        "SELECT body FROM persons_version",
    ],
)
def test_an_auditor_reads_no_secrets_and_no_business(auditor: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        auditor.execute(statement.encode())


def test_signed_in_and_saying_nothing_is_nobody(app: psycopg.Connection[Any]) -> None:
    assert _one(app, "SELECT gongxin_told('roles')") == []
    assert _one(app, "SELECT count(*) FROM intake_submission") == 0


def _one(held: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    row = held.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row[0]
