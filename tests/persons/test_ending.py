"""The end of entries and files: terms of the pack, two officials who see nothing, the person's own wish, and what a
backup may not bring back.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from tests.persons.people import AT, DAY, account, handed_in, number, row, staff, unit

from gongxin.errors import Conflict, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.ids import uuid7
from gongxin.ledger import selectors as log
from gongxin.persons import (
    authorising,
    correcting,
    ending,
    erasing,
    gone,
    holding,
    keeping,
    objecting,
    opening,
    selectors,
    terms,
)
from gongxin.persons.models import Authorisation, Entry, File, Gone, Objection, Opening, Version
from gongxin.persons.seen import RecordSeen
from gongxin.policy import packs

PENALTY = "retention-person-penalty"
OTHER = "retention-person-entry"
# Penalties of 2026-04-08 are kept for sixty months.
DECIDED = date(2026, 4, 8)
LAST = date(2031, 4, 8)


def rule(name: str = PENALTY) -> Any:
    return packs.current().retention[name]


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def due(day: date) -> int:
    terms.derive(day)
    return ending.count(rule(), day, most=1000)


def seen(user: User, day: date = DAY) -> tuple[RecordSeen, ...]:
    return opening.open_own(acting_user=user, at=at(day)).records


@pytest.fixture
def someone(db: None) -> User:
    """With two penalties; another person has one too."""
    handed_in(*(row(1, serial, CF_JDRQ=DECIDED.isoformat()) for serial in (1, 2)), row(2, 3, CF_JDRQ="2026-04-09"))
    return account(1)


def test_the_day_before_and_the_day_after(someone: User) -> None:
    assert [due(day) for day in (LAST, LAST + timedelta(days=1), LAST + timedelta(days=2))] == [0, 2, 3]


def test_the_person_sees_until_when_and_by_which_rule(someone: User) -> None:
    kept = [record.kept for record in seen(someone)]
    assert [(one.rule, one.until, one.is_over) for one in kept if one] == [(PENALTY, LAST, False)] * 2
    assert "五年" in (kept[0].reference.note if kept[0] else "")
    kept = [record.kept for record in seen(someone, LAST + timedelta(days=1))]
    assert all(one and one.is_over for one in kept)


@given(st.dates(date(1980, 1, 1), date(2098, 1, 1)), st.sampled_from([PENALTY, OTHER]), st.integers(0, 40))
def test_months_find_everything_that_is_over(anchor: date, name: str, later: int) -> None:
    """What is over on a day has one of the months that are asked for; and a month that is surely over is over."""
    chosen, item = rule(name), "penalty" if name == PENALTY else "licence"
    over_from = chosen.over_from(anchor)
    assert over_from is not None
    day = over_from + timedelta(days=later - 20)
    text = keeping.text_of(chosen, item, anchor)
    by = chosen.ended_by(day)
    assert by is not None
    if over_from <= day:
        assert text in set(keeping.texts(chosen, item, by))
    if keeping.over_by_month(text, day):
        assert over_from <= day


def test_from_which_day_it_counts() -> None:
    item = packs.current().item("licence")
    values = {"XK_JDRQ": "2026-03-02", "XK_YXQZI": "2031-03-01"}
    kept = keeping.kept(item, values, recorded_on=DAY, day=DAY)
    assert kept is not None
    assert (kept.rule.id, kept.over_from) == (OTHER, date(2032, 3, 2))
    endless = keeping.kept(item, values | {"XK_YXQZI": "2099-12-31"}, recorded_on=DAY, day=DAY)
    assert endless is not None
    assert (endless.over_from, endless.is_over(date(2200, 1, 1))) == (None, False)
    assert not keeping.over_by_month(endless.month, date(2200, 1, 1))
    bare = keeping.kept(item, {}, recorded_on=DAY, day=DAY)
    assert bare is not None
    assert bare.anchor == DAY


def test_rows_are_judged_as_entries_are() -> None:
    item = packs.current().item("penalty")
    names = [field.name for field in item.fields]
    days = ["2021-04-09", "2021-04-10", "", "2026-04-01"]
    payloads = [json.dumps([day if name == "CF_JDRQ" else "" for name in names]) for day in days]
    assert list(keeping.over(pl.DataFrame({"payload": payloads}), item=item, day=DAY)) == [True, False, False, False]


def test_index_and_month_are_made_once_and_anew_after_a_correction(someone: User) -> None:
    assert terms.derive(DAY) == 3
    assert terms.derive(DAY) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT term, term_index FROM persons_entry")
        for term, index in cursor.fetchall():
            assert (term[:4], index[:4]) == ("gs1.", "bi1.")
    own = holding.file_of(someone)
    assert own is not None
    entry = Entry.objects.filter(file=own.file).order_by("pk")[0]
    correcting.correct(own, entry, {"CF_JDRQ": "2020-01-01"}, at=AT)
    assert due(DAY) == 1


def proposed(day: date) -> Any:
    leaving = uuid7()
    return leaving, ending.propose(rule(), day, most=1000, leaving=leaving)


def test_a_list_destroys_what_is_due_and_tells_a_root(someone: User) -> None:
    day = LAST + timedelta(days=1)
    leaving, batch = proposed(day)
    assert batch.count == 2
    assert proposed(day)[1].count == 0
    bodies = set(Version.objects.filter(entry__leaving=leaving).values_list("body", flat=True))
    assert len(bodies) == 2
    done = ending.destroy(rule(), day, most=1000, leaving=leaving)
    assert done == batch
    assert seen(someone, day) == ()
    assert not Version.objects.filter(body__in=bodies).exists()
    # The other person's is not, and what is left of these is a tag and a day.
    assert Version.objects.count() == 1
    assert set(Gone.objects.values_list("what", "on")) == {("entry", day)}


def test_what_is_contested_meanwhile_stays(someone: User) -> None:
    day = LAST + timedelta(days=1)
    leaving, _batch = proposed(day)
    objecting.object_to(seen(someone, day)[0].id, reasons="有误", acting_user=someone, at=at(day))
    assert ending.destroy(rule(), day, most=1000, leaving=leaving).count == 1
    assert len(seen(someone, day)) == 1
    assert not Entry.objects.filter(leaving__isnull=False).exists()


def test_what_was_destroyed_or_is_over_is_not_taken_in_again(someone: User) -> None:
    day = LAST + timedelta(days=1)
    leaving, _batch = proposed(day)
    ending.destroy(rule(), day, most=1000, leaving=leaving)
    before = Version.objects.count()
    # As it was, with another content, and one whose day is corrected to a later one.
    again = row(1, 1, CF_JDRQ=DECIDED.isoformat())
    assert handed_in(again, again | {"CF_NR": "另一内容"}, again | {"CF_JDRQ": "2031-04-01"}, at=at(day)).received == 3
    assert handed_in(row(1, 9, CF_JDRQ="2020-01-01"), at=at(day)).received == 1
    assert Version.objects.count() == before
    handed_in(row(1, 8, CF_JDRQ="2031-04-01"), at=at(day))
    assert Version.objects.count() == before + 1


def test_the_function_destroys_only_what_is_marked_and_only_empty_files(someone: User) -> None:
    entry, file = Entry.objects.all()[0], File.objects.all()[0]
    for call in ("gongxin_end_entries(ARRAY[%s]::uuid[])", "gongxin_end_file(%s)"):
        with connection.cursor() as cursor, pytest.raises(Exception, match=r"not marked|something is left"):
            cursor.execute("SAVEPOINT s")
            try:
                cursor.execute(f"SELECT {call}", [entry.pk if "ARRAY" in call else file.pk])
            finally:
                cursor.execute("ROLLBACK TO s")


def lend(someone: User) -> str:
    window = unit("window", "authorised-query")
    given: dict[str, Any] = {"purpose": "authorised-query", "unit": window.pk, "until": DAY}
    return authorising.issue_authorisation(["penalty"], **given, acting_user=someone, at=AT).code


def test_what_a_duty_holds_back_stays_and_what_was_lent_is_taken_back(someone: User) -> None:
    lend(someone)
    done = ending.end_own(acting_user=someone, at=AT)
    assert (done.destroyed, done.left, done.whole) == (0, 2, False)
    file = opening.open_own(acting_user=someone, at=AT)
    assert (len(file.records), file.leaving_since) == (2, AT)
    assert not Authorisation.objects.filter(revoked_at=None).exists()
    with pytest.raises(Conflict):
        lend(someone)
    ending.stay(acting_user=someone, at=AT)
    assert opening.open_own(acting_user=someone, at=AT).leaving_since is None
    with pytest.raises(Conflict):
        ending.stay(acting_user=someone, at=AT)
    assert ending.go_on(LAST + timedelta(days=9), actor="clock", at=at(LAST + timedelta(days=9))) == 0


def test_what_stays_goes_at_its_date_and_the_file_with_the_last_of_it(someone: User) -> None:
    handed_in(row(1, 7, CF_JDRQ="2026-04-20"), at=at(date(2026, 4, 21)))
    ending.end_own(acting_user=someone, at=AT)
    for day, left in ((LAST, 3), (LAST + timedelta(days=1), 1), (LAST + timedelta(days=1), 1)):
        before = log.size()
        changed = ending.go_on(day, actor="clock", at=at(day))
        assert log.size() == before + changed
        assert len(seen(someone, day)) == left
    day = date(2031, 4, 21)
    before = log.size()
    assert ending.go_on(day, actor="clock", at=at(day)) == 1
    body = json.loads(log.body(log.size() - 1))
    assert (log.size(), body["event"]) == (before + 1, "person.file_ended")
    assert (body["fields"]["whole"], body["fields"]["asked"]) == (True, False)
    assert seen(someone, day) == ()
    assert File.objects.count() == 1
    assert not Opening.objects.exists()


def test_a_file_without_duties_goes_at_once_with_its_key(someone: User) -> None:
    day = LAST + timedelta(days=1)
    own = holding.file_of(someone)
    assert own is not None
    opening.open_own(acting_user=someone, at=at(day))
    done = ending.end_own(acting_user=someone, at=at(day))
    assert (done.destroyed, done.left, done.whole) == (2, 0, True)
    assert not File.objects.filter(pk=own.file.pk).exists()
    assert holding.file_of(someone) is None
    leaf = log.body(log.size() - 1).decode()
    assert str(own.file.pk) not in leaf
    assert File.objects.count() == 1
    with pytest.raises(NotFound):
        ending.end_own(acting_user=someone, at=at(day))


def test_nobody_ends_the_file_of_another(someone: User) -> None:
    for user in (staff("office", Role.CREDIT_OFFICE, unit("credit")), staff("case", Role.CASE_OFFICER, unit())):
        with pytest.raises(NotPermitted):
            ending.end_own(acting_user=user, at=AT)


def test_two_officials_erase_what_should_not_have_been_taken_in(someone: User) -> None:
    """Whatever its term; the same decision is not taken in again, and the person is told why."""
    officer = staff("case-a", Role.CASE_OFFICER, unit())
    other = staff("case-b", Role.CASE_OFFICER, officer.department)
    record = seen(someone)[0]
    filed = objecting.object_to(record.id, reasons="不是我", acting_user=someone, at=AT).id
    with pytest.raises(Conflict):
        erasing.decide_erasure(filed, agreed=True, reasons="是", acting_user=other, at=AT)
    erasing.propose_erasure(filed, reasons="身份错误", acting_user=officer, at=AT)
    assert len(seen(someone)) == 2
    with pytest.raises(NotPermitted) as refused:
        erasing.decide_erasure(filed, agreed=True, reasons="是", acting_user=officer, at=AT)
    assert refused.value.code == "erasure-same-person"
    with pytest.raises(NotPermitted):
        erasing.decide_erasure(
            filed, agreed=True, reasons="是", acting_user=staff("x", Role.CASE_OFFICER, unit("x")), at=AT
        )
    erasing.decide_erasure(filed, agreed=False, reasons="再核", acting_user=other, at=AT)
    assert Objection.objects.get(pk=filed).state == "open"
    erasing.propose_erasure(filed, reasons="身份错误", acting_user=officer, at=AT)
    erasing.decide_erasure(filed, agreed=True, reasons="核实无误", acting_user=other, at=AT)
    assert record.id not in {one.id for one in seen(someone)}
    [told] = selectors.objections(someone)
    assert (told.state, told.record_title, told.decision_reasons) == ("erased", "", "核实无误")
    handed_in(row(1, int(record.document_no.strip("号").rpartition("〕")[2] or 1), CF_JDRQ=DECIDED.isoformat()))
    assert record.document_no not in {one.document_no for one in seen(someone)}


def test_an_erased_decision_keeps_an_empty_file_until_its_term_is_over(someone: User) -> None:
    officer = staff("case-a", Role.CASE_OFFICER, unit())
    other = staff("case-b", Role.CASE_OFFICER, officer.department)
    for record in seen(someone):
        filed = objecting.object_to(record.id, reasons="不是我", acting_user=someone, at=AT).id
        erasing.propose_erasure(filed, reasons="身份错误", acting_user=officer, at=AT)
        erasing.decide_erasure(filed, agreed=True, reasons="是", acting_user=other, at=AT)
    done = ending.end_own(acting_user=someone, at=AT)
    assert (done.left, done.whole) == (0, False)
    later = date(2031, 5, 2)
    assert ending.go_on(later, actor="clock", at=at(later)) == 1
    assert holding.file_of(someone) is None


def test_a_restored_backup_does_not_bring_it_back(
    someone: User, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    day = LAST + timedelta(days=1)
    kept_beside = settings.VAR_DIR / gone.FILE
    assert not gone.destroy_again(day, actor="cli", at=AT).known
    own = holding.file_of(someone)
    assert own is not None
    kept = [list(table.objects.filter(**{path: own.file.pk})) for table, path in (
        (File, "pk"), (Entry, "file"), (Version, "entry__file"))]  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        assert ending.end_own(acting_user=someone, at=at(day)).whole
    text = kept_beside.read_text()
    assert {line.split()[0] for line in text.splitlines()} == {"entry", "file"}
    assert number(1) not in text
    assert kept_beside.stat().st_mode & 0o077 == 0
    # The backup of the day before.
    for rows in kept:
        for restored in rows:
            restored.save(force_insert=True)
    assert len(seen(someone, day)) == 2
    before = log.size()
    again = gone.destroy_again(day, actor="cli", at=AT)
    assert log.size() == before + 1
    assert (again.known, again.entries, again.files) == (True, 2, 1)
    assert holding.file_of(someone) is None
    assert File.objects.count() == 1
