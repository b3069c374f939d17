"""Entering a single record."""

from __future__ import annotations

import re

from tests.intake.hand_ins import penalty
from tests.web.desk_world import World

from gongxin.intake.models import Channel, Submission
from gongxin.records.models import Record

ENTRY = "/desk/entry/penalty"


def _answers(**changes: str) -> dict[str, str]:
    return penalty(31) | {"CF_JDRQ": "2026-04-03", "CF_YXQ": "2099-12-31"} | changes


def test_form_comes_from_the_catalogue(world: World) -> None:
    page = world.client(world.officer).get(ENTRY).content.decode()
    assert page.count("<fieldset") >= 4
    assert re.search(r'<input[^>]*type="date"[^>]*id="f-CF_JDRQ"', page)
    assert re.search(r'<select[^>]*id="f-CF_XDR_LB"', page)
    assert re.search(r'type="checkbox" name="CF_CFLB" value="罚款"', page)
    assert re.search(r'id="f-CF_NR_FK"[^>]*inputmode="decimal"', page)
    assert f'value="{world.mine.name}"' in page
    assert "CF_XDR_ZJHM" not in page


def test_answers_are_checked_before_anything_is_handed_in(world: World) -> None:
    client = world.client(world.officer)
    checked = client.post(ENTRY, {**_answers(), "step": "check"})
    assert checked.status_code == 200
    assert "核对后报送" in checked.content.decode()
    assert Submission.objects.count() == 1
    hidden = dict(re.findall(r'<input type="hidden" name="(CF_\w+|BZ)" value="([^"]*)"', checked.content.decode()))
    answer = client.post(ENTRY, {**hidden, "step": "submit"})
    done = Submission.objects.get(channel=Channel.FORM)
    assert answer["Location"] == f"/desk/submissions/{done.pk}"
    assert (done.accepted, done.submitted_by) == (1, world.officer)
    assert Record.objects.get(submission_id=done.pk).document_no == "泽市监罚〔2026〕31号"


def test_several_choices_are_kept(world: World) -> None:
    client = world.client(world.officer)
    chosen = {**_answers(), "CF_CFLB": ["警告", "罚款"], "step": "check"}
    checked = client.post(ENTRY, chosen).content.decode()
    assert checked.count('name="CF_CFLB"') == 2
    edited = client.post(ENTRY, {**chosen, "step": "edit"}).content.decode()
    assert len(re.findall(r'name="CF_CFLB" value="(?:警告|罚款)"[^>]*checked', edited)) == 2


def test_missing_answers_are_told_at_their_fields(world: World) -> None:
    answer = world.client(world.officer).post(ENTRY, {**_answers(CF_WSH=""), "step": "check"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'autofocus id="error-summary"' in page
    assert 'href="#f-CF_WSH"' in page
    assert re.search(r'id="f-CF_WSH"[^>]*aria-invalid="true" aria-describedby="f-CF_WSH-error', page)
    assert 'value="泽川市云岭31号贸易有限公司"' in page


def test_rejected_entry_opens_for_correction(world: World) -> None:
    wrong = _answers(CF_XDR_SHXYM="91000000MA00000000")
    answer = world.client(world.officer).post(ENTRY, {**wrong, "step": "submit"})
    done = Submission.objects.get(channel=Channel.FORM)
    assert (done.rejected, answer["Location"]) == (1, f"/desk/submissions/{done.pk}/rows")


def test_person_is_refused_and_not_kept(world: World) -> None:
    client = world.client(world.officer)
    answer = client.post(ENTRY, {**_answers(CF_XDR_LB="自然人", CF_XDR_SHXYM="", CF_XDR_MC="某丁"), "step": "submit"})
    done = Submission.objects.get(channel=Channel.FORM)
    assert (done.rejected, done.rejected_rows.get().cells) == (1, None)
    assert "某丁" not in client.get(answer["Location"]).content.decode()


def test_item_of_others_cannot_be_entered(world: World) -> None:
    assert world.client(world.other).get("/desk/entry/licence").status_code == 403
    assert world.client(world.officer).get("/desk/entry/no-such-item").status_code == 404
