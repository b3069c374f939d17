"""Every table of the database has its row in walls.yaml, and the database has what the row says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from gongxin.identity.roles import Role
from gongxin.policy.reading import PackError
from gongxin.walls import policies, raising, standing, table

pytestmark = pytest.mark.django_db

_TABLES = """SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = 'public' GROUP BY table_name"""


def _tables() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return dict(cursor.fetchall())


def test_every_table_has_a_row_and_every_row_a_table() -> None:
    walls = table.load()
    missing = [
        f"  {name}: {{rows: …, app: …}}   # columns: {', '.join(columns)}"
        for name, columns in sorted(_tables().items())
        if name not in walls
    ]
    assert not missing, "add to src/gongxin/walls/walls.yaml:\n" + "\n".join(missing)
    assert sorted(set(walls) - set(_tables())) == []


def test_columns_and_roles_are_there() -> None:
    found = _tables()
    for name, wall in table.load().items():
        named = {column for _way, column in wall.ways} | {through.column for through in wall.through}
        named |= set(wall.auditor) - {"*"}
        assert named <= set(found[name]), name
        assert set(wall.roles) <= set(Role.values), name


def test_nobody_changes_the_log() -> None:
    walls = table.load()
    for name in ("ledger_checkpoint", "ledger_cosignature", "enquiries_look", "enquiries_lookleaf", "enquiries_report"):
        assert walls[name].app == "append", name
    assert walls["ledger_leaf"].app == "read"
    assert {wall.loader for name, wall in walls.items() if name.startswith("enquiries")} == {"none"}


def test_what_would_hurt_is_walled() -> None:
    """Taking a wall down is a decision: it is taken down here, too."""
    walled = {name for name, wall in table.load().items() if not wall.everybody}
    assert walled >= {
        "intake_submission", "intake_rejectedrow", "intake_finding", "enquiries_look", "enquiries_report",
        "identity_apikey", "rights_case", "rights_casestep", "rights_evidence", "rights_notice", "rights_draft",
        "records_record", "records_revision", "api_idempotentrequest",
    }  # fmt: skip


def test_a_new_table_is_told_of_and_given_to_nobody() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE something_new (id bigint)")
        raising.raise_walls()
        told = [fault for fault in standing.faults() if "something_new" in fault.title]
        assert [fault.code for fault in told] == ["walls-unknown-table"]
        cursor.execute(
            "SELECT has_table_privilege(r.rolname, 'something_new', 'SELECT') FROM pg_roles r WHERE rolname LIKE %s",
            [f"{connection.settings_dict['NAME']}\\_%"],
        )
        assert {allowed for (allowed,) in cursor.fetchall()} == {False}


def test_functions_with_the_owner_s_rights_are_called_by_nobody_else() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text, has_function_privilege('pg_read_all_data', p.oid, 'EXECUTE'),"
            " p.proconfig IS NOT NULL FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
        )
        found = {name: (public, bounded) for name, public, bounded in cursor.fetchall()}
    assert set(found) == set(policies.DEFINED)
    assert set(found.values()) == {(False, True)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tables:\n  a: {rows: everyone, app: read}\n", "pack-unknown-value"),
        ("tables:\n  a: {rows: {town: b}, app: read}\n", "pack-unknown-key"),
        ("tables:\n  a: {rows: everybody, app: truncate}\n", "pack-unknown-value"),
        ("tables:\n  a: {rows: {through: {b: c}}, app: read}\n", "walls-through"),
        ("tables:\n  a: {rows: everybody}\n", "pack-missing-key"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "walls.yaml").write_text(text)
    with pytest.raises(PackError) as refused:
        table.load.__wrapped__(tmp_path / "walls.yaml")
    assert refused.value.code == code
    assert "第 2 行" in refused.value.title
