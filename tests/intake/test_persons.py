"""Natural persons at the door: refused where the item is not kept for persons, else sent into the own file or back as
ill-formed; among the records there is nothing of one (Boundary 1–3).
"""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.intake.hand_ins import csv_of, hand_in, penalty, person

from gongxin.intake.models import Finding, RejectedRow
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db


def resident_id(serial: int = 1, day: date = date(1990, 1, 1)) -> str:
    """A number with the division 000000, which no person can have, and a right check digit."""
    body = f"000000{day:%Y%m%d}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


def everything_stored() -> str:
    """Every text of every table that intake and records write."""
    with connection.cursor() as cursor:
        texts = []
        for table in (
            "records_record",
            "records_revision",
            "intake_rejectedrow",
            "intake_finding",
            "subjects_organisation",
            "subjects_identifier",
            "intake_submission",
        ):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            texts.append(cursor.fetchone()[0])
    return " ".join(texts)


@pytest.mark.usefixtures("_persons_unmarked")
def test_row_of_a_natural_person() -> None:
    submission = hand_in([penalty(1), person(2) | {"CF_XDR_MC": "某某乙"}])
    assert (submission.accepted, submission.rejected, submission.rejections_by_code) == (1, 1, {"E401": 1})
    row = RejectedRow.objects.get()
    assert (row.row_number, row.cells) == (3, None)
    found = Finding.objects.get(row_number=3)
    assert (found.code, found.field, found.value, found.expected) == ("E401", "", "", "")
    assert "某某乙" not in everything_stored()


@pytest.mark.usefixtures("_persons_unmarked")
def test_person_with_other_mistakes_is_a_person_all_the_same() -> None:
    submission = hand_in([person(2) | {"CF_JDRQ": "昨天", "CF_NR": "某某丙之事"}])
    assert submission.rejections_by_code == {"E401": 1}
    assert "某某丙" not in everything_stored()


@pytest.mark.usefixtures("_persons_unmarked")
def test_document_number_without_any_code_of_an_organisation() -> None:
    row = penalty(1, CF_XDR_LB="法人及非法人组织", CF_XDR_SHXYM="", CF_XDR_MC="某某丁") | {"CF_XDR_ZJHM": "某号"}
    assert hand_in([row]).rejections_by_code == {"E401": 1}
    assert "某某丁" not in everything_stored()


@pytest.mark.usefixtures("_persons_unmarked")
def test_resident_number_where_a_code_belongs() -> None:
    assert hand_in([penalty(1, CF_XDR_SHXYM=resident_id())]).rejections_by_code == {"E401": 1}
    assert resident_id() not in everything_stored()


def test_resident_number_in_free_text_is_masked() -> None:
    submission = hand_in([penalty(1, CF_SY=f"经查，负责人（{resident_id()}）到场。", BZ=f"身份证号{resident_id(2)}")])
    assert (submission.accepted, submission.warnings_by_code["W204"]) == (1, 1)
    assert Finding.objects.filter(code="W204").count() == 2
    stored = everything_stored()
    assert resident_id() not in stored
    assert resident_id(2) not in stored
    assert "经查，负责人（******************）到场。" in json.dumps(Record.objects.get().payload, ensure_ascii=False)


def test_resident_number_in_a_rejected_row_is_masked() -> None:
    row = penalty(1, CF_WSH="", CF_NR=f"证件{resident_id()}") | {
        "CF_FR_ZJHM": resident_id(3),
        "承办人身份证号": "某一号码",
    }
    submission = hand_in([row])
    assert submission.rejected == 1
    stored = everything_stored()
    for number in (resident_id(), resident_id(3), "某一号码"):
        assert number not in stored
    assert RejectedRow.objects.get().cells[0] == row["CF_XDR_MC"]


def test_resident_number_in_a_finding_is_masked() -> None:
    submission = hand_in([penalty(1, CF_JDRQ=resident_id())])
    assert submission.rejections_by_code == {"E207": 1}
    assert resident_id() not in everything_stored()


def test_documents_of_the_representative_are_not_kept() -> None:
    row = penalty(1) | {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": resident_id()}
    submission = hand_in([row])
    assert (submission.accepted, submission.warnings_by_code["W206"]) == (1, 1)
    assert resident_id() not in everything_stored()


@pytest.mark.usefixtures("_persons_unmarked")
def test_person_in_a_row_of_the_wrong_width() -> None:
    cells = [*(person(2) | {"CF_XDR_MC": "某某戊"}).values(), "多"]
    submission = hand_in(csv_of([penalty(1)]) + (",".join(cells) + "\r\n").encode())
    assert submission.rejections_by_code == {"E401": 1}
    assert RejectedRow.objects.get().cells is None
    assert "某某戊" not in everything_stored()


def test_same_file_twice_differs_in_nothing_of_a_person() -> None:
    rows = [penalty(1, BZ=f"身份证号{resident_id(2)}"), person(3)]
    hand_in(rows)
    again = hand_in(rows)
    assert (again.unchanged, again.rejected, again.accepted) == (1, 1, 0)


@settings(max_examples=25, deadline=None)
@given(
    serial=st.integers(1, 999),
    day=st.dates(date(1900, 1, 1), date(2020, 12, 31)),
    around=st.sampled_from(["", "号", "：", " "]),
)
def test_no_resident_number_gets_through(serial: int, day: date, around: str) -> None:
    number = resident_id(serial, day)
    hand_in([penalty(1, CF_NR=f"内容{around}{number}{around}完", CF_WSH=f"泽市监罚〔2026〕{serial}号")])
    assert number not in everything_stored()
