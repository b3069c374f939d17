"""Outages are known for what they are, by the driver's word or Django's, also beneath other errors."""

from __future__ import annotations

import errno

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory

from gongxin.api import gate
from gongxin.outages import is_outage
from gongxin.web import errors

AWAY = [
    OperationalError("server closed the connection unexpectedly"),
    InterfaceError("connection already closed"),
    psycopg.OperationalError("the connection is lost"),
    psycopg.InterfaceError("the connection is closed"),
]


@pytest.mark.parametrize("error", [*AWAY, psycopg.errors.DiskFull("no room"), OSError(errno.ENOSPC, "no room")])
def test_outages(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.ENOENT, "x"), psycopg.errors.UniqueViolation("x")])
def test_other_errors_are_none(error: Exception) -> None:
    assert not is_outage(error)


def test_outage_is_known_by_what_lies_under_an_error() -> None:
    error = AssertionError("3 rows revised, 2 records changed")
    assert not is_outage(error)
    error.__context__ = OperationalError("terminating connection")
    assert is_outage(error)


@pytest.mark.parametrize("error", AWAY)
def test_a_database_that_is_away_is_told_so_to_programs_and_people(error: Exception) -> None:
    request = RequestFactory().get("/api/v1/organisations")
    assert gate.problem_of(request, error).status == 503
    page = errors.ErrorPages(lambda _: None).process_exception(request, error)
    assert (page.status_code, bool(page["Retry-After"])) == (503, True)
