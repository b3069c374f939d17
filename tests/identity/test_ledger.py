"""Every change of departments, accounts and keys is one leaf; what changed nothing, or was refused, is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests import held

from gongxin.errors import Conflict, InvalidInput
from gongxin.identity import accounts, departments, keys
from gongxin.identity.models import Role
from gongxin.identity.warrants import TWO, Warrant
from gongxin.ledger import selectors

AT = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def events(since: int) -> list[str]:
    return [json.loads(body)["event"] for body in selectors.bodies(since, selectors.size())]


def test_departments() -> None:
    since = selectors.size()
    departments.register(code="T1", name="测试单位一", at=AT)
    departments.register(code="T1", name="测试单位一", at=AT + timedelta(days=1))
    departments.register(code="T1", name="测试单位一", active=False, at=AT)
    with pytest.raises(InvalidInput):
        departments.register(code="T2", name="测试单位一", at=AT)
    assert events(since) == ["department.registered", "department.changed"]
    leaf = json.loads(selectors.body(since + 1))
    assert (leaf["fields"]["department"], leaf["fields"]["active"]) == ("T1", False)
    assert selectors.opened(since).values == {"actor": "the command line"}


def test_accounts() -> None:
    department = held.department()
    since = selectors.size()
    facts = {"password": "correct horse battery", "full_name": "测试人", "department": department, "at": AT}
    made = accounts.create("officer-1", role=Role.SYSTEM_ADMIN, **facts)
    with pytest.raises(InvalidInput):
        accounts.create("officer-1", **facts)
    by = Warrant(made.username, TWO, "调岗", "0193")
    accounts.create("officer-2", by=by, **facts)
    assert events(since) == ["account.created", "account.created"]
    assert selectors.opened(since + 1).values == {
        "actor": "officer-1",
        "account": "officer-2",
        "reason": "调岗",
    }
    for body in selectors.bodies(since, selectors.size()):
        assert b"officer-" not in body
        assert "测试人" not in body.decode()


def test_keys() -> None:
    department = held.department()
    since = selectors.size()
    made = keys.issue(
        department=department, label="审批系统", expires_at=AT + timedelta(days=9), acting_user="a", at=AT
    )
    second = keys.rotate(made.key.pk, overlap=timedelta(0), acting_user="b", at=AT)
    keys.revoke(made.key.pk, acting_user="b", at=AT)
    with pytest.raises(Conflict):
        keys.revoke(made.key.pk, acting_user="b", at=AT)
    assert events(since) == ["key.issued", "key.rotated", "key.revoked"]
    assert selectors.opened(since).values == {"actor": "a", "label": "审批系统"}
    for secret in (made.secret, second.secret):
        assert all(secret.encode() not in body for body in selectors.bodies(since, selectors.size()))
