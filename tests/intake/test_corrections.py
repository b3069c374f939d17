"""Rows corrected in the page and records typed into the form take the same way as files."""

from __future__ import annotations

import pytest
from tests.intake.hand_ins import AT, department, hand_in, nameless, penalty, person

from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.intake import corrections
from gongxin.intake.models import Channel, RejectedRow, SubmissionState
from gongxin.policy import packs
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db


def officer(of: str = "market") -> User:
    return User.objects.create(username=f"officer-{of}", department=department(of))


def test_corrected_row_is_taken_in_and_settles_the_old_one() -> None:
    submission = hand_in([penalty(1), nameless(2), nameless(3)])
    done = corrections.correct_rows(
        submission, {3: {"CF_XDR_MC": penalty(2)["CF_XDR_MC"]}}, acting_user=officer(), at=AT
    )
    assert (done.state, done.rows_in, done.accepted) == (SubmissionState.COMPLETED, 1, 1)
    assert (done.channel, done.corrects) == (Channel.ROWS, submission)
    assert RejectedRow.objects.get(submission=submission, row_number=3).corrected_by == done
    assert RejectedRow.objects.get(submission=submission, row_number=4).corrected_by is None
    assert Record.objects.get(document_no=penalty(2)["CF_WSH"]).revision == 1


def test_row_that_is_still_wrong_stays_open() -> None:
    submission = hand_in([nameless(2)])
    done = corrections.correct_rows(submission, {2: {"BZ": "已核对"}}, acting_user=officer(), at=AT)
    assert (done.accepted, done.rejected) == (0, 1)
    assert RejectedRow.objects.get(submission=submission).corrected_by is None


def test_several_rows_and_a_field_the_file_did_not_have() -> None:
    submission = hand_in([nameless(2), nameless(3)])
    given = {
        2: {"CF_XDR_MC": penalty(2)["CF_XDR_MC"], "CF_XDR_GSZC": ""},
        3: {"CF_XDR_MC": penalty(3)["CF_XDR_MC"], "CF_NR_WFFF": "1.5"},
    }
    done = corrections.correct_rows(submission, given, acting_user=officer(), at=AT)
    assert (done.rows_in, done.accepted) == (2, 2)


def test_file_with_chinese_titles_is_corrected_by_field_name() -> None:
    item = packs.current().item("penalty")
    row = {item.field(name).label: value for name, value in nameless(2).items()}
    submission = hand_in([row])
    done = corrections.correct_rows(
        submission, {2: {"CF_XDR_MC": penalty(2)["CF_XDR_MC"]}}, acting_user=officer(), at=AT
    )
    assert done.accepted == 1


def test_values_of_a_row_are_shown_by_field_name() -> None:
    submission = hand_in([nameless(2), person(3)])
    kept, unkept = RejectedRow.objects.filter(submission=submission)
    assert corrections.current_values(submission, kept)["CF_WSH"] == penalty(2)["CF_WSH"]
    assert corrections.current_values(submission, unkept) == {}


@pytest.mark.parametrize(
    ("given", "error", "code"),
    [
        ({}, InvalidInput, "rows-count"),
        ({n: {} for n in range(501)}, InvalidInput, "rows-count"),
        ({2: {"NO_SUCH": "x"}}, InvalidInput, "field-unknown"),
        ({99: {"BZ": "x"}}, NotFound, "row-unknown"),
        ({3: {"BZ": "x"}}, InvalidInput, "row-not-kept"),
    ],
)
def test_what_cannot_be_corrected_is_said(given, error, code: str) -> None:
    submission = hand_in([nameless(2), person(3)])
    with pytest.raises(error) as refused:
        corrections.correct_rows(submission, given, acting_user=officer(), at=AT)
    assert refused.value.code == code


def test_row_is_corrected_once() -> None:
    submission, user = hand_in([nameless(2)]), officer()
    given = {2: {"CF_XDR_MC": penalty(2)["CF_XDR_MC"]}}
    corrections.correct_rows(submission, given, acting_user=user, at=AT)
    with pytest.raises(Conflict) as refused:
        corrections.correct_rows(submission, given, acting_user=user, at=AT)
    assert refused.value.code == "row-corrected"


def test_officer_of_another_department_may_not_correct() -> None:
    submission = hand_in([nameless(2)])
    with pytest.raises(NotPermitted):
        corrections.correct_rows(submission, {2: {"BZ": "x"}}, acting_user=officer("housing"), at=AT)


def test_single_record_takes_the_same_way() -> None:
    item = packs.current().item("penalty")
    values = penalty(1, CF_SY='第一行；,\t"引号"\n第二行；；；；；；；；；；；；；；；；；；；；；；；；；；；；；；')
    done = corrections.enter_single(item, department(), values, acting_user=officer(), at=AT)
    assert (done.channel, done.rows_in, done.accepted) == (Channel.FORM, 1, 1)
    assert Record.objects.filter(document_no=penalty(1)["CF_WSH"]).count() == 1


def test_single_record_with_a_mistake_is_answered_by_field() -> None:
    item = packs.current().item("penalty")
    done = corrections.enter_single(item, department(), nameless(1), acting_user=officer(), at=AT)
    assert done.rejected == 1
    assert [finding.field for finding in done.findings.filter(code="E203")] == ["CF_XDR_MC"]


@pytest.mark.parametrize("values", [{}, {"CF_WSH": "  "}])
def test_empty_form_is_refused(values) -> None:
    item = packs.current().item("penalty")
    with pytest.raises(InvalidInput) as refused:
        corrections.enter_single(item, department(), values, acting_user=officer(), at=AT)
    assert refused.value.code == "form-empty"
