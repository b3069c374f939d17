"""Rejected rows go back as they came, with the reasons; corrected, they come in again and settle what was open."""

from __future__ import annotations

import csv
import io
from datetime import date
from functools import partial

import openpyxl
import pytest
from tests.intake.hand_ins import AT, code, csv_of, department, hand_in, nameless, penalty, person

from gongxin.errors import Conflict, NotFound
from gongxin.intake import returns, storage
from gongxin.intake.models import Finding, RejectedRow, Submission
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db


def csv_rows(parts) -> list[dict[str, str]]:
    content = b"".join(parts)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet_rows(parts) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(parts))).worksheets[0]
    titles, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(titles, row, strict=True)) for row in rows]


def mixed() -> Submission:
    return hand_in([penalty(1), nameless(2), penalty(3), person(4), nameless(5)])


def test_rejected_rows_keep_their_columns_and_say_what_is_wrong() -> None:
    submission = mixed()
    rows = csv_rows(returns.rejected_csv(submission))
    assert list(rows[0]) == [*penalty(1), *returns.RETURN_COLUMNS]
    assert [row["错误行号"] for row in rows] == ["3", "5", "6"]
    first = rows[0]
    assert first["CF_WSH"] == penalty(2)["CF_WSH"]
    assert first["错误代码"] == "E203"
    assert first["错误字段"] == "行政相对人名称"
    assert "必填" in first["错误原因"]
    assert first["修改建议"]
    assert first["错误批次"] == str(submission.pk)


def test_row_of_a_natural_person_goes_back_without_its_content() -> None:
    row = csv_rows(returns.rejected_csv(mixed()))[1]
    assert "E404" in row["错误代码"]
    assert {row[title] for title in penalty(1)} == {""}


def test_workbook_says_the_same_as_text() -> None:
    submission = mixed()
    in_sheet = sheet_rows(returns.rejected_workbook(submission))
    in_csv = csv_rows(returns.rejected_csv(submission))
    assert [{title: cell or "" for title, cell in row.items()} for row in in_sheet] == [
        {title: cell.lstrip("\t") for title, cell in row.items()} for row in in_csv
    ]
    assert in_sheet[0]["CF_XDR_SHXYM"] == code(2)


def test_no_cell_of_a_workbook_becomes_a_formula() -> None:
    submission = hand_in([nameless(1, CF_NR="=HYPERLINK(0)", BZ="@SUM(1)")])
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(returns.rejected_workbook(submission)))).worksheets[0]
    risky = [cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").startswith(("=", "@"))]
    assert [cell.data_type for cell in risky] == ["s", "s"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "\t=1+1"),
        ("+86 531", "\t+86 531"),
        ("-", "\t-"),
        ("@cmd", "\t@cmd"),
        ("\t=1", "\t\t=1"),
        ("-0.5", "-0.5"),
        ("+3", "+3"),
        ("913700000000000000", "\t913700000000000000"),
        ("2026/04/03", "2026/04/03"),
        ("普通文字", "普通文字"),
        ("", ""),
    ],
)
def test_guard_of_csv_cells(cell: str, written: str) -> None:
    assert returns.guarded(cell) == written


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_corrected_file_settles_the_rows_it_corrects(suffix: str) -> None:
    submission = mixed()
    if suffix == "csv":
        rows = csv_rows(returns.rejected_csv(submission))
    else:
        rows = [
            {title: str(cell or "") for title, cell in row.items()}
            for row in sheet_rows(returns.rejected_workbook(submission))
        ]
    rows = [row for row in rows if row["CF_WSH"]]
    rows[0]["CF_XDR_MC"] = penalty(2)["CF_XDR_MC"]
    corrected = hand_in(csv_of(rows), filename="改正.csv")
    assert (corrected.rows_in, corrected.accepted, corrected.rejected) == (2, 1, 1)
    assert corrected.corrects == submission
    assert corrected.ignored_columns == []
    settled = RejectedRow.objects.filter(submission=submission, corrected_by=corrected)
    assert [row.row_number for row in settled] == [3]


def test_file_returned_twice_has_the_added_columns_once() -> None:
    first = mixed()
    rows = [row for row in csv_rows(returns.rejected_csv(first)) if row["CF_WSH"]]
    second = hand_in(csv_of(rows), filename="没有改正.csv")
    again = csv_rows(returns.rejected_csv(second))
    assert list(again[0]) == [*penalty(1), *returns.RETURN_COLUMNS]
    assert {row["错误批次"] for row in again} == {str(second.pk)}
    assert not RejectedRow.objects.filter(submission=first).exclude(corrected_by=None).exists()


def test_file_of_ones_own_settles_rows_of_the_same_natural_key() -> None:
    submission = hand_in([nameless(5), *[penalty(serial, CF_XDR_LB="不是类别") for serial in (1, 2)]])
    corrected = hand_in([penalty(1), penalty(9)], corrects=submission)
    settled = RejectedRow.objects.filter(corrected_by=corrected)
    assert [(row.submission, row.row_number) for row in settled] == [(submission, 3)]


def test_guarded_cells_come_back_as_they_were() -> None:
    submission = hand_in([nameless(1, CF_XDR_GSZC="370000000000017", CF_NR="-罚款 2000 元")])
    row = csv_rows(returns.rejected_csv(submission))[0]
    assert (row["CF_XDR_GSZC"], row["CF_NR"]) == ("\t370000000000017", "\t-罚款 2000 元")
    done = hand_in(csv_of([row | {"CF_XDR_MC": penalty(1)["CF_XDR_MC"]}]))
    assert done.accepted == 1
    payload = Record.objects.get().payload
    assert "370000000000017" in payload
    assert "-罚款 2000 元" in payload


