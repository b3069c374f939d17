"""The Boundary, read from the schema and the source: nothing that grades, lists or measures can reach a person, and no
function begins with anything but one account, one code or one unit's objection (design paper, Boundary 1 and 2).
"""

from __future__ import annotations

import ast
import inspect
import os
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.test import Client
from tests.intake.hand_ins import csv_of, hand_in
from tests.persons.people import AT, account, handed_in, row

from gongxin import persons
from gongxin.endurance import metrics
from gongxin.identity.models import Department, User
from gongxin.persons import opening
from gongxin.persons.models import File

SOURCE = Path(persons.__file__).parents[1]
# Accounts and departments, and what accounts lead to by themselves.
OUTSIDE = {User._meta.db_table, Department._meta.db_table}
# What each function that reads or changes a file begins with.
BEGINNINGS = {
    "acting_user", "user", "own", "code", "department", "objection_id", "holder", "file", "given", "cursor", "entry",
    "fresh", "kind", "day", "files", "number", "units", "item", "body", "told", "text",
}  # fmt: skip


def is_persons(table: str) -> bool:
    return table.startswith("persons_")


def graph() -> dict[str, set[str]]:
    """Every foreign key of the database: from which table to which."""
    found: dict[str, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        )
        for table, target in cursor.fetchall():
            found[table].add(target)
    for model in apps.get_models(include_auto_created=True):
        found[model._meta.db_table] |= set(_declared(model))
    return found


def _declared(model: type[Model]) -> Iterator[str]:
    """Relations that are declared without a constraint of the database, generic ones included."""
    for field in model._meta.get_fields():
        if field.concrete and field.is_relation and field.related_model is not None:
            yield field.related_model._meta.db_table  # type: ignore[union-attr]  # resolved when apps are ready


def reach(links: dict[str, set[str]], table: str) -> set[str]:
    """Every table that foreign keys lead to from one."""
    seen: set[str] = set()
    waiting = [table]
    while waiting:
        here = waiting.pop()
        waiting += links.get(here, set()) - seen
        seen |= links.get(here, set())
    return seen


@pytest.mark.django_db
def test_no_table_outside_can_reach_a_person() -> None:
    links = graph()
    tables = {table for table in connection.introspection.table_names() if not is_persons(table)}
    assert {"records_record", "rights_case", "enquiries_look", "subjects_organisation", "intake_submission"} <= tables
    assert {table for table in tables if any(map(is_persons, reach(links, table)))} == set()


@pytest.mark.django_db
def test_a_persons_tables_lead_to_accounts_and_departments_alone() -> None:
    links = graph()
    allowed = OUTSIDE | {target for table in OUTSIDE for target in reach(links, table)}
    assert allowed - OUTSIDE <= {"auth_group", "auth_permission", "django_content_type"}
    own = {model._meta.db_table for model in apps.get_app_config("persons").get_models()}
    assert own == {table for table in connection.introspection.table_names() if is_persons(table)}
    assert len(own) >= 7
    for table in own:
        assert {target for target in reach(links, table) if not is_persons(target)} <= allowed, table


@pytest.mark.django_db
def test_no_column_outside_is_named_after_a_person_and_none_inside_after_a_measure() -> None:
    """Nor by a number without a constraint."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        columns = cursor.fetchall()
    inside = {column for table, column in columns if is_persons(table)}
    assert not [pair for pair in columns if not is_persons(pair[0]) and "person" in pair[1]]
    for word in ("grade", "score", "rank", "label", "list", "measure", "level", "weight", "record", "organisation"):
        assert not [column for column in inside if word in column], word


def test_only_the_package_itself_knows_its_tables() -> None:
    """No other package reads, joins, counts or lists files: not by the model, not by the table's name."""
    for path in SOURCE.rglob("*.py"):
        if path.is_relative_to(SOURCE / "persons"):
            continue
        source = path.read_text(encoding="utf-8")
        for part in ast.walk(ast.parse(source)) if "persons" in source else ():
            if isinstance(part, ast.ImportFrom):
                names = {f"{part.module}.{name.name}" for name in part.names} | {str(part.module)}
                assert "gongxin.persons.models" not in names, path
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                assert "persons_" not in part.value, (path, part.lineno)


def functions() -> Iterator[tuple[ModuleType, str, inspect.Signature]]:
    for found in iter_modules(persons.__path__, "gongxin.persons."):
        module = import_module(found.name)
        for name, member in inspect.getmembers(module, inspect.isfunction):
            if member.__module__ == module.__name__ and not name.startswith("_"):
                yield module, name, inspect.signature(member)


def test_no_function_begins_with_nobody() -> None:
    """Whatever reads a file is given an account, a code or a case: no list, no search, no count of persons."""
    found = list(functions())
    assert len(found) > 25
    for module, name, signature in found:
        given = set(signature.parameters)
        assert given & BEGINNINGS or (module.__name__, name) == ("gongxin.persons.personal_keys", "new"), name
        assert not {"query", "search", "name", "limit", "offset", "page"} & given, name


@pytest.mark.django_db
def test_metrics_count_no_rows_and_no_pages_of_persons() -> None:
    """Not even how many."""
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)
    before = metrics.exposition(at=AT).decode()
    handed_in(row(1), row(2, 2), row(3, 3))
    account(1)
    for address in ("/person/", "/person/openings", "/desk/persons/", "/search"):
        Client(raise_request_exception=False).get(address)
    after = metrics.exposition(at=AT).decode()
    assert rows(after) == rows(before)
    assert "received" not in rows(after)
    assert 'route="/search"' in after
    assert "person" not in after


def rows(exposition: str) -> str:
    lines = [line for line in exposition.splitlines() if line.startswith("gongxin_intake_rows")]
    assert len(lines) >= 4
    return "\n".join(lines)


@pytest.mark.django_db
def test_the_provider_learns_the_same_of_known_and_unknown_persons() -> None:
    """New, known, changed and unchanged: received, and the same words."""
    said = []
    for given in (row(1), row(1), row(1, CF_NR="另一内容"), row(2)):
        done = hand_in(csv_of([given]))
        said.append((done.received, done.accepted, done.revised, done.unchanged, done.rejected, done.warnings_by_code))
    assert said == [(1, 0, 0, 0, 0, {})] * 4


@pytest.mark.django_db
def test_files_in_a_copy_of_the_database_cannot_be_told_from_each_other() -> None:
    """What stands open of two persons with the same decision is different everywhere."""
    handed_in(row(1), row(2))
    with connection.cursor() as cursor:
        cursor.execute("SELECT document, index, secret FROM persons_file")
        one, other = cursor.fetchall()
        cursor.execute(
            "SELECT e.tag, v.content, v.body FROM persons_entry e JOIN persons_version v ON v.entry_id = e.id"
        )
        first, second = cursor.fetchall()
    assert not set(one) & set(other)
    assert not set(first) & set(second)
    assert opening.open_own(acting_user=account(1), at=AT).records
    assert File.objects.count() == 2
