"""Putting the wall up: again and again, and where the owner may not do everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from psycopg import Cursor, sql
from pytest_django import Settings

from gongxin.embedded import django_database
from gongxin.embedded.place import app_url_file
from gongxin.secrecy import private_files
from gongxin.walls import policies, raising, roles, standing
from gongxin.walls.roles import Names
from gongxin.walls.table import load

pytestmark = pytest.mark.django_db

_STATE = """
SELECT (SELECT json_agg(p ORDER BY p.tablename, p.policyname)::text FROM pg_policies p),
       (SELECT json_agg((relname, relrowsecurity, relacl) ORDER BY relname)::text FROM pg_class WHERE relkind = 'r'),
       obj_description('gongxin_told(text)'::regprocedure)"""


def _codes() -> set[str]:
    return {fault.code for fault in standing.faults()}


def test_again_changes_nothing() -> None:
    with connection.cursor() as cursor:
        raising.raise_walls()
        cursor.execute(_STATE)
        before = cursor.fetchone()
        raising.raise_walls()
        cursor.execute(_STATE)
        assert cursor.fetchone() == before
    assert standing.faults() == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("ALTER TABLE rights_case DISABLE ROW LEVEL SECURITY", "walls-bare-table"),
        ("COMMENT ON FUNCTION gongxin_told(text) IS 'walls of another version'", "walls-outdated"),
    ],
)
def test_what_was_changed_by_hand_is_told_and_put_right(statement: str, code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert _codes() == {code}
    raising.raise_walls()
    assert standing.faults() == []


def test_a_policy_of_somebody_else_s_is_taken_down() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE POLICY everything ON rights_case USING (true)")
        raising.raise_walls()
        cursor.execute("SELECT count(*) FROM pg_policies WHERE policyname = 'everything'")
        assert cursor.fetchone() == (0,)


def test_rights_given_by_hand_are_taken_back() -> None:
    app = roles.names().app
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("GRANT UPDATE ON ledger_leaf TO {}").format(sql.Identifier(app)))
        raising.raise_walls()
        cursor.execute("SELECT has_table_privilege(%s, 'ledger_leaf', 'UPDATE')", [app])
        assert cursor.fetchone()[0] is False


def test_a_process_that_signs_in_as_the_owner_is_told_of(settings: Settings) -> None:
    settings.DATABASE_ROLE = "app"
    assert _codes() == {"walls-process-owner"}


def test_a_process_says_at_its_start_that_the_wall_is_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Closing would end the test's own transaction.
    monkeypatch.setattr(standing.connection, "close", lambda: None)
    standing.tell()
    assert caplog.messages == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rights_case DISABLE ROW LEVEL SECURITY")
    standing.tell()
    assert "walls-bare-table" in caplog.text


def test_an_owner_who_may_make_no_roles_goes_on_and_is_told(settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE gx_plain_for_this_test NOLOGIN")
        cursor.execute("SET LOCAL ROLE gx_plain_for_this_test")
        wanted = Names("gx_no_app", "gx_no_loader", "gx_no_auditor")
        with Cursor(connection.connection) as raw:
            assert set(roles.make(raw, wanted)) == {wanted.app, wanted.loader, wanted.auditor}
        cursor.execute("SET LOCAL ROLE NONE")
    settings.DATABASE_ROLES = "gx_no"
    assert _codes() == {"walls-role-missing"}
    missing = [fault.title for fault in standing.faults()]
    assert any("gx_no_app" in title for title in missing)


def test_an_owner_who_may_make_roles_but_none_that_passes_policies() -> None:
    wanted = Names("gx_some_app", "gx_some_loader", "gx_some_auditor")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE gx_maker_for_this_test NOLOGIN CREATEROLE")
        cursor.execute("SET LOCAL ROLE gx_maker_for_this_test")
        with Cursor(connection.connection) as raw:
            assert roles.make(raw, wanted) == []
            found = roles.found(raw, wanted)
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SELECT pg_has_role('gx_some_app', 'gx_some_loader', 'MEMBER')")
        assert cursor.fetchone() == (True,)
    assert {name: (role.passes_policies, role.signs_in) for name, role in found.items()} == {
        wanted.app: (False, True),
        wanted.loader: (False, False),
        wanted.auditor: (False, True),
    }


def test_without_a_loader_that_passes_policies_hand_ins_are_still_loaded() -> None:
    """Then the tables loaded by COPY stay open, and it is said."""
    walls = load()
    copied = [wall for wall in walls.values() if wall.copied]
    assert copied
    for wall in copied:
        made = policies.policies(wall, walls, copies=False)
        assert made == [f"ALTER TABLE {wall.table} DISABLE ROW LEVEL SECURITY"]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {} NOBYPASSRLS").format(sql.Identifier(roles.names().loader)))
    raised = raising.raise_walls()
    assert set(raised.open) == {wall.table for wall in copied}
    assert _codes() == {"walls-loader-bound"}


def test_web_and_worker_sign_in_as_noted_for_this_database(tmp_path: Path) -> None:

    owner = "postgresql://owner:secret@127.0.0.1:5432/one"
    private_files.write(app_url_file(tmp_path), "host=127.0.0.1 port=5432 dbname=one user=one_app password=other\n")
    assert django_database(owner, tmp_path)["USER"] == "owner"
    app = django_database(owner, tmp_path, role="app")
    assert (app["USER"], app["PASSWORD"], app["NAME"], app["OPTIONS"]) == ("one_app", "other", "one", {})
    worker = django_database(owner, tmp_path, role="worker")
    assert (worker["USER"], worker["OPTIONS"]) == ("one_app", {"options": "-c gongxin.roles={node}"})
    elsewhere = django_database(owner.replace("/one", "/two"), tmp_path, role="app")
    assert elsewhere["USER"] == "owner"
    given = django_database(owner, tmp_path, role="app", app_url="postgresql://web:word@db.example.cn/one")
    assert (given["USER"], given["HOST"]) == ("web", "db.example.cn")
