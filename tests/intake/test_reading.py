"""Files as departments send them: every quirk has a named outcome and a remedy."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.intake.hand_ins import csv_of, hand_in, penalty
from tests.intake.legacy_workbook import workbook

from gongxin.intake.faults import FAULTS
from gongxin.intake.models import Finding, RejectedRow, Submission, SubmissionState
from gongxin.policy import packs
from gongxin.records import payload
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db

Edit = Callable[[openpyxl.worksheet.worksheet.Worksheet], None]


def titles() -> list[str]:
    return list(penalty(1))


def xlsx(
    rows: Sequence[dict[str, Any]], edit: Edit = lambda sheet: None, before: Sequence[Sequence[Any]] = ()
) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in before:
        sheet.append(list(line))
    sheet.append(titles())
    for row in rows:
        sheet.append([row[title] for title in titles()])
    edit(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def outcome(submission: Submission) -> tuple[str, int, int]:
    assert submission.rows_in == (
        submission.accepted + submission.revised + submission.unchanged + submission.rejected + submission.received
    )
    return submission.state, submission.accepted, submission.rejected


def refused(submission: Submission, code: str) -> dict[str, str]:
    """The facts of a refusal; nothing was loaded, and the sentence and the next step can be shown."""
    assert (submission.state, submission.fault_code) == (SubmissionState.REFUSED, code)
    assert (submission.rows_in, Record.objects.count(), RejectedRow.objects.count()) == (0, 0, 0)
    facts: dict[str, str] = submission.fault_facts
    assert "{" not in FAULTS[code].sentence(**facts)
    assert FAULTS[code].remedy
    return facts


def fields_of(record: Record) -> dict[str, Any]:
    return payload.named(packs.current().item(record.item), record.payload)


# ── formats ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_csv(encoding: str, mark: str) -> None:
    lines = [mark.join(titles()), mark.join(penalty(1).values())]
    submission = hand_in("\r\n".join(lines).encode(encoding))
    assert outcome(submission) == ("completed", 1, 0)
    assert Record.objects.get().document_no == "泽市监罚〔2026〕1号"


def test_csv_of_another_delimiter_with_commas_in_the_title_line() -> None:
    lines = ["说明,请,勿,删除,本,行", ";".join(titles()), ";".join(penalty(1).values())]
    assert outcome(hand_in("\n".join(lines).encode())) == ("completed", 1, 0)


def test_xlsx() -> None:
    assert outcome(hand_in(xlsx([penalty(1), penalty(2)]), filename="处罚.xlsx")) == ("completed", 2, 0)


def test_xls() -> None:
    content = workbook([titles(), list(penalty(1).values())])
    assert outcome(hand_in(content, filename="处罚.xls")) == ("completed", 1, 0)


def test_json_lines() -> None:
    lines = [json.dumps(penalty(1)), "", json.dumps(penalty(2) | {"CF_NR_FK": 0.2, "BZ": None}, ensure_ascii=False)]
    submission = hand_in("\n".join(lines).encode(), filename="处罚.jsonl")
    assert outcome(submission) == ("completed", 2, 0)
    assert {fields_of(record)["CF_NR_FK"] for record in Record.objects.all()} == {"0.2"}


def test_parquet() -> None:
    frame = pl.DataFrame([penalty(1), penalty(2)]).with_columns(
        pl.lit(date(2026, 4, 3)).alias("CF_JDRQ"), pl.lit(0.2).alias("CF_NR_FK")
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    assert outcome(hand_in(out.getvalue(), filename="处罚.parquet")) == ("completed", 2, 0)
    assert set(Record.objects.values_list("decided_on", flat=True)) == {date(2026, 4, 3)}


def test_chinese_labels_and_stars_are_titles_too() -> None:
    item = packs.current().item("penalty")
    labels = [f"*{item.field(name).label}（必填）" for name in titles()]
    content = "\n".join([",".join(f'"{label}"' for label in labels), ",".join(penalty(1).values())])
    assert outcome(hand_in(content.encode("utf-8-sig"))) == ("completed", 1, 0)


# ── what spreadsheets do ──────────────────────────────────────────────────────────────────────────────────────────


def test_serial_dates_and_date_cells() -> None:
    rows = [penalty(1, CF_JDRQ="46113"), penalty(2)]
    # A row is typed as texts; a workbook may hold a day.
    rows[1]["CF_JDRQ"] = date(2026, 4, 1)  # type: ignore[assignment]
    assert outcome(hand_in(xlsx(rows), filename="a.xlsx")) == ("completed", 2, 0)
    assert set(Record.objects.values_list("decided_on", flat=True)) == {date(2026, 4, 1)}


def test_full_width_digits_and_signs() -> None:
    wide = penalty(1)["CF_XDR_SHXYM"].translate({n: n + 0xFEE0 for n in range(0x30, 0x5B)})
    row = penalty(1, CF_XDR_SHXYM=wide, CF_JDRQ="２０２６年４月３日", CF_NR_FK="１，２３４．５０")
    assert outcome(hand_in(csv_of([row]))) == ("completed", 1, 0)
    found = fields_of(Record.objects.get())
    assert (found["CF_XDR_SHXYM"], found["CF_JDRQ"]) == (penalty(1)["CF_XDR_SHXYM"], "2026-04-03")
    assert found["CF_NR_FK"] == "1234.5"


@pytest.mark.parametrize("text", ["9.137E+17", "9.1370000000E+17", "９.137e17"])
def test_code_turned_into_scientific_notation(text: str) -> None:
    submission = hand_in(csv_of([penalty(1, CF_XDR_SHXYM=text)]))
    assert outcome(submission) == ("completed", 0, 1)
    assert submission.rejections_by_code == {"E212": 1}


def test_code_kept_as_a_number_cell() -> None:
    row = penalty(1) | {"CF_XDR_SHXYM": 913700000000000000}
    assert hand_in(xlsx([row]), filename="a.xlsx").rejections_by_code == {"E212": 1}
    old = [titles(), list((penalty(2) | {"CF_XDR_SHXYM": 913700000000000000.0}).values())]
    assert hand_in(workbook(old), filename="a.xls").rejections_by_code == {"E212": 1}


def test_merged_header_cells() -> None:
    def merge(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for column, title in enumerate(titles(), start=1):
            # Three titles stand under the merged group title, the others in the upper one of two merged cells.
            sheet.cell(1, column).value = title if column > 3 else None
            sheet.cell(2, column).value = None if column > 3 else title
            if column > 3:
                sheet.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
        sheet.cell(1, 1).value = "行政相对人"
        sheet.merge_cells("A1:C1")

    submission = hand_in(xlsx([penalty(1)], merge, before=[[""]]), filename="a.xlsx")
    assert outcome(submission) == ("completed", 1, 0)
    assert "W106" in submission.warnings_by_code
    assert submission.columns == titles()


def test_group_titles_over_the_header() -> None:
    def group(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.merge_cells("A1:D1")

    submission = hand_in(xlsx([penalty(1)], group, before=[["行政相对人"]]), filename="a.xlsx")
    assert outcome(submission) == ("completed", 1, 0)
    assert submission.warnings_by_code == {"W104": 1, "W302": 1}
    assert Finding.objects.get(code="W302").row_number == 3


def test_hidden_rows_are_read_and_named() -> None:
    def hide(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True

    submission = hand_in(xlsx([penalty(1), penalty(2)], hide), filename="a.xlsx")
    assert outcome(submission) == ("completed", 2, 0)
    found = Finding.objects.get(code="W105")
    assert (found.row_number, found.value, found.expected) == (0, "1", "第 3 行")


def test_names_with_a_prefix_hide_nothing() -> None:
    """Some programs write <x:row>, <x:c>, <x:v>."""

    def edit(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.cell(3, titles().index("CF_XDR_SHXYM") + 1).value = 913700001234567890
        sheet.cell(4, titles().index("CF_SY") + 1).value = "=1"

    submission = hand_in(prefixed(xlsx([penalty(n) for n in range(1, 5)], edit)), filename="a.xlsx")
    assert outcome(submission) == ("completed", 2, 2)
    assert submission.rejections_by_code == {"E212": 1, "E214": 1}
    assert Finding.objects.get(code="W105").expected == "第 3 行"


def prefixed(book: bytes) -> bytes:
    """The workbook with prefixed names in the XML of its sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name).decode()
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(r"<(/?)(?=\w)", r"<\1x:", content).replace("xmlns=", "xmlns:x=")
            after.writestr(name, content)
    return out.getvalue()


