"""Nothing of a natural person is anywhere: all tables of the database, all files that go back, the kept original."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from tests.intake.hand_ins import AT, csv_of, hand_in, penalty, person
from tests.intake.test_persons import resident_id

from gongxin.intake import receipt, returns
from gongxin.intake.models import Submission
from gongxin.persons.models import Version
from gongxin.records.models import Record, Revision

pytestmark = pytest.mark.django_db

# No person is meant; no other text of a test or page has these characters together.
NAME, ADDRESS, NUMBER = "甲乙丙丁戊", "虚构路九千九百号", resident_id(7)
CANARIES = (NAME, ADDRESS, NUMBER, NUMBER[6:14], NUMBER[:10])


def database() -> str:
    """Every row of every table of the database as text, ours or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [name for (name,) in cursor.fetchall()]
        assert {"records_record", "records_revision", "intake_finding", "subjects_organisation"} <= set(tables)
        texts = []
        for table in tables:
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
            texts.append(cursor.fetchone()[0] or "")
    return "\n".join(texts)


def handed_back(submission: Submission) -> str:
    """All that a department can download about a submission, workbooks unpacked."""
    texts = [b"".join(returns.rejected_csv(submission)).decode("utf-8-sig"), str(receipt.facts(submission))]
    book = io.BytesIO(b"".join(returns.rejected_workbook(submission)))
    with zipfile.ZipFile(book) as archive:
        texts += [archive.read(name).decode(errors="replace") for name in archive.namelist()]
    assert receipt.pdf(submission).startswith(b"%PDF")
    return "\n".join(texts)


def assert_nowhere(submission: Submission, files_dir: Path, *canaries: str) -> None:
    stored, back = database(), handed_back(submission)
    kept = [path.read_bytes() for path in files_dir.rglob("*") if path.is_file()]
    for canary in canaries:
        assert canary not in stored
        assert canary not in back
        for encoding in ("utf-8", "gb18030"):
            assert not any(canary.encode(encoding) in content for content in kept)


@pytest.mark.usefixtures("_persons_unmarked")
def test_rows_of_persons(files_dir: Path) -> None:
    row = person(2) | {
        "CF_XDR_MC": NAME, "CF_SY": f"{NAME}，住{ADDRESS}", "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": NUMBER,
        "CF_JDRQ": "昨天", "CF_NR": NUMBER,
    }  # fmt: skip
    faultless = penalty(1) | {"CF_XDR_ZJLX": "", "CF_XDR_ZJHM": ""}
    submission = hand_in(csv_of([faultless, row, row | {"CF_XDR_LB": " 自然人 ", "CF_JDRQ": "2026/04/03"}]))
    assert (submission.accepted, submission.rejections_by_code) == (1, {"E401": 2})
    assert penalty(1)["CF_WSH"] in database()
    assert_nowhere(submission, files_dir, *CANARIES)


@pytest.mark.usefixtures("_persons_unmarked")
def test_person_in_the_template_of_2018(files_dir: Path) -> None:
    """GB18030, the old titles, the kind of party as the old template writes it."""
    row = person(2) | {"CF_XDR_MC": NAME, "CF_SY": f"{NAME}，住{ADDRESS}，{NUMBER}"}
    submission = hand_in(csv_of([penalty(1), row]).decode("utf-8-sig").encode("gb18030"))
    assert submission.rejections_by_code == {"E401": 1}
    assert_nowhere(submission, files_dir, *CANARIES)


@pytest.mark.usefixtures("_persons_unmarked")
def test_file_refused_as_a_whole(files_dir: Path) -> None:
    titles = ["CF_XDR_MC", "CF_XDR_ZJHM", "CF_WSH", "CF_WFXW", "CF_SY", "CF_CFLB", "CF_JDRQ", "CF_YXQ", "CF_CFJG"]
    cells = [NAME, NUMBER, "1", ADDRESS, NAME, "罚款", "2026/04/01", "2027/04/01", "某局"]
    submission = hand_in((",".join(titles) + "\n" + ",".join(cells) + "\n").encode())
    assert submission.fault_code == "E402"
    assert_nowhere(submission, files_dir, *CANARIES)


def own_row(serial: int, **changes: str) -> dict[str, str]:
    """A row of a natural person as it should be."""
    usual = {"CF_XDR_MC": NAME, "CF_SY": f"{NAME}，住{ADDRESS}", "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": NUMBER}
    return person(serial) | usual | {"CF_FRDB": ""} | changes


FIRST = penalty(3) | {"CF_XDR_ZJLX": "", "CF_XDR_ZJHM": ""}


