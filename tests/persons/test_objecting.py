"""A person contests a record of the own file: clocks, who decides and what he sees, what becomes of the record."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import UUID

import pytest
from tests.persons.people import AT, DAY, account, handed_in, organisation_row, row, staff, unit

from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.ids import uuid7
from gongxin.ledger import selectors as log
from gongxin.persons import authorising, objecting, opening, selectors
from gongxin.persons.seen import RecordSeen

pytestmark = pytest.mark.django_db
PURPOSE = "authorised-query"


@pytest.fixture
def someone() -> User:
    """With two penalties."""
    handed_in(row(1), row(1, 2), organisation_row(3))
    return account(1)


@pytest.fixture
def officer() -> User:
    """Of the unit that supplied them."""
    return staff("case-a", Role.CASE_OFFICER, unit())


def records(user: User) -> dict[str, RecordSeen]:
    return {record.document_no: record for record in opening.open_own(acting_user=user, at=AT).records}


def first(user: User) -> RecordSeen:
    return records(user)[row(1)["CF_WSH"]]


def filed(user: User, **wanted: str) -> UUID:
    said = {"reasons": "罚款数额写错了", "wanted": wanted}
    return objecting.object_to(first(user).id, **said, acting_user=user, at=AT).id


def texts(record: RecordSeen) -> dict[str, str]:
    return {field.name: field.text for field in record.fields}


def test_the_record_is_marked_until_the_decision(someone: User, officer: User) -> None:
    objection = filed(someone)
    assert {record.contested for record in records(someone).values()} == {True, False}
    assert first(someone).contested
    [seen] = selectors.objections(someone)
    assert (seen.id, seen.state, seen.due, seen.reasons) == (objection, "open", date(2026, 4, 15), "罚款数额写错了")
    objecting.decide_objection(objection, outcome="refused", reasons="与决定书一致", acting_user=officer, at=AT)
    assert not first(someone).contested
    [seen] = selectors.objections(someone)
    assert (seen.state, seen.decision_reasons, seen.decided_by) == ("refused", "与决定书一致", "case-a")


def test_clocks_are_the_packs(someone: User, officer: User) -> None:
    """Three working days, seven where other units verify, both from the day of filing."""
    objection = filed(someone)
    [waiting] = selectors.pending(officer.department_id, day=DAY)
    assert (waiting.due, waiting.assisted, waiting.late) == (date(2026, 4, 15), False, False)
    assert selectors.pending(officer.department_id, day=date(2026, 4, 16))[0].late
    objecting.call_assistance(objection, acting_user=officer, at=AT + timedelta(days=4))
    [waiting] = selectors.pending(officer.department_id, day=DAY)
    assert (waiting.due, waiting.assisted) == (date(2026, 4, 21), True)
    with pytest.raises(Conflict):
        objecting.call_assistance(objection, acting_user=officer, at=AT)


def test_the_officer_sees_that_one_record_and_the_person_sees_that(someone: User, officer: User) -> None:
    objection = filed(someone)
    case = objecting.open_objection(objection, acting_user=officer, at=AT)
    assert case.record.id == first(someone).id
    assert case.record.contested
    assert case.objection.reasons == "罚款数额写错了"
    told = next(one for one in selectors.openings(someone) if one.kind == "objection")
    assert (told.who, told.allowed, told.records) == ("case-a", True, 1)
    assert json.loads(log.body(told.leaf))["fields"]["kind"] == "objection"


@pytest.mark.parametrize(("role", "code"), [
    (Role.CASE_OFFICER, "other"), (Role.CREDIT_OFFICE, "credit"), (Role.DATA_OFFICER, "market"),
    (Role.AUDITOR, "credit"),
])  # fmt: skip
def test_nobody_else_sees_it(someone: User, role: Role, code: str) -> None:
    objection, stranger = filed(someone), staff("stranger", role, unit(code))
    with pytest.raises(NotPermitted):
        objecting.open_objection(objection, acting_user=stranger, at=AT)
    told = selectors.openings(someone)[0]
    assert (told.kind, told.who, told.allowed) == ("objection", "stranger", False)
    for act in (objecting.call_assistance,):
        with pytest.raises(NotPermitted):
            act(objection, acting_user=stranger, at=AT)
    with pytest.raises(NotPermitted):
        objecting.decide_objection(objection, outcome="refused", reasons="x", acting_user=stranger, at=AT)


def test_the_filing_lets_the_officer_in_only_as_long_as_it_is_open(someone: User, officer: User) -> None:
    objection = filed(someone)
    objecting.decide_objection(objection, outcome="refused", reasons="无误", acting_user=officer, at=AT)
    with pytest.raises(NotPermitted):
        objecting.open_objection(objection, acting_user=officer, at=AT)
    with pytest.raises(NotPermitted):
        objecting.decide_objection(objection, outcome="withdrawn", reasons="x", acting_user=officer, at=AT)


def test_accepted_is_corrected_as_wanted_and_the_old_version_stays(someone: User, officer: User) -> None:
    objection = filed(someone, CF_NR="罚款五百元", CF_JDRQ="2026/04/02")
    objecting.decide_objection(objection, outcome="corrected", reasons="更正", acting_user=officer, at=AT)
    record = first(someone)
    assert texts(record)["CF_NR"] == "罚款五百元"
    assert record.decided_on == date(2026, 4, 2)
    assert [(state.number, state.reason) for state in record.versions] == [(2, "corrected"), (1, "reported")]
    assert {field.name: field.text for field in record.versions[1].fields}["CF_NR"] == row(1)["CF_NR"]
    assert selectors.objections(someone)[0].state == "corrected"


def test_an_old_file_again_does_not_undo_a_correction(someone: User, officer: User) -> None:
    objection = filed(someone)
    objecting.decide_objection(
        objection, outcome="corrected", reasons="更正", correction={"CF_NR": "罚款五百元"}, acting_user=officer, at=AT
    )
    handed_in(row(1))
    assert texts(first(someone))["CF_NR"] == "罚款五百元"
    handed_in(row(1, CF_NR="罚款六百元"))
    assert texts(first(someone))["CF_NR"] == "罚款六百元"


def test_withdrawn_is_kept_for_the_person_and_lent_to_nobody(someone: User, officer: User) -> None:
    window = staff("window", Role.CASE_OFFICER, unit("window", PURPOSE))
    objection = filed(someone)
    objecting.decide_objection(objection, outcome="withdrawn", reasons="不是本人", acting_user=officer, at=AT)
    assert first(someone).withdrawn
    issued = authorising.issue_authorisation(
        ["penalty"], purpose=PURPOSE, unit=window.department_id, until=DAY, acting_user=someone, at=AT
    )
    lent = opening.open_by_code(issued.code, purpose=PURPOSE, acting_user=window, at=AT)
    assert [record.document_no for record in lent.records] == [row(1, 2)["CF_WSH"]]
    with pytest.raises(Conflict):
        objecting.object_to(first(someone).id, reasons="再来", acting_user=someone, at=AT)


def test_what_cannot_be_wanted(someone: User) -> None:
    for wanted in (
        {"CF_XDR_MC": "另一人"}, {"CF_WSH": "另号"}, {"CF_XDR_ZJHM": "1"}, {"CF_JDRQ": "昨天"}, {"CF_NR_FK": "很多"},
        {"CF_CFLB": "杖责"}, {"CF_NR": ""}, {"CF_SJLY": "长" * 201}, {"CF_NR": row(1)["CF_NR"]}, {"NO": "x"},
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            filed(someone, **wanted)
    assert selectors.objections(someone) == ()


def test_one_objection_at_a_time_to_the_own_records_with_reasons(someone: User, officer: User) -> None:
    filed(someone)
    with pytest.raises(Conflict):
        filed(someone)
    with pytest.raises(InvalidInput):
        objecting.object_to(records(someone)[row(1, 2)["CF_WSH"]].id, reasons=" ", acting_user=someone, at=AT)
    handed_in(row(2, 4))
    with pytest.raises(NotFound):
        objecting.object_to(first(someone).id, reasons="不是我的", acting_user=account(2), at=AT)
    with pytest.raises(NotPermitted):
        objecting.object_to(first(someone).id, reasons="代办", acting_user=officer, at=AT)
    with pytest.raises(NotFound):
        objecting.decide_objection(uuid7(), outcome="refused", reasons="x", acting_user=officer, at=AT)


def test_a_decision_needs_an_outcome_and_reasons(someone: User, officer: User) -> None:
    objection = filed(someone)
    for outcome, reasons in (("open", "x"), ("refused", " "), ("corrected", "没有写明更正什么")):
        with pytest.raises(InvalidInput):
            objecting.decide_objection(objection, outcome=outcome, reasons=reasons, acting_user=officer, at=AT)
    assert selectors.objections(someone)[0].state == "open"


def test_work_list_says_nothing_of_persons(someone: User, officer: User) -> None:
    filed(someone)
    [waiting] = selectors.pending(officer.department_id, day=DAY)
    assert not {"虚构人1", row(1)["CF_WSH"], "罚款数额写错了"} & set(
        map(str, (waiting.id, waiting.filed_at, waiting.due))
    )
    assert selectors.pending(unit("other").pk, day=DAY) == ()
