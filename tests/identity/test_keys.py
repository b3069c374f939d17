"""API keys: shown once, kept as a digest, void at the right instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import held

from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import keys

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def issued(**given: object) -> keys.IssuedKey:
    values = {"department": held.department(), "label": "审批系统", "acting_user": "operator", "at": AT} | given
    return keys.issue(**values)


def test_the_key_is_random_and_only_its_digest_is_kept() -> None:
    first, second = issued(), issued()
    assert first.secret.startswith("gx_")
    assert len(first.secret) == 3 + 43
    assert first.secret != second.secret
    kept = " ".join(str(value) for value in vars(first.key).values())
    assert first.secret not in kept
    assert first.key.prefix == first.secret[:10]
    assert first.key.issued_by == "operator"


def test_a_key_tells_its_department() -> None:
    made = issued()
    found = keys.authenticate(made.secret, at=AT)
    assert found is not None
    assert found.department == made.key.department


@pytest.mark.parametrize("secret", ["", "gx_", "gx_" + "A" * 43, "Bearer", "gx_" + "\x00" * 43, "密钥"])
def test_anything_else_is_no_key(secret: str) -> None:
    issued()
    assert keys.authenticate(secret, at=AT) is None


def test_a_key_is_void_from_its_expiry_on() -> None:
    made = issued(expires_at=AT + timedelta(days=1))
    assert keys.authenticate(made.secret, at=AT + timedelta(hours=23)) is not None
    assert keys.authenticate(made.secret, at=AT + timedelta(days=1)) is None


def test_a_revoked_key_is_void_and_cannot_be_revoked_again() -> None:
    made = issued()
    revoked = keys.revoke(made.key.pk, acting_user="operator", at=AT)
    assert revoked.revoked_by == "operator"
    assert keys.authenticate(made.secret, at=AT) is None
    with pytest.raises(Conflict):
        keys.revoke(made.key.pk, acting_user="operator", at=AT)


def test_a_key_of_a_department_out_of_service_is_void() -> None:
    made = issued()
    made.key.department.active = False
    made.key.department.save()
    assert keys.authenticate(made.secret, at=AT) is None


def test_what_cannot_be_issued_or_revoked_is_refused_with_the_next_step() -> None:
    with pytest.raises(InvalidInput, match="说明"):
        issued(label=" ")
    with pytest.raises(InvalidInput, match="失效"):
        issued(expires_at=AT)
    with pytest.raises(InvalidInput, match="停用"):
        issued(department=held.department(active=False))
    with pytest.raises(NotFound):
        keys.revoke(uuid4(), acting_user="operator", at=AT)


def test_a_key_ends_by_itself(settings: Any) -> None:
    settings.KEY_DAYS = 90
    made = issued()
    assert made.key.expires_at == AT + timedelta(days=90)
    assert keys.authenticate(made.secret, at=AT + timedelta(days=90)) is None
    assert issued(expires_at=AT + timedelta(days=700)).key.expires_at == AT + timedelta(days=700)


def test_a_key_is_for_what_it_was_issued_for() -> None:
    department = held.department(purposes=["licence-review", "tendering"])
    made = issued(department=department, operations=["check"], purposes=["tendering"])
    key = keys.authenticate(made.secret, at=AT)
    assert key is not None
    keys.judge_operation(key, keys.CHECK)
    for operation in (keys.SUBMIT, keys.READ):
        with pytest.raises(NotPermitted, match=operation):
            keys.judge_operation(key, operation)
    assert key.department.purposes == ["tendering"]
    department.refresh_from_db()
    assert department.purposes == ["licence-review", "tendering"]


def test_a_purpose_its_department_lost_is_lost_to_the_key() -> None:
    department = held.department(purposes=["licence-review", "tendering"])
    made = issued(department=department)
    department.purposes = ["tendering", "fiscal-funds"]
    department.save()
    key = keys.authenticate(made.secret, at=AT)
    assert key is not None
    assert key.department.purposes == ["tendering"]


@pytest.mark.parametrize(
    "given",
    [{"operations": ["delete"]}, {"operations": []}, {"purposes": ["unknown"]}, {"purposes": ["tendering"]}],
)
def test_a_key_cannot_be_for_more_than_its_department(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        issued(**given)


def test_rotation_overlaps_as_stated() -> None:
    first = issued(operations=["check"], expires_at=AT + timedelta(days=20))
    second = keys.rotate(first.key.pk, overlap=timedelta(hours=24), acting_user="operator", at=AT)
    assert second.secret != first.secret
    assert (second.key.replaces_id, second.key.label, second.key.operations) == (first.key.pk, "审批系统", ["check"])
    # The new one at once, the old one until the overlap ends.
    assert keys.authenticate(second.secret, at=AT) is not None
    assert keys.authenticate(first.secret, at=AT + timedelta(hours=23)) is not None
    assert keys.authenticate(first.secret, at=AT + timedelta(hours=24)) is None
    assert keys.authenticate(second.secret, at=AT + timedelta(days=364)) is not None
    assert keys.state(first.key, at=AT) == "rotated"
    assert keys.state(second.key, at=AT) == "valid"


def test_rotation_never_makes_the_old_key_last_longer() -> None:
    first = issued(expires_at=AT + timedelta(hours=1))
    keys.rotate(first.key.pk, overlap=timedelta(days=2), acting_user="operator", at=AT)
    assert keys.authenticate(first.secret, at=AT + timedelta(hours=1)) is None


def test_what_cannot_be_rotated() -> None:
    made = issued(expires_at=AT + timedelta(days=1))
    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        with pytest.raises(InvalidInput):
            keys.rotate(made.key.pk, overlap=overlap, acting_user="operator", at=AT)
    with pytest.raises(Conflict):
        keys.rotate(made.key.pk, overlap=timedelta(0), acting_user="operator", at=AT + timedelta(days=1))
    keys.revoke(made.key.pk, acting_user="operator", at=AT)
    with pytest.raises(Conflict):
        keys.rotate(made.key.pk, overlap=timedelta(0), acting_user="operator", at=AT)
    with pytest.raises(NotFound):
        keys.rotate(uuid4(), overlap=timedelta(0), acting_user="operator", at=AT)


def test_using_a_key_writes_once_a_day() -> None:
    made = issued()
    for hours, writes in ((0, 1), (1, 0), (13, 0), (24, 1), (25, 0)):
        with CaptureQueriesContext(connection) as queries:
            keys.authenticate(made.secret, at=AT + timedelta(hours=hours))
        assert sum(entry["sql"].startswith("UPDATE") for entry in queries) == writes, hours
    made.key.refresh_from_db()
    assert made.key.last_used_on == date(2026, 4, 11)
