"""The organisation's own place: everything held, objection with a draft, repair as a task list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests import held
from tests.rights import world as worlds
from tests.rights.world import World, at, browser, pdf

from gongxin import clock
from gongxin.identity.models import Role, User
from gongxin.rights.models import Case, Draft, Evidence

JULY = date(2026, 7, 1)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world of rights, on a day on which its penalty may be repaired."""
    with clock.at(at(JULY)):
        yield worlds.build()


def text(response: Any) -> str:
    """What was sent."""
    return response.content.decode()


def test_everything_held_is_in_one_view_also_what_is_not_public(world: World) -> None:
    archived = held.record(world.company, provider=world.market, state="closed", title="已归档的记录")
    restricted = held.record(world.company, provider=world.market, disclosure="authorised", title="凭授权查询的记录")
    foreign = held.record(held.organisation(), provider=world.market, title="别人的记录")
    page = text(browser(world.agent).get(reverse("mine:home")))
    for record in (world.record, archived, restricted):
        assert record.title in page
    assert foreign.title not in page
    assert world.company.uscc in page


def test_a_record_says_whether_it_may_be_repaired_and_by_which_rule(world: World) -> None:
    page = text(browser(world.agent).get(reverse("mine:record", args=[world.record.pk])))
    assert "现在可以申请修复" in page
    assert "最短公示期 3 个月" in page
    with clock.at(at(date(2026, 6, 30))):
        page = text(browser(world.agent).get(reverse("mine:record", args=[world.record.pk])))
    assert "起可以申请修复" in page
    assert reverse("mine:repair", args=[world.record.pk]) not in page


def test_an_objection_is_drafted_finished_later_and_followed(world: World) -> None:
    client, address = browser(world.agent), reverse("mine:objection", args=[world.record.pk])
    saved = client.post(
        address, {"save": "1", "file-reasons": "金额有误", "file-field_1": "CF_NR_FK", "file-text_1": "0.1"}
    )
    assert saved.status_code == 302
    assert not Case.objects.exists()
    again = text(client.get(address))
    assert "金额有误" in again
    assert "草稿保存于" in again
    assert "没有提交的草稿" in text(client.get(reverse("mine:home")))
    sent = {"file-reasons": "金额有误", "file-field_1": "CF_NR_FK", "file-text_1": "0.1", "file-file_1": pdf()}
    filed = client.post(address, sent)
    case = Case.objects.get()
    assert filed["Location"] == reverse("mine:case", args=[case.pk])
    assert not Draft.objects.exists()
    assert case.steps.get().correction == {"CF_NR_FK": "0.1"}
    followed = text(client.get(reverse("mine:case", args=[case.pk])))
    assert case.number in followed
    assert "罚款金额(万元)：0.1" in followed
    assert "证明.pdf" in followed
    assert "<svg" in followed
    assert world.agent.username not in followed.split("<main")[1]


def test_an_empty_objection_is_told_on_top_with_focus(world: World) -> None:
    answer = browser(world.agent).post(reverse("mine:objection", args=[world.record.pk]), {})
    assert answer.status_code == 422
    page = text(answer)
    assert 'id="error-summary" autofocus' in page
    assert 'href="#id_file-reasons"' in page


def test_repair_is_applied_for_step_by_step(world: World) -> None:
    client, one = browser(world.agent), [world.record.pk]
    tasks = reverse("mine:repair", args=one)
    assert text(client.get(tasks)).count("未完成") == 2
    refused = client.post(reverse("mine:duties", args=one), {"file": SimpleUploadedFile("x.exe", b"MZ")})
    assert refused.status_code == 422
    assert client.post(reverse("mine:duties", args=one), {"file": pdf()})["Location"] == tasks
    assert "完成以上事项后可以提交" in text(client.get(tasks))
    early = client.post(reverse("mine:check", args=one))
    assert early.status_code == 422
    assert "信用承诺" in text(early)
    assert client.post(reverse("mine:commitment", args=one), {"committed": "on"})["Location"] == tasks
    check = text(client.get(reverse("mine:check", args=one)))
    assert "证明.pdf" in check
    assert "已在网上作出承诺" in check
    filed = client.post(reverse("mine:check", args=one))
    case = Case.objects.get()
    assert filed["Location"] == reverse("mine:case", args=[case.pk])
    assert (case.procedure, case.state) == ("repair", "filed")
    assert Evidence.objects.get().case == case
    assert not Draft.objects.exists()


def test_files_of_a_draft_can_be_taken_out_by_their_owner_only(world: World) -> None:
    client = browser(world.agent)
    client.post(reverse("mine:duties", args=[world.record.pk]), {"file": pdf()})
    piece = Evidence.objects.get()
    other = _agent(world)
    assert browser(other).post(reverse("mine:draft-remove", args=[piece.pk])).status_code == 404
    assert browser(other).get(reverse("mine:evidence", args=[piece.pk])).status_code == 404
    assert client.get(reverse("mine:evidence", args=[piece.pk])).status_code == 200
    assert client.post(reverse("mine:draft-remove", args=[piece.pk])).status_code == 302
    assert not Evidence.objects.exists()


def test_steps_of_the_organisation(world: World) -> None:
    case = world.take(world.apply(on=JULY), "ask-papers", by=world.maker, on=JULY, reasons="缺缴款凭证")
    client = browser(world.agent)
    page = text(client.get(reverse("mine:case", args=[case.pk])))
    assert "缺缴款凭证" in page
    assert "补正材料" in page
    sent = client.post(reverse("mine:step", args=[case.pk, "complete"]), {"complete-file_1": pdf("补正.pdf")})
    assert sent.status_code == 302
    case.refresh_from_db()
    assert case.state == "filed"
    foreign = client.post(reverse("mine:step", args=[case.pk, "accept"]), {"accept-reasons": "x"})
    assert foreign.status_code == 403


def test_another_organisation_sees_nothing_of_it(world: World) -> None:
    case = world.object(on=JULY)
    client = browser(_agent(world))
    for name, args in (
        ("record", [world.record.pk]),
        ("objection", [world.record.pk]),
        ("repair", [world.record.pk]),
        ("case", [case.pk]),
    ):
        answer = client.get(reverse(f"mine:{name}", args=args))
        assert answer.status_code == 404, name
        assert world.company.name not in text(answer)


def test_staff_and_strangers_are_sent_elsewhere(world: World) -> None:
    assert Client().get(reverse("mine:home")).status_code == 302
    assert browser(world.maker).get(reverse("mine:home")).status_code == 403


def test_an_unbound_account_is_told_what_to_do(world: World) -> None:
    page = text(browser(worlds.user("fresh", Role.REPRESENTATIVE)).get(reverse("mine:home")))
    assert "还没有绑定信用主体" in page


def _agent(world: World) -> User:
    """The representative of another organisation."""
    other = held.organisation()
    user = worlds.user("other-agent", Role.REPRESENTATIVE)
    worlds.representations.bind(user, other.uscc or "", ground="委托书二号", acting_user=None, at=at(JULY))
    return user