def national_template() -> list[dict[str, str]]:
    """The template of natural persons: no code of an organisation, no kind of party (DOMAIN 1.5)."""
    left_out = {"CF_XDR_LB", "CF_XDR_SHXYM", "CF_FRDB"}
    rows = (own_row(serial) for serial in (1, 2))
    return [{name: cell for name, cell in row.items() if name not in left_out} for row in rows]


@pytest.mark.parametrize("content", [
    csv_of([FIRST, own_row(1), own_row(2)]),
    csv_of([FIRST, own_row(1), own_row(2)]).decode("utf-8-sig").encode("gb18030"),
    csv_of([FIRST, own_row(1), own_row(1, CF_NR="又一次")]),
    csv_of(national_template()),
])  # fmt: skip
def test_received_rows_are_in_no_text_of_the_database(files_dir: Path, content: bytes) -> None:
    done = hand_in(content)
    assert (done.received, done.rejections_by_code) == (2, {})
    assert done.rows_in == done.accepted + 2
    assert Version.objects.count() == 2
    assert_nowhere(done, files_dir, *CANARIES)
    assert not any(path.is_file() for path in files_dir.rglob("*"))


@pytest.mark.parametrize(("changes", "code"), [
    ({"CF_JDRQ": "昨天"}, "E207"),
    ({"CF_JDRQ": NUMBER}, "E207"),
    ({"CF_WSH": ""}, "E203"),
    ({"CF_NR": ADDRESS * 600}, "E205"),
    ({"CF_XDR_ZJHM": NUMBER[:-1] + "?"}, "E404"),
    ({"CF_XDR_ZJLX": NAME}, "E206"),
    ({"CF_XDR_SHXYM": NUMBER}, "E405"),
])  # fmt: skip
def test_ill_formed_rows_of_persons_go_back_without_their_content(
    files_dir: Path, changes: dict[str, str], code: str
) -> None:
    done = hand_in([FIRST, own_row(1, **changes)])
    assert (done.accepted, done.received, done.rejected) == (1, 0, 1)
    assert code in done.rejections_by_code
    assert not Version.objects.exists()
    assert_nowhere(done, files_dir, *CANARIES)


def test_prohibited_column_is_refused_and_its_content_is_not_kept(files_dir: Path) -> None:
    submission = hand_in(csv_of([penalty(1) | {"宗教信仰": NAME, "血型": ADDRESS}]))
    assert submission.fault_code == "E403"
    assert not Record.objects.exists()
    assert_nowhere(submission, files_dir, *CANARIES)


def test_numbers_in_free_text_leave_no_trace_in_any_state(files_dir: Path) -> None:
    """Accepted, revised, rejected, reported: masked everywhere, and told (W204)."""
    texts = {"CF_SY": f"负责人（{NUMBER}）到场", "BZ": f"证件{NUMBER}"}
    first = hand_in([penalty(1, **texts)])
    assert first.warnings_by_code["W204"] == 1
    rows = [
        penalty(1, **(texts | {"CF_NR": f"罚款 3000 元，{NUMBER}"})),
        penalty(2, **(texts | {"CF_XDR_MC": ""})),
        penalty(3, CF_JDRQ=NUMBER),
        penalty(4, CF_WSH=f"泽市监罚〔2026〕{NUMBER}号"),
        penalty(5, CF_XDR_MC=f"泽川市云岭{NUMBER}贸易有限公司"),
    ]
    second = hand_in(rows, at=AT + timedelta(days=1))
    assert (second.revised, second.rows_in) == (1, 5)
    assert Revision.objects.count() == 1
    assert_nowhere(first, files_dir, NUMBER)
    assert_nowhere(second, files_dir, NUMBER)


@pytest.mark.parametrize("name", ["收入证明", "名称"])
def test_name_of_the_file_is_no_hiding_place(files_dir: Path, name: str) -> None:
    submission = hand_in([penalty(1)], filename=f"{name}{NUMBER}.csv")
    assert_nowhere(submission, files_dir, NUMBER)


def test_titles_of_unused_columns_are_no_hiding_place(files_dir: Path) -> None:
    submission = hand_in(csv_of([penalty(1) | {f"备用{NUMBER}": "x"}]))
    assert submission.accepted == 1
    assert_nowhere(submission, files_dir, NUMBER)


def test_file_without_header_that_begins_with_a_person(files_dir: Path) -> None:
    submission = hand_in(f"{NAME},自然人,{ADDRESS},{NUMBER}\n{NAME},自然人,{ADDRESS},{NUMBER}\n".encode())
    assert submission.fault_code == "E110"
    assert_nowhere(submission, files_dir, *CANARIES)
