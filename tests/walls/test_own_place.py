"""Behind the second wall: what is lent is read by whom it was lent to, and messages by whom they were told to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import at, browser
from tests.walls.conftest import Behind

from gongxin import clock
from gongxin.correspondence import following, gathering, mailboxes
from gongxin.correspondence.models import Message
from gongxin.enquiries.models import Look
from gongxin.identity import consents, keys
from gongxin.identity.models import Role
from gongxin.secrecy import keyring
from gongxin.walls.acting import NOBODY, THE_NODE

JULY = date(2026, 7, 1)
SECRET = "凭授权查询的记录"


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGXIN_KEYRING", keyring.demonstration("intl").text())
    settings.FILES_DIR, settings.MAIL = tmp_path / "files", True


def test_whom_it_was_lent_to_and_nobody_else(behind: Behind) -> None:
    with clock.at(at(JULY)):
        world = worlds.build()
        held.record(world.company, provider=world.market, disclosure="authorised", title=SECRET, publicity_until=None)
        friend, other = worlds.user("friend", Role.REPRESENTATIVE), held.organisation().uscc or ""
        worlds.representations.bind(friend, other, ground="委托书", acting_user=None, at=at(JULY))
        world.other.purposes = ["authorised-query"]
        world.other.save()
        secret = keys.issue(department=world.other, label="系统", acting_user="operator", at=at(JULY)).secret
        extent: dict[str, Any] = {"items": ["penalty"], "purpose": "authorised-query", "ends_on": JULY}
        by = {"acting_user": world.agent, "at": at(JULY)}
        own = world.company.uscc or ""
        code = consents.lend(own, consents.Borrower(), **extent, **by).code
        lent = consents.lend(own, consents.Borrower(uscc=other), **extent, **by).consent
        consents.lend(own, consents.Borrower(world.other), **extent, **by)
        there, stranger = browser(friend), browser(world.maker)
        mine = browser(world.agent)
        headers = {"Authorization": f"Bearer {secret}"}
        asked = {"code_or_name": own, "purpose": "authorised-query", "matter": "贷款"}
        with behind(NOBODY):
            answers = [
                Client().post(reverse("public:lent"), {"code": code, "matter": "贷款"}),
                there.post(reverse("mine:borrowed", args=[lent.pk]), {"matter": "合作"}),
                Client().post("/api/v1/checks", asked, content_type="application/json", headers=headers),
            ]
            refused = stranger.post(reverse("mine:borrowed", args=[lent.pk]), {"matter": "合作"})
            used = mine.get(reverse("mine:lent", args=[lent.pk])).content.decode()
        assert [SECRET in answer.content.decode() for answer in answers] == [True, True, True]
        assert refused.status_code == 403
        assert "合作" in used
        assert Look.objects.exclude(consent="").count() == 3


def test_the_worker_gathers_and_each_reads_the_own(behind: Behind) -> None:
    with clock.at(at(JULY)):
        world = worlds.build()
        rival = worlds.user("rival", Role.REPRESENTATIVE)
        worlds.representations.bind(rival, held.organisation().uscc or "", ground="委", acting_user=None, at=at(JULY))
        following.follow(world.company.uscc or "", ["cases"], acting_user=world.agent, at=at(JULY))
        box = mailboxes.give("info@example.cn", acting_user=world.agent, at=at(JULY))
        mine, theirs = browser(world.agent), browser(rival)
        with behind(THE_NODE):
            gathering.gather(at=at(JULY))
        world.take(world.object(on=JULY), "retract", by=world.agent, on=JULY)
        with behind(THE_NODE):
            assert gathering.gather(at=at(JULY)).messages == 1
        told = Message.objects.get()
        address = reverse("mine:message", args=[told.pk])
        with behind(NOBODY):
            confirmed = Client().post(reverse("mine:mail-confirm", args=[mailboxes.confirmation(box)]))
            pages = [mine.get(address).status_code, theirs.get(address).status_code]
            listed = mine.get(reverse("mine:messages")).content.decode()
        assert (confirmed.status_code, pages) == (200, [200, 404])
        assert address in listed
        assert mailboxes.Mailbox.objects.get().confirmed_at
