"""Working as the application does, behind the walls."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker, Settings
from tests import as_app

from gongxin.walls import acting, roles
from gongxin.walls.acting import NOBODY, Asker

# As the application they could not put walls up.
collect_ignore_glob = ["test_*.py"] if as_app.WANTED else []

Behind = Callable[[Asker], AbstractContextManager[None]]


@pytest.fixture
def behind(db: None, settings: Settings) -> Iterator[Behind]:
    """A block in which Django's own connection has the application's role, and `asker` asks."""
    del db

    @contextmanager
    def block(asker: Asker) -> Iterator[None]:
        raw = connection.connection
        raw.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(roles.names().app)))
        settings.DATABASE_ROLE = "app"
        connection.gongxin_told = NOBODY
        acting.act(asker)
        try:
            yield
        finally:
            acting.act(NOBODY)
            acting._asker.set(None)
            settings.DATABASE_ROLE = "owner"
            raw.execute("RESET ROLE")

    yield block


Signed = Callable[[str], psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def signed_in(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Signed]:
    """A session of its own, signed in to the test database by password as a role: what that role can really do."""
    del django_db_setup
    opened: list[psycopg.Connection[Any]] = []
    with django_db_blocker.unblock():
        address = {
            name: value
            for name, value in connection.get_connection_params().items()
            if name in ("host", "port", "dbname", "user", "password")
        }

    def sign_in(role: str) -> psycopg.Connection[Any]:
        password = secrets.token_urlsafe(16)
        with psycopg.connect(**address, autocommit=True) as owner:
            owner.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        held = psycopg.connect(**{**address, "user": role, "password": password}, autocommit=True)
        opened.append(held)
        return held

    yield sign_in
    for held in opened:
        held.close()
