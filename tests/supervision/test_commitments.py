"""Commitments: made in the pack's words, kept as made, copied; those of departments and cases beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import World, at, browser

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.identity.decisions import Refused
from gongxin.ledger import selectors
from gongxin.policy import packs
from gongxin.supervision import commitments
from gongxin.supervision.models import Commitment

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> Iterator[World]:
    """The world of rights on a day on which its penalty may be repaired."""
    settings.FILES_DIR = tmp_path / "files"
    with clock.at(at(JULY)):
        yield worlds.build()


def test_the_six_kinds_are_there_and_two_are_made_here() -> None:
    kinds = packs.current().commitments.values()
    codes = {code.code for code in packs.current().code_lists["commitment-kind"].codes}
    assert {kind.kind for kind in kinds} == codes
    assert len(codes) == 6
    assert sorted(kind.id for kind in kinds if kind.where == "self") == ["disclosure", "self-discipline"]


def test_it_is_made_once_with_its_words_and_one_leaf(world: World) -> None:
    before = selectors.size()
    made = commitments.make(world.company, "disclosure", matter="贸易", acting_user=world.agent, at=at(JULY))
    assert selectors.size() == before + 1
    assert made.text == packs.current().commitments["disclosure"].text
    with pytest.raises(DatabaseError), transaction.atomic():
        Commitment.objects.update(text="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        Commitment.objects.all().delete()
    assert commitments.pdf(made) == commitments.pdf(made)
    with pytest.raises(Refused):
        commitments.make(world.company, "disclosure", matter="", acting_user=world.maker, at=at(JULY))
    with pytest.raises(NotFound):
        commitments.make(world.company, "repair", matter="", acting_user=world.agent, at=at(JULY))


def test_everything_known_is_on_one_page(world: World) -> None:
    fields = {"CN_SY": "许可告知承诺", "LY_ZT": "未履行"}
    held.record(world.company, item="commitment", provider=world.other, title="许可告知承诺", fields=fields)
    case = world.apply(on=JULY)
    client = browser(world.agent)
    address = reverse("mine:commit", args=["disclosure"])
    refused = client.post(address, {"uscc": world.company.uscc})
    assert refused.status_code == 422
    assert "请确认后再作出承诺" in refused.content.decode()
    sent = client.post(address, {"uscc": world.company.uscc, "matter": "贸易", "confirmed": "on"})
    made = Commitment.objects.get()
    assert sent["Location"] == reverse("mine:made", args=[made.pk])
    page = client.get(reverse("mine:commitments")).content.decode()
    for said in (made.number, "许可告知承诺", "未履行", case.number, "正在办理", "政务服务型"):
        assert said in page
    assert client.get(reverse("mine:made-pdf", args=[made.pk])).content[:5] == b"%PDF-"
    assert client.get(reverse("mine:commit", args=["repair"])).status_code == 404
    assert browser(worlds.user("other", worlds.Role.REPRESENTATIVE)).get(sent["Location"]).status_code == 404
