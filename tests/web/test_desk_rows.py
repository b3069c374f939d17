"""Correcting rejected rows in the page."""

from __future__ import annotations

import re

from django.urls import reverse
from tests.intake.hand_ins import hand_in, nameless, penalty
from tests.web.desk_world import World

from gongxin.intake.models import Channel, RejectedRow, Submission
from gongxin.records.models import Record


def _rows(world: World) -> str:
    return reverse("desk:rows", args=[world.submission.pk])


def test_only_what_is_wrong_stands_out(world: World) -> None:
    page = world.client(world.officer).get(_rows(world)).content.decode()
    assert 'autofocus id="error-summary"' in page
    assert 'href="#f-r3-CF_XDR_MC"' in page
    control = re.search(r'<input[^>]*id="f-r3-CF_XDR_MC"[^>]*>', page)
    assert control is not None
    assert 'aria-invalid="true"' in control[0]
    assert 'aria-describedby="f-r3-CF_XDR_MC-error' in control[0]
    assert 'id="f-r3-CF_XDR_MC-error"' in page
    sound = re.search(r'<input[^>]*id="f-r3-CF_WSH"[^>]*>', page)
    assert sound is not None
    assert "aria-invalid" not in sound[0]


def test_row_of_a_person_cannot_be_edited_and_says_why(world: World) -> None:
    page = world.client(world.officer).get(_rows(world)).content.decode()
    assert "涉及自然人" in page
    assert 'name="r5-' not in page
    assert "某乙" not in page


def test_saved_rows_become_a_submission_that_corrects(world: World) -> None:
    client = world.client(world.officer)
    answer = client.post(_rows(world), {"r3-CF_XDR_MC": "泽川市云岭2号贸易有限公司", "r4-CF_XDR_MC": ""})
    done = Submission.objects.get(channel=Channel.ROWS)
    assert answer["Location"] == reverse("desk:submission", args=[done.pk])
    assert (done.corrects, done.rows_in, done.accepted, done.submitted_by) == (
        world.submission,
        1,
        1,
        world.officer,
    )
    assert RejectedRow.objects.get(submission=world.submission, row_number=3).corrected_by == done
    assert RejectedRow.objects.get(submission=world.submission, row_number=4).corrected_by is None
    assert Record.objects.count() == 2
    left = client.get(_rows(world)).content.decode()
    assert "r3-CF_XDR_MC" not in left
    assert "r4-CF_XDR_MC" in left


def test_row_still_wrong_is_told(world: World) -> None:
    client = world.client(world.officer)
    values = {"r3-CF_XDR_MC": "泽川市云岭2号贸易有限公司", "r3-CF_JDRQ": "某天"}
    page = client.post(_rows(world), values, follow=True).content.decode()
    assert "仍有问题" in page
    assert RejectedRow.objects.get(submission=world.submission, row_number=3).corrected_by is None


def test_nothing_changed_is_told_and_hands_nothing_in(world: World) -> None:
    answer = world.client(world.officer).post(_rows(world), {"r3-CF_XDR_MC": ""})
    assert answer.status_code == 422
    assert "没有修改任何内容" in answer.content.decode()
    assert Submission.objects.count() == 1


def test_what_was_typed_is_not_lost_when_refused(world: World) -> None:
    values = {"r3-CF_XDR_MC": "泽川市云岭2号贸易有限公司", "r999-CF_XDR_MC": "不存在的行"}
    answer = world.client(world.officer).post(_rows(world), values)
    assert answer.status_code == 404
    assert "泽川市云岭2号贸易有限公司" in answer.content.decode()
    assert Submission.objects.count() == 1


def test_forged_person_row_is_refused(world: World) -> None:
    answer = world.client(world.officer).post(_rows(world), {"r5-CF_XDR_MC": "某丙"})
    assert answer.status_code == 422
    assert "自然人" in answer.content.decode()
    assert Submission.objects.count() == 1


def test_nobody_else_corrects(world: World) -> None:
    values = {"r3-CF_XDR_MC": "泽川市云岭2号贸易有限公司"}
    assert world.client(world.other).post(_rows(world), values).status_code == 404
    assert world.client(world.office).post(_rows(world), values).status_code == 302
    assert Submission.objects.count() == 1


def test_unreadable_code_stays_visible(world: World) -> None:
    strange = hand_in([penalty(21), penalty(22, CF_XDR_LB="外星组织")], provider=world.mine)
    page = world.client(world.officer).get(reverse("desk:rows", args=[strange.pk])).content.decode()
    assert '<option value="外星组织" selected>' in page


def test_many_rows_come_page_by_page(world: World) -> None:
    many = hand_in([nameless(number) for number in range(100, 125)], provider=world.mine)
    address = reverse("desk:rows", args=[many.pk])
    client = world.client(world.officer)
    first, last = client.get(address), client.get(f"{address}?page=99")
    assert len(first.context["rows"]) == 10
    assert len(last.context["rows"]) == 5
