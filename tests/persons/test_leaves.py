"""Each verb of the personal file is exactly one leaf, and nothing at all where the log cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.persons.people import AT, DAY, account, handed_in, row, staff, unit

from gongxin.errors import Unavailable
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.ledger import selectors as log
from gongxin.persons import authorising, ending, erasing, holding, objecting, opening
from gongxin.persons.models import Authorisation, Entry, Holder, Objection, Opening, Version

pytestmark = pytest.mark.django_db
PURPOSE = "authorised-query"
TABLES = (Authorisation, Entry, Holder, Objection, Opening, Version)


@pytest.fixture
def people() -> tuple[User, User, User]:
    """A person with three records; the officer of the unit that supplied them; one of a unit that is lent to."""
    handed_in(row(1), row(1, 2), row(1, 3))
    return account(1), staff("case-a", Role.CASE_OFFICER, unit()), staff("w", Role.CASE_OFFICER, unit("w", PURPOSE))


def verbs(person: User, officer: User, window: User) -> Iterator[Callable[[], object]]:
    """Every verb, each as soon as those before it have been called."""
    records = list(Entry.objects.order_by("pk"))
    yield lambda: holding.keep(person, ("bi1.other.x",), at=AT)
    yield lambda: holding.keep(person, holding.indexes("身份证", row(1)["CF_XDR_ZJHM"]), at=AT)
    yield lambda: opening.open_own(acting_user=person, at=AT)
    yield lambda: opening.download(acting_user=person, at=AT)
    yield lambda: authorising.issue_authorisation(
        ["penalty"], purpose=PURPOSE, unit=window.department_id, until=DAY, acting_user=person, at=AT
    )
    issued = authorising.issue_authorisation(
        ["penalty"], purpose=PURPOSE, unit=window.department_id, until=DAY, acting_user=person, at=AT
    )
    yield lambda: opening.open_by_code(issued.code, purpose=PURPOSE, acting_user=window, at=AT)
    yield lambda: authorising.revoke_authorisation(issued.authorisation.id, acting_user=person, at=AT)
    yield lambda: objecting.object_to(records[0].pk, reasons="有误", acting_user=person, at=AT)
    filed = objecting.object_to(records[1].pk, reasons="有误", wanted={"CF_NR": "无"}, acting_user=person, at=AT).id
    yield lambda: objecting.open_objection(filed, acting_user=officer, at=AT)
    yield lambda: objecting.call_assistance(filed, acting_user=officer, at=AT)
    yield lambda: objecting.decide_objection(filed, outcome="corrected", reasons="是", acting_user=officer, at=AT)
    other = staff("case-b", Role.CASE_OFFICER, officer.department)
    wrong = objecting.object_to(records[2].pk, reasons="不是我", acting_user=person, at=AT).id
    yield lambda: erasing.propose_erasure(wrong, reasons="收录错误", acting_user=officer, at=AT)
    yield lambda: erasing.decide_erasure(wrong, agreed=True, reasons="属实", acting_user=other, at=AT)
    yield lambda: ending.end_own(acting_user=person, at=AT)
    yield lambda: ending.stay(acting_user=person, at=AT)


def test_one_change_is_one_leaf(people: tuple[User, User, User]) -> None:
    count = 0
    for verb in verbs(*people):
        before = log.size()
        verb()
        assert log.size() == before + 1
        count += 1
    assert count == 15


def test_a_refused_opening_is_one_leaf(people: tuple[User, User, User]) -> None:
    before = log.size()
    with pytest.raises(Exception, match="授权"):
        opening.open_by_code("0" * 26, purpose=PURPOSE, acting_user=people[2], at=AT + timedelta(days=1))
    assert log.size() == before + 1
    assert not Opening.objects.exists()


def test_no_change_where_the_log_cannot_be_written(people: tuple[User, User, User]) -> None:
    for verb in verbs(*people):
        before = [list(table.objects.order_by("pk").values_list()) for table in TABLES]
        with connection.cursor() as cursor, pytest.raises(Unavailable), transaction.atomic():
            cursor.execute("CREATE TRIGGER no_leaf BEFORE INSERT ON ledger_leaf EXECUTE FUNCTION ledger_refuse()")
            verb()
        after = [list(table.objects.order_by("pk").values_list()) for table in TABLES]
        assert repr(after) == repr(before)
        verb()
