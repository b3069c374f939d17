"""A receipt says what came of a hand-in, adds up, and can be printed whatever the names are."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from gongxin.errors import Conflict
from gongxin.identity.models import Department
from gongxin.intake import receipt
from gongxin.intake.models import Channel, Submission, SubmissionState

pytestmark = pytest.mark.django_db
# 23:30 UTC is already the next day in China.
AT = datetime(2026, 4, 1, 23, 30, tzinfo=UTC)


def handed_in(**facts: Any) -> Submission:
    department = Department.objects.create(code="market", name="泽川市市场监督管理局")
    usual = {
        "item": "penalty",
        "provider": department,
        "channel": Channel.DESK,
        "filename": "2026年3月行政处罚.xlsx",
        "file_sha256": "0123456789abcdef" * 4,
        "file_bytes": 48_231,
        "received_at": AT,
        "completed_at": AT,
        "state": SubmissionState.COMPLETED,
        "rows_in": 1200,
        "accepted": 1000,
        "revised": 20,
        "unchanged": 150,
        "rejected": 30,
        "rejections_by_code": {"E204": 22, "E401": 8},
        "warnings_by_code": {"W302": 3},
    }
    return Submission.objects.create(**(usual | facts))


def text_of(pdf: bytes) -> str:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not installed")
    return subprocess.run([reader, "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_facts_add_up_and_name_the_codes() -> None:
    said = receipt.facts(handed_in())
    assert said.adds_up
    assert [(count.code, count.rows) for count in said.rejections] == [("E204", 22), ("E401", 8)]
    assert [count.code for count in said.warnings] == ["W302"]
    assert said.item == "行政处罚"
    assert said.channel == "工作台上传"


def test_number_carries_the_day_in_china() -> None:
    submission = handed_in()
    assert receipt.number(submission) == f"HZ20260402-{submission.pk.hex[-12:].upper()}"


def test_there_is_no_receipt_before_the_end() -> None:
    with pytest.raises(Conflict) as early:
        receipt.facts(handed_in(state=SubmissionState.PROCESSING))
    assert early.value.code == "still-processing"


def test_pdf_holds_what_the_page_shows() -> None:
    submission = handed_in()
    pdf = receipt.pdf(submission)
    text = text_of(pdf)
    for wanted in (
        "泽川市市场监督管理局",
        "行政处罚",
        "1,200 = 1,000 + 20 + 150 + 30",
        "E401",
        "W302",
        "2026-04-02 07:30:00",
    ):
        assert wanted in text
    assert submission.file_sha256 in text.replace("\n", "").replace(" ", "")
    assert receipt.pdf(submission) == pdf


def test_pdf_of_a_refused_file_says_why_and_what_to_do() -> None:
    refused = handed_in(
        state=SubmissionState.REFUSED, fault_code="E111", fault_facts={"value": "行政许可", "expected": "行政处罚"}
    )
    text = text_of(receipt.pdf(refused))
    assert "整批退回" in text
    assert "E111" in text
    assert "行政许可" in text


def test_rare_character_in_a_file_name_is_shown_as_missing_not_dropped() -> None:
    text = text_of(receipt.pdf(handed_in(filename="\U0002a6a5记贸易.csv")))
    assert "〓[U+2A6A5]记贸易.csv" in text
