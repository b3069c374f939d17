"""E-mails to persons: that there is something new and nothing else, to a confirmed address that nobody else sees."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from tests.persons.people import AT, DAY, account, handed_in, row, staff, unit

from gongxin import postal
from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound, NotPermitted, Unavailable
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.persons import authorising, ending, holding, letters, mailboxes, objecting, opening
from gongxin.persons.models import File, Gone, Letter, Mailbox
from gongxin.persons.seen import SMALLEST

ADDRESS = "somebody@example.cn"
PURPOSE = "authorised-query"


@pytest.fixture
def someone(db: None, settings: Any) -> User:
    settings.MAIL, settings.ORIGIN = True, "https://credit.example.cn"
    handed_in(row(1), row(2, 2))
    return account(1)


def code() -> str:
    found = re.search(r"\d{8}", str(mail.outbox[-1].body))
    assert found
    return found[0]


@pytest.fixture
def told(someone: User) -> User:
    """With a confirmed address."""
    mailboxes.give(ADDRESS, acting_user=someone, at=AT)
    mailboxes.confirm(code(), acting_user=someone, at=AT)
    mail.outbox.clear()
    return someone


def waiting() -> int:
    return Letter.objects.filter(state="waiting").count()


def test_an_address_is_confirmed_by_its_code_and_sealed(someone: User) -> None:
    mailboxes.give(ADDRESS, acting_user=someone, at=AT)
    handed_in(row(1, 3))
    assert waiting() == 0
    held = mailboxes.of(someone)
    assert held is not None
    assert (held.shown, held.confirmed_at) == ("s…@example.cn", None)
    wrong = f"{(int(code()) + 1) % 10**8:08d}"
    for given, at in ((wrong, AT), (code(), AT + timedelta(minutes=31))):
        with pytest.raises(InvalidInput):
            mailboxes.confirm(given, acting_user=someone, at=at)
    mailboxes.confirm(f" {code()} ", acting_user=someone, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(m)::text FROM persons_mailbox m")
        [(row_text,)] = cursor.fetchall()
    assert ADDRESS not in row_text
    assert code() not in row_text
    with pytest.raises(NotFound):
        mailboxes.give(ADDRESS, acting_user=account(9), at=AT)
    for user in (staff("office", Role.CREDIT_OFFICE, unit("credit")), account(7, verified=False)):
        with pytest.raises(NotPermitted):
            mailboxes.give(ADDRESS, acting_user=user, at=AT)


def test_a_code_is_guessed_five_times_and_sent_five_times_a_day(someone: User) -> None:
    mailboxes.give(ADDRESS, acting_user=someone, at=AT)
    right = code()
    for _ in range(mailboxes.MOST_TRIES):
        with pytest.raises(InvalidInput):
            mailboxes.confirm("0", acting_user=someone, at=AT)
    with pytest.raises(InvalidInput):
        mailboxes.confirm(right, acting_user=someone, at=AT)
    for _ in range(mailboxes.MOST_CODES - 1):
        mailboxes.give(ADDRESS, acting_user=someone, at=AT)
    with pytest.raises(Conflict):
        mailboxes.give(ADDRESS, acting_user=someone, at=AT)
    for wrong in ("nonsense", "a@example.cn\nBcc: b@example.cn", "a" * 200 + "@example.cn"):
        with pytest.raises(InvalidInput):
            mailboxes.give(wrong, acting_user=someone, at=AT + timedelta(days=2))


def test_what_is_new_is_told_without_saying_what(told: User) -> None:
    officer = staff("case", Role.CASE_OFFICER, unit())
    window = staff("window", Role.CASE_OFFICER, unit("window", PURPOSE))
    opening.open_own(acting_user=told, at=AT)
    handed_in(row(1))
    assert waiting() == 0
    at = AT
    assert window.department
    given: dict[str, Any] = {"purpose": PURPOSE, "unit": window.department.pk, "until": DAY + timedelta(days=30)}
    issued = authorising.issue_authorisation(["penalty"], **given, acting_user=told, at=at)
    record = opening.open_own(acting_user=told, at=at).records[0]
    filed = objecting.object_to(record.id, reasons="有误", acting_user=told, at=at).id
    texts = set()
    causes: tuple[Any, ...] = (
        partial(handed_in, row(1, 5)),
        partial(opening.open_by_code, issued.code, purpose=PURPOSE, acting_user=window),
        partial(opening.open_by_code, issued.code, purpose="financing", acting_user=window),
        partial(objecting.decide_objection, filed, outcome="refused", reasons="无误", acting_user=officer),
    )
    for cause in causes:
        at += timedelta(hours=2)
        try:
            cause(at=at)
        except GongxinError as error:
            assert isinstance(error, NotPermitted)
        assert letters.send_due(DAY, at=at) == letters.Sent(sent=1)
        [sent] = mail.outbox
        assert sent.to == [ADDRESS]
        texts.add((sent.subject, sent.body))
        mail.outbox.clear()
    # Whatever happened, the same words.
    [(subject, body)] = texts
    for word in (
        record.title,
        record.document_no,
        record.unit_name,
        "虚构",
        "窗口",
        "异议",
        "查阅",
        "处罚",
        told.username,
    ):
        assert word not in f"{subject}{body}"
    assert "https://credit.example.cn/person/start" in str(body)


def test_one_waits_and_the_next_one_waits_an_hour(told: User) -> None:
    handed_in(row(1, 5), at=AT)
    handed_in(row(1, 6), at=AT)
    handed_in(row(2, 7), at=AT)
    assert waiting() == 1
    letters.send_due(DAY, at=AT)
    handed_in(row(1, 8), at=AT + timedelta(minutes=1))
    assert letters.send_due(DAY, at=AT + timedelta(minutes=59)) == letters.Sent()
    assert letters.send_due(DAY, at=AT + timedelta(minutes=60)) == letters.Sent(sent=1)


def test_a_removed_address_gets_nothing_and_ends_with_the_file(told: User) -> None:
    handed_in(row(1, 5), at=AT)
    mailboxes.drop(acting_user=told, at=AT)
    assert (mailboxes.of(told), waiting()) == (None, 0)
    assert Gone.objects.filter(what="mailbox").count() == 1
    with pytest.raises(NotFound):
        mailboxes.drop(acting_user=told, at=AT)
    mailboxes.give(ADDRESS, acting_user=told, at=AT)
    later = AT + timedelta(days=365 * 6)
    assert ending.end_own(acting_user=told, at=later).whole
    assert not Mailbox.objects.exists()


def test_what_is_not_delivered_is_for_the_person_to_see_and_for_staff_a_number(
    told: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(self: EmailMessage, **_: Any) -> int:
        raise ConnectionRefusedError(ADDRESS)

    monkeypatch.setattr(EmailMessage, "send", send)
    with pytest.raises(Unavailable):
        mailboxes.give(ADDRESS, acting_user=account(2), at=AT)
    handed_in(row(1, 5), at=AT)
    when = AT
    for pause in postal.PAUSES:
        assert letters.send_due(DAY, at=when) == letters.Sent(again=1)
        when += pause
    assert letters.send_due(DAY, at=when) == letters.Sent(failed=1)
    held = mailboxes.of(told)
    assert held is not None
    assert [letter.state for letter in held.letters] == ["failed"]
    assert letters.undelivered(DAY) is None
    file = holding.file_of(told)
    assert file is not None
    fill(file.file, SMALLEST - 2)
    assert letters.undelivered(DAY) is None
    fill(file.file, 1)
    assert letters.undelivered(DAY) == SMALLEST


def fill(file: File, count: int) -> None:
    Letter.objects.bulk_create(Letter(file=file, state="failed", made_at=AT, due_at=AT) for _ in range(count))


def test_letters_are_forgotten_by_the_term_of_the_pack(told: User) -> None:
    file = holding.file_of(told)
    assert file is not None
    fill(file.file, 1)
    for later, left in ((90, 1), (91, 0)):
        at = AT + timedelta(days=later)
        letters.send_due(at.date(), at=at)
        assert Letter.objects.count() == left
