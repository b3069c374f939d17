"""API keys: shown once, kept as a digest, void at the right instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests import held

from gongxin.errors import Conflict, InvalidInput, NotFound
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
