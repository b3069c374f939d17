"""Made-up people: numbers of a division that does not exist, accounts whose sign-in verified them, rows about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from stdnum.cn import ric
from tests.intake.hand_ins import csv_of, department, hand_in, penalty, person

from gongxin.identity import accounts
from gongxin.identity.models import Department, User
from gongxin.identity.roles import Role
from gongxin.intake.models import Submission
from gongxin.persons import holding
from gongxin.persons.documents import RESIDENT_ID

# A Friday; the pack's calendar knows the days after it.
AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
DAY = date(2026, 4, 10)
PASSWORD = "correct horse battery"


def number(serial: int) -> str:
    """A resident number of the division 000000, which nobody can have."""
    body = f"00000019900101{serial:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def row(whose: int, serial: int = 1, **changes: str) -> dict[str, str]:
    """A penalty of that person (by serial number), faultless."""
    usual = {"CF_XDR_MC": f"虚构人{whose}", "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": number(whose), "CF_FRDB": ""}
    return person(serial) | usual | changes


def handed_in(*rows: dict[str, str], at: datetime = AT, **facts: Any) -> Submission:
    """Hand rows in (of persons or not); every row of a person is received."""
    columns = {name: "" for entry in rows for name in entry}
    done = hand_in(csv_of([columns | entry for entry in rows]), at=at, **facts)
    assert done.rejected == 0, done.rejections_by_code
    return done


def organisation_row(serial: int) -> dict[str, str]:
    return penalty(serial)


def account(whose: int, *, verified: bool = True) -> User:
    """A person's account, which the identity service has verified."""
    user = accounts.create(f"person-{whose}", password=PASSWORD, full_name="", department=None, role=Role.PERSON, at=AT)
    if verified:
        holding.keep(user, holding.indexes(RESIDENT_ID, number(whose)), at=AT)
    return user


def staff(name: str, role: Role, unit: Department) -> User:
    return accounts.create(name, password=PASSWORD, full_name="测试人", department=unit, role=role, at=AT)


def unit(code: str = "market", *purposes: str) -> Department:
    """A department with these purposes."""
    return department(code, purposes=list(purposes))
