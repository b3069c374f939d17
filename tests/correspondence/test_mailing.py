"""E-mails: that there is something new and nothing of it; confirmed, stopped, retried, finally shown to staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from tests.rights.world import MONDAY, World, at

from gongxin import postal
from gongxin.correspondence import mailboxes, mailing
from gongxin.correspondence.models import Delivery, Enclosed, Mailbox, State
from gongxin.errors import Conflict, InvalidInput, NotFound, Unavailable
from gongxin.rights.models import Notice

NOW = at(MONDAY)
ADDRESS = "info@example.cn"
SMUGGLED = "a@example.cn\nBcc: b@example.cn"


@pytest.fixture
def box(world: World) -> Mailbox:
    """A confirmed address."""
    held = mailboxes.give(ADDRESS, acting_user=world.agent, at=NOW)
    return mailboxes.confirm(mailboxes.confirmation(held), at=NOW)


@pytest.fixture
def waiting(world: World, box: Mailbox) -> Delivery:
    """An e-mail about a notice."""
    world.object()
    made = Delivery.objects.create(user=world.agent, made_at=NOW, due_at=NOW)
    for notice in Notice.objects.filter(addressee="organisation"):
        Enclosed.objects.create(delivery=made, notice=notice)
    return made


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A mail server that takes nothing."""
    asked: list[str] = []

    def send(self: EmailMessage, **_: Any) -> int:
        asked.append(str(self.extra_headers["Message-ID"]))
        raise ConnectionRefusedError(f"no server takes {ADDRESS}")

    monkeypatch.setattr(EmailMessage, "send", send)
    return asked


def test_it_says_that_there_is_something_and_nothing_of_it(world: World, waiting: Delivery) -> None:
    assert mailing.send_due(at=NOW - timedelta(seconds=1)) == mailing.Sent()
    assert mailing.send_due(at=NOW) == mailing.Sent(sent=1)
    (sent,) = mail.outbox
    assert sent.to == [ADDRESS]
    whole = f"{sent.subject}\n{sent.body}\n{sent.extra_headers}"
    for word in (world.company.name, world.company.uscc or "", world.record.document_no, world.record.title, "异议"):
        assert word not in whole
    assert "https://credit.example.cn/mine/messages/" in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sent_at) == (State.SENT, NOW)
    assert mailing.send_due(at=NOW + timedelta(days=1)) == mailing.Sent()


def test_what_cannot_be_sent_is_tried_again_then_shown_to_staff_then_tried_again(
    world: World, waiting: Delivery, refusing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    when = NOW
    for pause in postal.PAUSES:
        assert mailing.send_due(at=when) == mailing.Sent(again=1)
        assert mailing.send_due(at=when) == mailing.Sent()
        when += pause
    assert not mailing.undelivered()
    assert mailing.send_due(at=when) == mailing.Sent(failed=1)
    assert len(refusing) == len(postal.PAUSES) + 1
    # Whoever gets it twice sees it once.
    assert len(set(refusing)) == 1
    (shown,) = mailing.undelivered()
    assert (shown.fault, shown.attempts) == ("ConnectionRefusedError", len(refusing))
    monkeypatch.undo()
    mailing.try_again(shown.pk, acting_user=world.office, at=when)
    with pytest.raises(NotFound):
        mailing.try_again(shown.pk, acting_user=world.office, at=when)


def test_an_address_is_sealed_and_shown_to_nobody(box: Mailbox) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM correspondence_mailbox")
        assert ADDRESS not in cursor.fetchone()[0]
    assert mailboxes.shown(box) == "i…@example.cn"
    assert ADDRESS not in f"{box.address} {box.address!r}"


def test_a_link_confirms_the_address_it_was_sent_to_for_a_day(world: World) -> None:
    first = mailboxes.give(ADDRESS, acting_user=world.agent, at=NOW)
    mailing.confirm(first)
    token = mail.outbox[0].body.split("/mine/mail/confirm/")[1].split()[0]
    mailboxes.give("other@example.cn", acting_user=world.agent, at=NOW)
    for wrong in (token, token + "x", "", mailboxes.stopping(first)):
        with pytest.raises(NotFound):
            mailboxes.confirm(wrong, at=NOW)
    held = mailboxes.of(world.agent)
    assert held is not None
    assert held.confirmed_at is None
    assert mailboxes.confirm(mailboxes.confirmation(held), at=NOW).confirmed_at == NOW
    # A second click changes nothing.
    assert mailboxes.confirm(mailboxes.confirmation(held), at=NOW + timedelta(1)).confirmed_at == NOW


def test_the_link_in_every_e_mail_forgets_the_address(world: World, box: Mailbox, waiting: Delivery) -> None:
    token = mailboxes.stopping(box)
    mailboxes.stop(token, at=NOW)
    assert mailboxes.of(world.agent) is None
    assert not Delivery.objects.filter(state=State.WAITING).exists()
    with pytest.raises(NotFound):
        mailboxes.stop(token, at=NOW)


def test_what_is_no_address_or_belongs_to_others_is_refused(
    world: World, box: Mailbox, waiting: Delivery, refusing: list[str]
) -> None:
    for wrong, user in (
        ("nonsense", world.agent),
        (SMUGGLED, world.agent),
        (ADDRESS, world.reporter),
    ):
        with pytest.raises(InvalidInput):
            mailboxes.give(wrong, acting_user=user, at=NOW)
    with pytest.raises((Unavailable, KeyError)):
        mailing.confirm(box)
    Delivery.objects.update(state=State.FAILED)
    Delivery.objects.create(user=world.agent, made_at=NOW, due_at=NOW)
    with pytest.raises(Conflict):
        mailing.try_again(waiting.pk, acting_user=world.office, at=NOW)
