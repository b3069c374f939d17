"""Import of registers: every row is counted, codes are flagged and never repaired, the same file changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xlsxwriter

from gongxin.cli import register as command
from gongxin.errors import InvalidInput
from gongxin.sample.codes import unified_codes
from gongxin.sample.organisations import register as made_up_register
from gongxin.subjects import register, selectors
from gongxin.subjects.models import FormerName, Identifier, Kind, Organisation
from gongxin.subjects.register import RegisterReport

AT = datetime(2026, 4, 1, 20, 0, tzinfo=UTC)
CODES = unified_codes(np.array(["91", "92", "12", "51", "91", "91"]), np.arange(10_000_001, 10_000_007)).to_list()
RESIDENT_EXAMPLE = "11010519491231002X"
SHANDONG = Path(__file__).resolve().parents[3] / "shared" / "data" / "register-shandong.csv.gz"

Import = Callable[..., RegisterReport]

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(tmp_path: Path) -> Import:
    """Write rows (dictionaries of column titles) as CSV and import them."""

    def take(*rows: dict[str, str], at: datetime = AT) -> RegisterReport:
        path = tmp_path / "register.csv"
        titles = list(dict.fromkeys(title for row in rows for title in row))
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, titles, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return register.import_file(path, acting="test", at=at)

    return take


def row(name: str, code: str = "", **more: str) -> dict[str, str]:
    return {"企业名称": name, "统一社会信用代码": code, **more}


def counts(report: RegisterReport) -> tuple[int, int, int, int, int]:
    return (report.rows_in, report.accepted, report.unchanged, report.flagged, report.rejected)


def test_rows_become_organisations_of_the_kind_their_code_tells(take: Import) -> None:
    report = take(
        row("泽川宏达食品有限公司", CODES[0], 注册日期="2020-01-02", 注册资金="100(万元人民币)", 法定代表人="甲子丑"),
        row("临湖区老街小吃店", CODES[1], 法定代表人="乙寅卯"),
        row("泽川市实验学校", CODES[2]),
        row("泽川市商会", CODES[3]),
    )
    assert counts(report) == (4, 4, 0, 0, 0)
    kinds = [selectors.by_code(code).kind for code in CODES[:4]]
    assert kinds == [Kind.ENTERPRISE, Kind.SOLE_TRADER, Kind.INSTITUTION, Kind.SOCIAL]
    company = Organisation.objects.get(uscc=CODES[0])
    assert (company.established_on, company.capital, company.legal_representative) == (
        date(2020, 1, 2),
        "100(万元人民币)",
        "甲子丑",
    )
    assert (company.name_key, company.pinyin, company.origin) == ("泽川宏达食品", "zchdsp", "register")


def test_the_operator_of_a_sole_trader_is_not_kept(take: Import) -> None:
    take(row("临湖区老街小吃店", CODES[1], 法定代表人="乙寅卯", 经营者="乙寅卯"))
    held = Organisation.objects.get()
    assert held.legal_representative == ""
    assert "乙寅卯" not in str(Organisation.objects.values().get())


def test_the_same_file_again_changes_nothing(take: Import) -> None:
    rows = [
        row("泽川宏达食品有限公司", CODES[0]),
        row("泽川旧厂", "无"),
        row("泽川没有代码社"),
        row("泽川旧号厂", "1101080000000"),
    ]
    first = take(*rows)
    state = list(Organisation.objects.order_by("id").values())
    second = take(*rows, at=datetime(2026, 5, 1, tzinfo=UTC))
    assert counts(first) == (4, 4, 0, 3, 0)
    assert counts(second) == (4, 0, 4, 3, 0)
    assert second.flags_by_code == first.flags_by_code
    assert list(Organisation.objects.order_by("id").values()) == state


@pytest.mark.parametrize(
    ("code", "flag", "uscc", "identifier"),
    [
        (CODES[0][:17] + ("A" if CODES[0][17] != "A" else "B"), "uscc-check-digit", None, "raw"),
        (CODES[0].lower().replace("91", "９１"), "uscc-spelling", CODES[0], None),
        ("110108000000016", "uscc-is-registration-no", None, "registration-no"),
        ("110108000000017", "uscc-length", None, "raw"),
        ("370100ABC123456", "uscc-length", None, "raw"),
        ("企合苏镇分字第000001号", "uscc-length", None, "raw"),
        ("无", "uscc-length", None, "raw"),
        ("91000000IOSVZ00000", "uscc-characters", None, "raw"),
        ("00000000000000000X", "uscc-placeholder", None, None),
        ("", "uscc-missing", None, None),
        ("N/A", "uscc-missing", None, None),
    ],
)
def test_odd_codes_are_flagged_and_never_repaired(
    take: Import, code: str, flag: str, uscc: str | None, identifier: str | None
) -> None:
    report = take(row("泽川宏达食品有限公司", code))
    assert counts(report) == (1, 1, 0, 1, 0)
    assert report.flags_by_code[flag] == 1
    held = Organisation.objects.get()
    assert held.uscc == uscc
    assert flag in held.flags
    assert [one.scheme for one in held.identifiers.all()] == ([identifier] if identifier else [])


def test_a_row_is_turned_away_only_without_a_name_or_as_a_person(take: Import) -> None:
    report = take(
        row("", CODES[0]),
        row("某某", RESIDENT_EXAMPLE),
        row("某某", "", 行政相对人类别="自然人"),
        row("泽川宏达食品有限公司", CODES[4]),
    )
    assert counts(report) == (4, 1, 0, 0, 3)
    assert [(one.row, one.code) for one in report.rejections] == [
        (2, "name-missing"),
        (3, "natural-person"),
        (4, "natural-person"),
    ]
    assert Organisation.objects.count() == 1
    assert not Identifier.objects.filter(value__contains="110105").exists()


def test_resident_numbers_in_texts_are_masked(take: Import) -> None:
    report = take(row("泽川宏达食品有限公司", CODES[0], 经营范围=f"联系人证件{RESIDENT_EXAMPLE}"))
    assert report.flags_by_code == {"resident-id-masked": 1}
    assert Organisation.objects.get().scope == "联系人证件" + "*" * 18


def test_a_changed_name_closes_into_the_history(take: Import) -> None:
    take(row("泽川宏达食品有限公司", CODES[0]))
    report = take(row("泽川宏图食品有限公司", CODES[0]))
    assert counts(report) == (1, 1, 0, 0, 0)
    held = Organisation.objects.get()
    assert (held.name, held.name_key, held.pinyin) == ("泽川宏图食品有限公司", "泽川宏图食品", "zchtsp")
    # 20:00 UTC is the next civil day in China.
    assert [(one.name, one.until) for one in held.former_names.all()] == [("泽川宏达食品有限公司", date(2026, 4, 2))]


def test_another_spelling_is_no_former_name(take: Import) -> None:
    take(row("泽川(宏达)食品有限公司", CODES[0]))
    assert counts(take(row("泽川（宏达）食品有限公司", CODES[0]))) == (1, 1, 0, 0, 0)
    assert Organisation.objects.get().name == "泽川（宏达）食品有限公司"
    assert not FormerName.objects.exists()


def test_declared_former_names_are_kept(take: Import) -> None:
    take(row("泽川宏达食品有限公司", CODES[0], 曾用名="泽川市糖果厂；泽川市食品厂"))
    assert sorted(FormerName.objects.values_list("name", flat=True)) == ["泽川市糖果厂", "泽川市食品厂"]


def test_a_code_in_two_rows_gives_one_organisation_with_both_names(take: Import) -> None:
    rows = [row("泽川宏达食品有限公司", CODES[0]), row("泽川宏图食品有限公司", CODES[0]), row("泽川市商会", CODES[3])]
    report = take(*rows)
    assert counts(report) == (3, 3, 0, 2, 0)
    assert report.flags_by_code == {"code-repeated": 2}
    held = Organisation.objects.get(uscc=CODES[0])
    assert (held.name, held.flags) == ("泽川宏图食品有限公司", ["code-repeated"])
    assert [one.name for one in held.former_names.all()] == ["泽川宏达食品有限公司"]
    assert counts(take(*rows)) == (3, 0, 3, 2, 0)


def test_a_shared_malformed_code_does_not_make_two_organisations_one(take: Import) -> None:
    assert take(row("泽川一厂", "无"), row("泽川二厂", "无")).accepted == 2
    assert Organisation.objects.count() == 2


def test_an_empty_cell_says_nothing(take: Import) -> None:
    take(row("泽川宏达食品有限公司", CODES[0], 企业类型="有限责任公司", 注册日期="2020/1/2"))
    assert take(row("泽川宏达食品有限公司", CODES[0], 企业类型="N/A")).unchanged == 1
    held = Organisation.objects.get()
    assert (held.type_name, held.established_on) == ("有限责任公司", date(2020, 1, 2))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-01-02", date(2020, 1, 2)),
        ("2020/1/2", date(2020, 1, 2)),
        ("2020年1月2日", date(2020, 1, 2)),
        ("20200102", date(2020, 1, 2)),
        ("2020-01-02 00:00:00", date(2020, 1, 2)),
        ("43832", date(2020, 1, 2)),
        ("2020-13-45", None),
    ],
)
def test_dates(take: Import, text: str, day: date | None) -> None:
    report = take(row("泽川宏达食品有限公司", CODES[0], 成立日期=text))
    assert Organisation.objects.get().established_on == day
    assert report.flags_by_code == ({} if day else {"date-unreadable": 1})


def test_rows_of_the_wrong_width_and_quoted_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    text = (
        "企业名称,统一社会信用代码,经营范围\n"
        f'泽川一厂,{CODES[0]},"第一行\n第二行"\n'
        f"泽川二厂,{CODES[4]}\n"
        f"泽川三厂,{CODES[5]},范围,多余\n"
    )
    path.write_text(text, encoding="gb18030")
    report = register.import_file(path, acting="test", at=AT)
    assert counts(report) == (3, 3, 0, 2, 0)
    assert report.flags_by_code == {"row-width": 2}
    assert Organisation.objects.get(uscc=CODES[0]).scope == "第一行 第二行"
    assert Organisation.objects.get(uscc=CODES[5]).scope == "范围"


def test_one_content_in_every_format(tmp_path: Path) -> None:
    whole = made_up_register(40, 3)
    plain = whole.write_csv()
    (tmp_path / "a.csv").write_text(plain, encoding="utf-8")
    (tmp_path / "b.csv").write_text(plain, encoding="gb18030")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(plain.encode("utf-8-sig")))
    whole.write_parquet(tmp_path / "d.parquet")
    with xlsxwriter.Workbook(tmp_path / "e.xlsx", {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, whole.columns)
        for place, cells in enumerate(whole.iter_rows(), start=1):
            sheet.write_row(place, 0, cells)
    reports = [register.import_file(path, acting="test", at=AT) for path in sorted(tmp_path.iterdir())]
    assert counts(reports[0])[:2] == (40, 40)
    assert [counts(report)[:3] for report in reports[1:]] == [(40, 0, 40)] * 4


def test_titles_of_the_national_template_are_known_too(take: Import) -> None:
    report = take(
        {
            "行政相对人名称": "泽川宏达食品有限公司",
            "XDR_SHXYM": CODES[0],
            "行政相对人代码_3(组织机构代码)": CODES[0][8:17],
        }
    )
    assert report.accepted == 1
    held = Organisation.objects.get(uscc=CODES[0])
    assert [(one.scheme, one.value) for one in held.identifiers.all()] == [("organisation-code", CODES[0][8:17])]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        ("甲,乙\n1,2\n".encode(), "register-columns"),
        (b"\xff\xff\xfa\x80,\xff", "file-encoding"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-20], "file-truncated"),
        (b"PK\x03\x04broken", "file-broken"),
        (b"PAR1broken", "file-broken"),
        (('企业名称,统一社会信用代码\n"' + "长" * 1_000_001).encode(), "file-quotes"),
        ('企业名称,统一社会信用代码\n"甲公司,1\n乙公司,2\n'.encode(), "file-quotes"),
        ("企业名称,统一社会信用代码\n甲\0公司,1\n".encode(), "file-nul"),
        ("企业名称,统一社会信用代码\n".encode("utf-16"), "file-kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file-kind"),
    ],
)
def test_what_is_no_register_is_said_with_the_next_step(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        register.import_file(path, acting="test", at=AT)
    assert caught.value.code == code
    assert "请" in str(caught.value)


@pytest.mark.parametrize("second", ["", "乙公司"])
def test_a_workbook_with_two_filled_sheets_is_not_chosen_from(tmp_path: Path, second: str) -> None:
    path = tmp_path / "register.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("甲公司", second):
            sheet = book.add_worksheet()
            for line, text in enumerate(("企业名称", name) if name else ()):
                sheet.write_string(line, 0, text)
    if second:
        with pytest.raises(InvalidInput, match="2 个工作表"):
            register.import_file(path, acting="test", at=AT)
    else:
        assert counts(register.import_file(path, acting="test", at=AT))[:2] == (1, 1)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="找不到文件"):
        register.import_file(tmp_path / "absent.csv", acting="test", at=AT)


def test_a_file_with_only_a_header_has_no_rows(take: Import, tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_text("企业名称,统一社会信用代码\n", encoding="utf-8")
    assert counts(register.import_file(path, acting="test", at=AT)) == (0, 0, 0, 0, 0)


def test_an_organisation_a_provider_told_of_is_taken_over(take: Import) -> None:
    Organisation.objects.create(
        kind=Kind.ENTERPRISE,
        uscc=CODES[0],
        name="宏达食品",
        name_key="宏达食品",
        origin="provider",
        registered_at=AT,
        updated_at=AT,
    )
    assert take(row("泽川宏达食品有限公司", CODES[0])).accepted == 1
    held = Organisation.objects.get()
    assert (held.name, held.origin) == ("泽川宏达食品有限公司", "register")
    assert not FormerName.objects.exists()


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text(made_up_register(30, 1).write_csv(), encoding="utf-8")
    seen: list[tuple[int, int]] = []
    register.import_file(path, acting="test", at=AT, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (30, 30)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_the_command_answers_with_exactly_the_promised_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "register.csv"
    path.write_text(f"企业名称,统一社会信用代码\n泽川一厂,{CODES[0].lower()}\n", encoding="utf-8")
    command.import_register(path, as_json=True)
    answer: dict[str, Any] = json.load(io.StringIO(capsys.readouterr().out))
    assert answer == {
        "rows_in": 1,
        "accepted": 1,
        "unchanged": 0,
        "flagged": 1,
        "rejected": 0,
        "flags": {"uscc-spelling": 1},
    }


@pytest.mark.shared
@pytest.mark.long
def test_a_real_register_imports_whole_and_again_unchanged() -> None:
    rows = len(pl.read_csv(SHANDONG, infer_schema=False))
    first = register.import_file(SHANDONG, acting="test", at=AT)
    assert counts(first) == (rows, rows, 0, 6, 0)
    assert first.flags_by_code == {"uscc-spelling": 6}
    assert register.import_file(SHANDONG, acting="test", at=AT).unchanged == rows
    assert Organisation.objects.filter(kind=Kind.INSTITUTION).count() == 3
