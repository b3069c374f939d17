"""The file is opened by the person, or with the person's code; every opening is told to the person and logged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from tests.persons.people import AT, DAY, account, handed_in, number, organisation_row, row, staff, unit

from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import substitutions
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.ledger import selectors as log
from gongxin.persons import authorising, holding, opening, personal_keys, selectors
from gongxin.persons.models import Authorisation, Entry, File, Holder, Opening, Version
from gongxin.persons.personal_keys import PersonalKey
from gongxin.persons.seen import Issued

pytestmark = pytest.mark.django_db
PURPOSE = "authorised-query"


@pytest.fixture
def someone() -> User:
    """With one penalty and one other person beside."""
    handed_in(row(1), row(2, 2), organisation_row(3))
    return account(1)


@pytest.fixture
def officer() -> User:
    return staff("window", Role.CASE_OFFICER, unit("window", PURPOSE, "financing"))


def lent(someone: User, officer: User, *, until: date = DAY, purpose: str = PURPOSE) -> Issued:
    assert officer.department is not None
    return authorising.issue_authorisation(
        ["penalty"], purpose=purpose, unit=officer.department.pk, until=until, acting_user=someone, at=AT
    )


def test_a_person_sees_the_own_file_and_no_other(someone: User) -> None:
    seen = opening.open_own(acting_user=someone, at=AT)
    [record] = seen.records
    assert (record.item, record.document_no) == ("penalty", row(1)["CF_WSH"])
    assert "虚构人1" in {field.text for field in record.fields}
    assert record.unit_name == "虚构部门market"
    [state] = record.versions
    assert (state.number, state.reason, state.recorded_at) == (1, "reported", AT)
    [told] = selectors.openings(someone)
    assert (told.kind, told.who, told.allowed, told.records) == ("own", someone.username, True, 1)
    body = json.loads(log.body(told.leaf))
    assert (body["event"], body["fields"]["kind"]) == ("person.file_opened", "own")
    assert told.leaf == seen.leaf


def test_without_a_verified_sign_in_nothing_is_seen(someone: User) -> None:
    unverified = account(7, verified=False)
    for read in (
        lambda: opening.open_own(acting_user=unverified, at=AT),
        lambda: opening.download(acting_user=unverified, at=AT),
        lambda: selectors.openings(unverified),
        lambda: selectors.objections(unverified),
        lambda: selectors.authorisations(unverified, day=DAY),
    ):
        with pytest.raises(NotPermitted) as refused:
            read()
        assert refused.value.code == "person-unverified"
    holding.keep(someone, (), at=AT)
    with pytest.raises(NotPermitted):
        opening.open_own(acting_user=someone, at=AT)


def test_what_was_verified_for_one_account_opens_nothing_for_another(someone: User) -> None:
    """Whoever writes to the database cannot lay somebody's index to the own account."""
    other = account(3)
    kept = Holder.objects.get(user=someone)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexes FROM persons_holder WHERE id = %s", [kept.pk])
        sealed = cursor.fetchone()[0]
        cursor.execute("UPDATE persons_holder SET indexes = %s WHERE user_id = %s", [sealed, other.pk])
    with pytest.raises(Conflict):
        opening.open_own(acting_user=other, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM persons_holder WHERE user_id = %s", [other.pk])
        cursor.execute("UPDATE persons_holder SET user_id = %s WHERE id = %s", [other.pk, kept.pk])
    with pytest.raises(NotPermitted):
        opening.open_own(acting_user=other, at=AT)


def test_staff_and_representatives_have_no_file(someone: User, officer: User) -> None:
    for user in (officer, staff("security", Role.SECURITY_ADMIN, unit("credit"))):
        with pytest.raises(NotPermitted):
            opening.open_own(acting_user=user, at=AT)


def test_somebody_nothing_is_recorded_of_sees_an_empty_file() -> None:
    nobody = account(9)
    assert opening.open_own(acting_user=nobody, at=AT).records == ()
    assert selectors.openings(nobody) == ()
    assert not File.objects.exists()
    with pytest.raises(NotFound):
        authorising.revoke_authorisation(File().pk, acting_user=nobody, at=AT)


def test_a_code_opens_these_items_for_this_unit_and_purpose(someone: User, officer: User) -> None:
    code = lent(someone, officer).code
    found = opening.open_by_code(code.lower(), purpose=PURPOSE, acting_user=officer, at=AT)
    assert [record.document_no for record in found.records] == [row(1)["CF_WSH"]]
    assert found.records[0].versions == ()
    told = selectors.openings(someone)[0]
    assert (told.kind, told.who, told.unit_name, told.purpose) == ("code", "window", "虚构部门window", PURPOSE)
    assert (told.allowed, told.items, told.records) == (True, ("penalty",), 1)
    assert json.loads(log.body(told.leaf))["fields"]["unit"] == "window"


def test_whoever_stands_in_is_told_by_name(someone: User, officer: User) -> None:
    issued, clerk = lent(someone, officer), staff("clerk", Role.DATA_OFFICER, officer.department)
    substitutions.appoint(officer, clerk, starts_on=DAY, ends_on=DAY, acting_user=None, at=AT)
    opening.open_by_code(issued.code, purpose=PURPOSE, acting_user=clerk, at=AT)
    told = selectors.openings(someone)[0]
    assert (told.who, told.unit_name, told.allowed) == ("clerk", "虚构部门window", True)


def another_unit(someone: User, officer: User, issued: Issued) -> tuple[str, str, User]:
    return issued.code, PURPOSE, staff("other", Role.CASE_OFFICER, unit("other", PURPOSE))


def another_purpose(someone: User, officer: User, issued: Issued) -> tuple[str, str, User]:
    return issued.code, "financing", officer


def no_purpose(someone: User, officer: User, issued: Issued) -> tuple[str, str, User]:
    return issued.code, "", officer


def revoked(someone: User, officer: User, issued: Issued) -> tuple[str, str, User]:
    authorising.revoke_authorisation(issued.authorisation.id, acting_user=someone, at=AT)
    return issued.code, PURPOSE, officer


def data_officer(someone: User, officer: User, issued: Issued) -> tuple[str, str, User]:
    return issued.code, PURPOSE, staff("clerk", Role.DATA_OFFICER, officer.department)


@pytest.mark.parametrize("arrange", [another_unit, another_purpose, no_purpose, revoked, data_officer])
def test_refused_openings_are_told_to_the_person(
    someone: User, officer: User, arrange: Callable[[User, User, Issued], tuple[str, str, User]]
) -> None:
    code, purpose, who = arrange(someone, officer, lent(someone, officer))
    with pytest.raises(NotPermitted):
        opening.open_by_code(code, purpose=purpose, acting_user=who, at=AT)
    told = selectors.openings(someone)[0]
    assert (told.kind, told.allowed, told.records, told.who) == ("code", False, 0, who.username)
    assert told.reason
    assert json.loads(log.body(told.leaf))["fields"]["allowed"] is False


def test_a_code_ends_with_its_day(someone: User, officer: User) -> None:
    code = lent(someone, officer, until=DAY + timedelta(days=1)).code
    opening.open_by_code(code, purpose=PURPOSE, acting_user=officer, at=AT + timedelta(days=1))
    with pytest.raises(NotPermitted):
        opening.open_by_code(code, purpose=PURPOSE, acting_user=officer, at=AT + timedelta(days=2))


def test_an_unknown_code_is_refused_in_the_words_of_a_dead_one(someone: User, officer: User) -> None:
    dead = lent(someone, officer)
    authorising.revoke_authorisation(dead.authorisation.id, acting_user=someone, at=AT)
    said = []
    for code in (dead.code, "0" * 26):
        with pytest.raises(NotPermitted) as refused:
            opening.open_by_code(code, purpose=PURPOSE, acting_user=officer, at=AT)
        said.append((refused.value.code, refused.value.title, refused.value.remedy))
    assert said[0] == said[1]
    with pytest.raises(InvalidInput):
        opening.open_by_code("  ", purpose=PURPOSE, acting_user=officer, at=AT)


def test_the_code_itself_is_not_kept(someone: User, officer: User) -> None:
    issued = lent(someone, officer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM persons_authorisation t")
        kept = cursor.fetchone()[0]
    assert issued.code not in kept
    assert issued.code.replace("-", "") not in kept
    assert len(issued.code.replace("-", "")) == 26
    assert PURPOSE not in kept


def test_what_cannot_be_lent(someone: User, officer: User) -> None:
    usual = {"items": ["penalty"], "purpose": PURPOSE, "unit": officer.department_id, "until": DAY}
    for changes, code in (
        ({"items": []}, "authorisation-items"),
        ({"items": ["coercion"]}, "authorisation-items"),
        ({"purpose": "licence-review"}, "authorisation-purpose"),
        ({"purpose": "self-query"}, "authorisation-purpose"),
        ({"until": DAY - timedelta(days=1)}, "authorisation-until"),
        ({"until": DAY + timedelta(days=91)}, "authorisation-until"),
        ({"unit": File().pk}, "authorisation-unit"),
    ):
        asked = usual | changes
        with pytest.raises(InvalidInput) as refused:
            authorising.issue_authorisation(asked.pop("items"), **asked, acting_user=someone, at=AT)
        assert refused.value.code == code
    assert not Authorisation.objects.exists()


def test_nobody_revokes_anothers_authorisation(someone: User, officer: User) -> None:
    issued = lent(someone, officer)
    with pytest.raises(NotFound):
        authorising.revoke_authorisation(issued.authorisation.id, acting_user=account(2), at=AT)
    assert selectors.authorisations(someone, day=DAY)[0].live
    authorising.revoke_authorisation(issued.authorisation.id, acting_user=someone, at=AT)
    with pytest.raises(Conflict):
        authorising.revoke_authorisation(issued.authorisation.id, acting_user=someone, at=AT)


def test_download_has_everything_around_the_file(someone: User, officer: User) -> None:
    lent(someone, officer)
    copy = opening.download(acting_user=someone, at=AT)
    assert [told.kind for told in copy.openings] == ["download"]
    assert len(copy.authorisations) == len(copy.file.records) == 1


def test_a_row_again_changes_nothing_and_another_content_is_the_next_version(someone: User) -> None:
    assert handed_in(row(1)).received == 1
    assert Version.objects.count() == 2
    handed_in(row(1, CF_NR="罚款五百元"), row(1), at=AT + timedelta(days=1))
    [record] = opening.open_own(acting_user=someone, at=AT).records
    assert [state.number for state in record.versions] == [3, 2, 1]
    assert record.versions[1].recorded_at == AT + timedelta(days=1)
    assert Entry.objects.count() == 2


def test_texts_come_back_as_they_were_handed_in() -> None:
    said = '罚款"五百"元\\，\n限十日内缴纳\t（虚构）'
    handed_in(row(4, CF_NR=said))
    [record] = opening.open_own(acting_user=account(4), at=AT).records
    assert {field.name: field.text for field in record.fields}["CF_NR"] == said


def test_another_name_for_the_same_person_is_the_same_decision(someone: User) -> None:
    handed_in(row(1, CF_XDR_MC="虚 构 人1"))
    assert len(opening.open_own(acting_user=someone, at=AT).records) == 1


def test_two_units_decisions_of_one_number_are_two(someone: User) -> None:
    handed_in(row(1), provider=unit("forest"))
    assert {record.unit_name for record in opening.open_own(acting_user=someone, at=AT).records} == {
        "虚构部门market", "虚构部门forest",
    }  # fmt: skip


def test_what_is_sealed_opens_in_its_place_and_with_its_key_only(someone: User) -> None:
    held = Version.objects.select_related("entry__file").order_by("id").first()
    assert held is not None
    key = PersonalKey(held.entry.file.secret.reveal())
    assert json.loads(key.open(held.body, table="persons_version", row=str(held.pk)))["item"] == "penalty"
    other = PersonalKey(File.objects.exclude(pk=held.entry.file_id).get().secret.reveal())
    for wrong, table, place in ((other, "persons_version", held.pk), (key, "persons_version", held.entry_id),
                                (key, "persons_opening", held.pk)):  # fmt: skip
        with pytest.raises(Conflict):
            wrong.open(held.body, table=table, row=str(place))
    assert key.tag("x") != other.tag("x")


def test_without_its_key_a_file_is_gone(someone: User) -> None:
    """Destroying the key destroys the file, whoever has the rest of the database and the node's keys."""
    for file in File.objects.all():
        file.secret = personal_keys.new()
        file.save()
    with pytest.raises(Conflict) as refused:
        opening.open_own(acting_user=someone, at=AT)
    assert refused.value.code == "seal-broken"


def test_openings_are_never_fewer_than_their_leaves(someone: User, officer: User) -> None:
    code = lent(someone, officer).code
    for _again in range(3):
        opening.open_by_code(code, purpose=PURPOSE, acting_user=officer, at=AT)
    assert Opening.objects.count() == 3
    leaves = [json.loads(log.body(seq)) for seq in range(log.size())]
    assert sum(leaf["event"] == "person.file_opened" for leaf in leaves) == 3
    assert not [leaf for leaf in leaves if number(1) in json.dumps(leaf) or "person-1" in json.dumps(leaf)]
