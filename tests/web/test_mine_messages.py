"""Messages on the pages: list, filters, files, one notice with its PDF; following; the links of e-mails; staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from tests.rights import world as worlds
from tests.rights.world import World, at, browser

from gongxin import clock
from gongxin.correspondence import gathering, mailboxes
from gongxin.correspondence.models import Delivery, Following, State
from gongxin.identity.models import Role
from gongxin.rights.models import Notice

JULY = date(2026, 7, 1)
NOW = at(JULY)


@pytest.fixture
def world(db: None, settings: Any) -> Iterator[World]:
    """The world of rights on a node that sends e-mails."""
    settings.MAIL, settings.ORIGIN = True, "http://testserver"
    with clock.at(NOW):
        yield worlds.build()


def text(response: Any) -> str:
    return response.content.decode()


def test_notices_are_listed_filtered_opened_and_downloaded(world: World) -> None:
    world.object(on=JULY)
    notice = Notice.objects.get(addressee="organisation")
    client, address = browser(world.agent), reverse("mine:messages")
    assert "未读 1 条" in text(client.get(address))
    assert '<span class="badge badge-warn">1</span>' in text(client.get(reverse("mine:home")))
    for query, shown in (
        ("kind=notice", True), ("kind=looks", False), ("unread=1", True), ("since=2026-07-01", True),
        ("since=2026-07-02", False), ("until=2026-06-30", False), ("since=nonsense", True),
    ):  # fmt: skip
        assert (reverse("mine:message", args=[notice.pk]) in text(client.get(f"{address}?{query}"))) is shown, query
    page = text(client.get(reverse("mine:message", args=[notice.pk])))
    assert notice.zh in page
    assert "2026-07-01 10:00" in page
    assert "未读 0 条" in text(client.get(address))
    assert reverse("mine:message", args=[notice.pk]) not in text(client.get(f"{address}?unread=1"))
    pdf = client.get(reverse("mine:message-pdf", args=[notice.pk]))
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    listed = b"".join(client.get(reverse("mine:messages-file", args=["csv"])).streaming_content).decode()
    assert notice.zh in listed
    other = worlds.user("other", Role.REPRESENTATIVE)
    assert browser(other).get(reverse("mine:message", args=[notice.pk])).status_code == 404
    assert Notice.objects.filter(addressee="department", read_at=None).exists()


def test_all_are_marked_as_read(world: World) -> None:
    world.object(on=JULY)
    client = browser(world.agent)
    assert client.post(reverse("mine:messages-read"))["Location"] == reverse("mine:messages")
    assert "未读" not in text(client.get(reverse("mine:home")))


def test_what_is_followed_is_chosen_and_mailed_after_the_address_is_confirmed(world: World) -> None:
    client, code = browser(world.agent), str(world.company.uscc)
    chosen = {f"{code}-kinds": ["cases", "looks"]}
    assert client.post(reverse("mine:following"), chosen).status_code == 302
    assert Following.objects.get().kinds == ["cases", "looks"]
    assert text(client.get(reverse("mine:following"))).count(" checked") == 2
    assert client.post(reverse("mine:following"), {f"{code}-kinds": ["persons"]}).status_code == 422
    assert client.post(reverse("mine:mail"), {"address": "nonsense"}).status_code == 422
    assert client.post(reverse("mine:mail"), {"address": "info@example.cn"}).status_code == 302
    page = text(client.get(reverse("mine:following")))
    assert "等待确认" in page
    assert "info@example.cn" not in page
    link = mail.outbox[0].body.split("http://testserver")[1].split()[0]
    # Opening it does nothing; whoever reads the mail presses the button, signed in or not.
    assert "确认" in text(Client().get(link))
    assert "等待确认" in text(client.get(reverse("mine:following")))
    assert "已经确认" in text(Client().post(link))
    gathering.gather(at=NOW)
    world.object(on=JULY)
    gathering.gather(at=NOW)
    assert Delivery.objects.get().enclosed.count() == 1
    stop = reverse("mine:mail-stop", args=[mailboxes.stopping(mailboxes.of(world.agent) or pytest.fail())])
    # One click of a mail program: no cookie, no token of the form.
    assert Client(enforce_csrf_checks=True).post(stop, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert mailboxes.of(world.agent) is None
    assert Client().get(stop).status_code == 404
    client.post(reverse("mine:mail-drop"))


def test_staff_sees_what_could_not_be_delivered_and_has_it_sent_again(world: World) -> None:
    box = mailboxes.give("info@example.cn", acting_user=world.agent, at=NOW)
    mailboxes.confirm(mailboxes.confirmation(box), at=NOW)
    failed = Delivery.objects.create(
        user=world.agent, made_at=NOW, due_at=NOW, state=State.FAILED, fault="SMTPServerDisconnected", attempts=7
    )
    office = browser(world.office)
    page = text(office.get(reverse("desk:undelivered")))
    assert world.company.name in page
    assert "info@" not in page
    listed = b"".join(office.get(reverse("desk:undelivered-file", args=["csv"])).streaming_content).decode()
    assert "SMTPServerDisconnected" in listed
    assert browser(world.maker).get(reverse("desk:undelivered")).status_code == 403
    assert office.post(reverse("desk:undelivered-again", args=[failed.pk])).status_code == 302
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (State.WAITING, 0)
    with clock.at(NOW + timedelta(minutes=1)):
        assert browser(world.office).post(reverse("desk:undelivered-again", args=[failed.pk])).status_code == 404