def test_rows_of_another_department_are_not_touched() -> None:
    submission = mixed()
    rows = [row for row in csv_rows(returns.rejected_csv(submission)) if row["CF_WSH"]]
    rows[0]["CF_XDR_MC"] = penalty(2)["CF_XDR_MC"]
    other = hand_in(csv_of(rows), provider=department("housing"))
    assert other.corrects is None
    assert not RejectedRow.objects.filter(submission=submission).exclude(corrected_by=None).exists()


def test_file_sent_back_without_a_correction_is_known_as_one() -> None:
    submission = hand_in([nameless(2)])
    again = hand_in(csv_of(csv_rows(returns.rejected_csv(submission))))
    assert (again.accepted, again.rejected, again.corrects) == (0, 1, submission)


def test_masked_identity_columns_are_no_mistake_when_they_come_back() -> None:
    papers = {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": "000000194912310027"}
    submission = hand_in([nameless(2) | papers])
    again = hand_in(csv_of(csv_rows(returns.rejected_csv(submission))))
    assert again.rejections_by_code == submission.rejections_by_code == {"E203": 1}


def test_nonsense_in_the_added_columns_does_no_harm() -> None:
    row = penalty(7) | {"错误行号": "七", "错误批次": "'; DROP TABLE"}
    assert hand_in([row]).accepted == 1


def test_linking_twice_changes_nothing() -> None:
    submission = mixed()
    rows = [row for row in csv_rows(returns.rejected_csv(submission)) if row["CF_WSH"]]
    for row in rows:
        row["CF_XDR_MC"] = "泽川市改正贸易有限公司"
    corrected = hand_in(csv_of(rows))
    assert returns.link_corrections(corrected) == 0
    assert RejectedRow.objects.filter(corrected_by=corrected).count() == 2


def test_whole_file_goes_back_with_the_reasons_beside_the_rejected_rows() -> None:
    submission = hand_in([penalty(1), nameless(2), penalty(3)])
    for rows in (
        csv_rows(returns.whole_csv(submission, day=AT.date())),
        sheet_rows(returns.whole_workbook(submission, day=AT.date())),
    ):
        assert [row["错误代码"] or "" for row in rows] == ["", "E203", ""]
        assert [str(row["CF_WSH"]) for row in rows] == [penalty(serial)["CF_WSH"] for serial in (1, 2, 3)]


@pytest.mark.parametrize("ended", [{"state": "repaired"}, {"state": "shielded"}, {"publicity_until": date(2026, 1, 1)}])
def test_of_a_row_whose_record_has_ended_goes_back_that_it_has(ended: dict[str, object]) -> None:
    """Found by its key, however the number is written in the file and whichever hand-in the record came from."""
    hand_in([penalty(1)])
    submission = hand_in(
        [penalty(1, CF_WSH=f" {penalty(1)['CF_WSH']}".replace("〔", "[").replace("〕", "]")), nameless(2)]
    )
    Record.objects.update(**ended)
    for rows in (
        csv_rows(returns.whole_csv(submission, day=AT.date())),
        sheet_rows(returns.whole_workbook(submission, day=AT.date())),
    ):
        first, second = rows
        assert first.pop("错误原因") == returns.ENDED
        assert {str(first.pop(name)) for name in ("错误行号", "错误批次")} == {"2", str(submission.pk)}
        assert not any(first.values())
        assert second["错误代码"] == "E203"


def test_identity_numbers_do_not_go_back_with_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the original had not been thrown away.
    monkeypatch.setattr(storage, "discard_private", lambda _: False)
    # Of the unassigned division 000000: nobody's.
    number = "000000194912310027"
    submission = hand_in([penalty(1, BZ=f"联系人{number}") | {"CF_FR_ZJHM": number}, nameless(2)])
    row = csv_rows(returns.whole_csv(submission, day=AT.date()))[0]
    assert row["CF_FR_ZJHM"] == ""
    assert row["BZ"].startswith("联系人")
    assert number not in row["BZ"]


def test_whole_file_is_not_to_be_had_once_the_original_is_gone() -> None:
    submission = mixed()
    assert not storage.has_original(submission)
    for made in (returns.whole_csv, returns.whole_workbook):
        with pytest.raises(NotFound):
            made(submission, day=AT.date())


def test_nothing_goes_back_before_the_end() -> None:
    waiting = hand_in([nameless(1)], mode="job")
    whole = [partial(made, day=AT.date()) for made in (returns.whole_csv, returns.whole_workbook)]
    for made in (returns.rejected_csv, returns.rejected_workbook, *whole):
        with pytest.raises(Conflict) as early:
            made(waiting)
        assert early.value.code == "still-processing"


def test_too_many_rows_for_a_sheet_are_offered_as_csv() -> None:
    submission = mixed()
    submission.rejected = 1_048_576
    with pytest.raises(Conflict) as refused:
        returns.rejected_workbook(submission)
    assert "CSV" in refused.value.remedy


def test_overlong_text_is_cut_visibly() -> None:
    submission = hand_in([nameless(1)])
    RejectedRow.objects.filter(submission=submission).update(cells=["长" * 40_000])
    cell = str(sheet_rows(returns.rejected_workbook(submission))[0]["CF_XDR_MC"])
    assert len(cell) <= 32_767
    assert "CSV" in cell[-30:]


def test_large_return_is_read_in_batches(django_assert_max_num_queries) -> None:
    submission = hand_in([nameless(1)])
    numbers = range(10, 6010)
    RejectedRow.objects.bulk_create(RejectedRow(submission=submission, row_number=n, cells=["x"]) for n in numbers)
    Finding.objects.bulk_create(Finding(submission=submission, row_number=n, code="E203") for n in numbers)
    with django_assert_max_num_queries(10):
        assert len(csv_rows(returns.rejected_csv(submission))) == 6001