def test_hidden_rows_of_an_old_workbook() -> None:
    content = workbook([titles(), list(penalty(1).values())], hidden=[2])
    assert "W105" in hand_in(content, filename="a.xls").warnings_by_code


def test_formula_cells() -> None:
    def formula(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.cell(2, titles().index("CF_NR_FK") + 1).value = "=0.1+0.1"

    submission = hand_in(xlsx([penalty(1), penalty(2)], formula), filename="a.xlsx")
    assert outcome(submission) == ("completed", 1, 1)
    found = Finding.objects.get(code="E214")
    assert (found.row_number, found.field, found.value) == (2, "CF_NR_FK", "公式")


def test_formula_cells_with_a_stored_result_are_read() -> None:
    content = xlsx([penalty(1)], lambda sheet: sheet.cell(2, titles().index("CF_NR_FK") + 1, "=0.1+0.1"))
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for part in source.namelist():
            archive.writestr(
                part, re.sub(rb"(<f>0[.]1[+]0[.]1</f>)<v(?: ?/>|></v>)", rb"\1<v>0.2</v>", source.read(part))
            )
    assert outcome(hand_in(target.getvalue(), filename="a.xlsx")) == ("completed", 1, 0)
    assert fields_of(Record.objects.get())["CF_NR_FK"] == "0.2"


def test_error_values() -> None:
    row = penalty(1) | {"CF_FRDB": "#N/A"}
    assert hand_in(xlsx([row]), filename="a.xlsx").rejections_by_code == {"E214": 1}
    old = [titles(), list((penalty(2) | {"CF_FRDB": "#N/A"}).values())]
    assert hand_in(workbook(old), filename="a.xls").rejections_by_code == {"E214": 1}


def test_decimals_as_the_spreadsheet_shows_them() -> None:
    rows = [penalty(1) | {"CF_NR_FK": 12345678.123456}, penalty(2) | {"CF_NR_FK": 0.1 + 0.2}]
    assert outcome(hand_in(xlsx(rows), filename="a.xlsx")) == ("completed", 2, 0)
    assert {fields_of(record)["CF_NR_FK"] for record in Record.objects.all()} == {"12345678.123456", "0.3"}


def test_trailing_empty_rows_and_columns_are_nothing() -> None:
    def pad(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for row in range(4, 9):
            sheet.cell(row, 1, " ")
        sheet.cell(2, len(titles()) + 3, "")

    submission = hand_in(xlsx([penalty(1)], pad), filename="a.xlsx")
    assert (submission.rows_in, submission.accepted) == (1, 1)


def test_blank_rows_in_between_keep_the_numbers() -> None:
    content = (
        csv_of([penalty(1)])
        + b"\r\n"
        + b"," * (len(titles()) - 1)
        + b"\r\n"
        + csv_of([penalty(2, CF_WSH="")])[3:].split(b"\r\n")[1]
    )
    submission = hand_in(content)
    assert (submission.rows_in, submission.rejected) == (2, 1)
    assert RejectedRow.objects.get().row_number == 5


def test_several_sheets_one_of_which_fits() -> None:
    def more(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        assert sheet.parent is not None
        sheet.parent.create_sheet("统计").append(["合计", "2"])
        sheet.parent.create_sheet("空")

    submission = hand_in(xlsx([penalty(1)], more), filename="a.xlsx")
    assert outcome(submission) == ("completed", 1, 0)
    assert Finding.objects.get(code="W102").value == "“统计”"


def test_several_sheets_that_fit() -> None:
    def twice(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        assert sheet.parent is not None
        other = sheet.parent.create_sheet("二月")
        other.append(titles())
        other.append(list(penalty(2).values()))

    facts = refused(hand_in(xlsx([penalty(1)], twice), filename="a.xlsx"), "E114")
    assert "二月" in facts["value"]


# ── whole files that cannot be used ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E101"),
        (csv_of([penalty(1)]).split(b"\r\n")[0], "E102"),
        (csv_of([penalty(1)]).split(b"\r\n")[0] + b"\r\n" + b"," * 17 + b"\r\n\r\n", "E102"),
        (b"%PDF-1.4 scan", "E103"),
        (b"PK\x03\x04" + bytes(100), "E104"),
        (csv_of([penalty(1)]) + b"\0\0\0", "E108"),
        (csv_of([penalty(1)]).decode("utf-8-sig").encode("utf-16"), "E120"),
        (csv_of([penalty(1)]).decode("utf-8-sig").encode("utf-16-le"), "E108"),
        ("甲,乙\n1,2\n".encode(), "E110"),
        (csv_of([penalty(1)]) + b'"', "E115"),
        (csv_of([penalty(1)])[:-23], "E104"),
        (csv_of([penalty(1)]) + "罚".encode("gb18030") + b"\n", "E107"),
        # Read as GB18030 this would be accepted, as nonsense.
        (csv_of([penalty(1)])[3:] + "罚".encode("gb18030") + b"\n", "E107"),
    ],
)
def test_refused(content: bytes, code: str) -> None:
    refused(hand_in(content), code)


def test_header_only_workbook_is_an_alarm() -> None:
    refused(hand_in(xlsx([]), filename="a.xlsx"), "E102")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_truncated_workbooks(share: float) -> None:
    content = xlsx([penalty(n) for n in range(1, 40)])
    refused(hand_in(content[: int(len(content) * share)], filename="a.xlsx"), "E104")


def test_truncated_old_workbook() -> None:
    content = workbook([titles(), *(list(penalty(n).values()) for n in range(1, 10))])
    refused(hand_in(content[: len(content) // 2], filename="a.xls"), "E104")


def test_damaged_parquet() -> None:
    out = io.BytesIO()
    pl.DataFrame([penalty(1)]).write_parquet(out)
    content = bytearray(out.getvalue())
    content[-40:-12] = bytes(28)
    refused(hand_in(bytes(content), filename="a.parquet"), "E104")


def test_encrypted_old_workbook() -> None:
    refused(hand_in(workbook([titles()], encrypted=True), filename="a.xls"), "E105")


def test_zip_bomb() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (64 * 1024**2))
    refused(hand_in(out.getvalue(), filename="a.xlsx"), "E106")


@pytest.mark.parametrize("prefix", [False, True])
def test_a_stray_cell_in_the_last_corner_asks_for_no_memory(prefix: bool) -> None:
    """Room for the whole rectangle would be half a terabyte."""

    def stray(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet["XFD1048576"] = "x"

    book = xlsx([penalty(1)], stray)
    facts = refused(hand_in(prefixed(book) if prefix else book, filename="a.xlsx"), "E106")
    assert "17,179,869,184 个单元格" in facts["value"]


def test_wrong_extension_is_read_by_content() -> None:
    submission = hand_in(xlsx([penalty(1)]), filename="处罚.csv")
    assert outcome(submission) == ("completed", 1, 0)
    found = Finding.objects.get(code="W101")
    assert (found.row_number, found.value) == (0, ".csv")


def test_file_of_another_item() -> None:
    licence = packs.current().item("licence")
    content = ",".join(field.name for field in licence.fields) + "\n" + "," * (len(licence.fields) - 1)
    facts = refused(hand_in(content.encode()), "E111")
    assert facts["value"] == licence.title


def test_duplicate_titles() -> None:
    lines = [",".join([*titles(), "CF_WSH"]), ",".join([*penalty(1).values(), "x"])]
    assert refused(hand_in("\n".join(lines).encode()), "E112")["value"] == "CF_WSH"


def test_name_and_label_of_one_field_are_duplicates() -> None:
    lines = [",".join([*titles(), "行政处罚决定书文号"]), ",".join([*penalty(1).values(), "x"])]
    assert "行政处罚决定书文号" in refused(hand_in("\n".join(lines).encode()), "E112")["value"]


def test_renamed_required_column_is_missing_and_the_near_title_is_named() -> None:
    content = csv_of([penalty(1)]).replace(b"CF_WSH", "行政处罚决定书编号".encode())
    facts = refused(hand_in(content), "E113")
    assert facts["field"] == "行政处罚决定书文号"
    assert "行政处罚决定书编号" in facts["value"]


def test_prohibited_column() -> None:
    row = penalty(1) | {"法定代表人宗教信仰": "x"}
    facts = refused(hand_in(csv_of([row])), "E403")
    assert facts["field"] == "法定代表人宗教信仰"


@pytest.mark.usefixtures("_persons_unmarked")
def test_template_of_natural_persons() -> None:
    row = {name: cell for name, cell in penalty(1).items() if name not in ("CF_XDR_SHXYM", "CF_XDR_LB", "CF_FRDB")}
    row |= {"CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": "x"}
    refused(hand_in(csv_of([row])), "E402")


def test_columns_nobody_reads_are_named() -> None:
    submission = hand_in(csv_of([penalty(1) | {"经办科室": "一科", "错误代码": "E203"}]))
    assert submission.ignored_columns == ["经办科室"]
    assert submission.columns[-2:] == ["经办科室", "错误代码"]
    assert Finding.objects.get(code="W103").value == "经办科室"


# ── generations of the national template ──────────────────────────────────────────────────────────────────────────


def test_generation_of_2015() -> None:
    row = {
        "CF_WSH": "泽市监罚〔2016〕1号", "CF_CFMC": "某处罚", "CF_CFLB1": "罚款", "CF_CFLB2": "警告", "CF_SY": "事由",
        "CF_YJ": "依据", "CF_XDR": "泽川市云岭1号贸易有限公司", "CF_XDR_SHXYM": penalty(1)["CF_XDR_SHXYM"],
        "CF_XDR_ZDM": "", "CF_XDR_GSDJ": "", "CF_FR": "某甲", "CF_JG": "罚款", "CF_JDRQ": "2016/4/3",
        "CF_XZJG": "泽川市市场监督管理局", "DFBM": "000000", "SJC": "2016-04-03 10:00:00",
    }  # fmt: skip
    submission = hand_in(csv_of([row]))
    assert (submission.generation, outcome(submission)) == ("2015", ("completed", 1, 0))
    found = fields_of(Record.objects.get())
    assert (found["CF_CFLB"], found["CF_CFJG"]) == ("罚款;警告", "泽川市市场监督管理局")
    assert submission.ignored_columns == []


def test_generation_of_2018() -> None:
    row = {name: cell for name, cell in penalty(1).items() if name != "CF_XDR_LB"} | {"CF_FR_SFZH": ""}
    submission = hand_in(csv_of([row]))
    assert (submission.generation, outcome(submission)) == ("2018", ("completed", 1, 0))


def test_generation_of_today() -> None:
    assert hand_in(csv_of([penalty(1)])).generation == "2019"


# ── lines and rows that cannot be read ────────────────────────────────────────────────────────────────────────────


def test_row_of_the_wrong_width_goes_back_whole() -> None:
    content = csv_of([penalty(1)]) + (",".join([*penalty(2).values(), "多出来的"]) + "\r\n").encode()
    submission = hand_in(content)
    assert outcome(submission) == ("completed", 1, 1)
    row = RejectedRow.objects.get()
    assert (row.row_number, row.cells[-1], len(row.cells)) == (3, "多出来的", len(titles()) + 1)
    assert submission.rejections_by_code == {"E201": 1}


def test_bad_json_lines_are_named_one_by_one() -> None:
    lines = [
        json.dumps(penalty(1)),
        "{not json",
        "[1, 2]",
        json.dumps(penalty(2) | {"BZ": {"a": 1}}),
        json.dumps(penalty(3)),
    ]
    submission = hand_in("\n".join(lines).encode(), filename="a.jsonl")
    assert outcome(submission) == ("completed", 2, 3)
    assert list(Finding.objects.filter(code="E202").values_list("row_number", flat=True)) == [2, 3, 4]


def test_key_that_comes_late_is_not_dropped_in_silence(tmp_path: Path) -> None:
    first = json.dumps(penalty(1) | {"BZ": "x" * 500})
    lines = [first.replace("云岭1号", f"云岭{n}号") for n in range(1, 1200)]
    lines.append(json.dumps(penalty(3) | {"新的键": "x"}))
    submission = hand_in("\n".join(lines).encode(), filename="a.jsonl")
    assert Finding.objects.get(code="E202").row_number == 1200
    assert submission.rows_in == 1200
