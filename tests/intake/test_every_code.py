"""Every code of faults.yaml comes out of a file: what a department has to do to see it. No code without a maker."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest
from stdnum.iso7064 import mod_11_10
from tests.intake.hand_ins import AT, code, csv_of, department, hand_in, nameless, penalty, person, unmarked
from tests.intake.legacy_workbook import workbook

from gongxin.errors import GongxinError
from gongxin.intake import delimited, jobs, submissions
from gongxin.intake.faults import FAULTS
from gongxin.intake.models import Channel, Finding, Submission, SubmissionState
from gongxin.policy import packs
from gongxin.subjects.identifiers import kind_of
from gongxin.subjects.models import Identifier, Organisation
from gongxin.subjects.names import name_key

pytestmark = pytest.mark.django_db

Make = Callable[[pytest.MonkeyPatch], Any]
TITLES = list(penalty(1))
PERSONS_TEMPLATE = (",".join("CF_XDR_ZJHM" if title == "CF_XDR_SHXYM" else title for title in TITLES) + "\n").encode()
REGISTRATION_NO = "00000010000001" + mod_11_10.calc_check_digit("00000010000001")
PLACEHOLDER = "0" * 17 + "X"
TRADER = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": PLACEHOLDER, "CF_XDR_GSZC": REGISTRATION_NO}
RESIDENT = "000000190001010017"


def row(**changes: str) -> Make:
    """A file with one faultless row but for the changes."""
    return lambda patch: hand_in([penalty(1, **changes)])


def raw(content: bytes | str, filename: str = "a.csv") -> Make:
    encoded = content.encode() if isinstance(content, str) else content
    return lambda patch: hand_in(encoded, filename=filename)


def sheet(edit: Callable[[Any], None]) -> Make:
    """A workbook with the header and one faultless row, edited."""

    def make(patch: pytest.MonkeyPatch) -> Submission:
        book = openpyxl.Workbook()
        book.active.append(TITLES)
        book.active.append(list(penalty(1).values()))
        edit(book.active)
        out = io.BytesIO()
        book.save(out)
        return hand_in(out.getvalue(), filename="a.xlsx")

    return make


def zipped(name: str, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(size))
    return out.getvalue()


def registered(serial: int) -> Organisation:
    name = penalty(serial)["CF_XDR_MC"]
    return Organisation.objects.create(
        kind=kind_of(code(serial)),
        uscc=code(serial),
        name=name,
        name_key=name_key(name),
        registered_at=AT,
        updated_at=AT,
    )


def holders(*serials: int) -> None:
    for serial in serials:
        Identifier.objects.create(organisation=registered(serial), scheme="registration_no", value=REGISTRATION_NO)


def second_sheet(active: Any) -> None:
    other = active.parent.create_sheet("二月")
    other.append(TITLES)
    other.append(list(penalty(2).values()))


def merged(active: Any) -> None:
    active.insert_rows(1)
    active["A1"], active["A2"] = active["A2"].value, None
    active.merge_cells("A1:A2")


def resident_id() -> str:
    """A number of the division 000000, which no person can have."""
    body = RESIDENT[:17]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


# ── what has to be arranged first ─────────────────────────────────────────────────────────────────────────────────


def too_large(patch: pytest.MonkeyPatch) -> Any:
    patch.setattr("django.conf.settings.INTAKE_MAX_BYTES", 100)
    return hand_in([penalty(1)])


def infected(patch: pytest.MonkeyPatch) -> Any:
    patch.setattr("gongxin.scanning.found", lambda parts: "Eicar-Test-Signature")
    return hand_in([penalty(1)])


def not_permitted(patch: pytest.MonkeyPatch) -> Any:
    return hand_in([penalty(1)], provider=department("honours", items=["honour"]))


def of_nobody(patch: pytest.MonkeyPatch, content: bytes) -> Any:
    unmarked(patch)
    return hand_in(content, filename="a.csv")


def interrupted(patch: pytest.MonkeyPatch) -> Any:
    """What the last attempt of a job leaves; test_jobs has the workers that die."""
    waiting = submissions.receive(
        io.BytesIO(csv_of([penalty(1)])), filename="a.csv", item="penalty", provider=department(), channel=Channel.CLI,
        acting_user=None, at=AT,
    )  # fmt: skip
    jobs._refuse_interrupted(waiting.pk, at=AT)
    waiting.refresh_from_db()
    return waiting


def long_line(patch: pytest.MonkeyPatch) -> Any:
    patch.setattr(delimited, "_RECORD_LIMIT", 2_000)
    patch.setattr(delimited, "_BLOCK", 1_000)
    return hand_in(HEADER + b"\r\n" + b"x" * 5_000)


def other_item(patch: pytest.MonkeyPatch) -> Any:
    fields = packs.current().item("licence").fields
    return hand_in((",".join(field.name for field in fields) + "\n" + "," * (len(fields) - 1)).encode())


def two_codes(patch: pytest.MonkeyPatch) -> Any:
    registered(1)
    holders(2)
    return hand_in([penalty(1, CF_XDR_GSZC=REGISTRATION_NO)])


def of_another_department(patch: pytest.MonkeyPatch) -> Any:
    hand_in([penalty(1)])
    return hand_in([penalty(1, BZ="别的")], provider=department("housing"))


def of_another_kind(patch: pytest.MonkeyPatch) -> Any:
    narrowed(patch, subject_kinds=("enterprise",))
    return hand_in([penalty(1, CF_XDR_SHXYM=code(1, "12"))])


def several_holders(patch: pytest.MonkeyPatch) -> Any:
    holders(1, 2)
    return hand_in([penalty(3, **TRADER)])


def out_of_force(patch: pytest.MonkeyPatch) -> Any:
    narrowed(patch, effective_from=date(2026, 4, 5))
    return hand_in([penalty(1)])


def known_authorities(patch: pytest.MonkeyPatch) -> Any:
    department("known", uscc=code(77, "11"))
    return hand_in([penalty(1)])


def renamed(patch: pytest.MonkeyPatch) -> Any:
    registered(1)
    return hand_in([penalty(1, CF_XDR_MC="泽川市别的贸易有限公司")])


def without_a_year(patch: pytest.MonkeyPatch) -> Any:
    taxes = department("taxes", items=["tax-credit-a"])
    values = {"party_name": "泽川市云岭1号贸易有限公司", "party_uscc": code(1), "decided_on": "2026/04/01"}
    fields = packs.current().item("tax-credit-a").fields
    given = {field.name: values.get(field.role or "", field.example) for field in fields}
    return hand_in(csv_of([given | {"PJND": "去年"}]), item="tax-credit-a", provider=taxes)


def narrowed(patch: pytest.MonkeyPatch, **changes: Any) -> None:
    pack = packs.current()
    items = pack.items | {"penalty": replace(pack.item("penalty"), **changes)}
    patch.setattr(packs, "current", lambda: replace(pack, items=items))


HEADER = csv_of([penalty(1)]).splitlines()[0]
WHOLE = csv_of([penalty(1)])
MAKERS: dict[str, Make] = {
    "E101": raw(""),
    "E102": raw(HEADER),
    "E103": raw("%PDF-1.4 scan"),
    "E104": raw("PK\x03\x04 the beginning only", "a.xlsx"),
    "E105": raw(workbook([TITLES], encrypted=True), "a.xls"),
    "E106": raw(zipped("xl/workbook.xml", 40 * 1024**2), "a.xlsx"),
    "E107": raw(WHOLE + b"\xff\xff\xff\n"),
    "E108": raw(WHOLE + b"\0"),
    "E109": too_large,
    "E110": raw("甲,乙\n1,2\n"),
    "E111": other_item,
    "E112": raw(HEADER + b",CF_WSH\r\n"),
    "E113": raw(HEADER.replace(b"CF_WSH", b"CF_WSHAO") + b"\r\n1\r\n"),
    "E114": sheet(second_sheet),
    "E115": raw(WHOLE + b'"'),
    "E116": not_permitted,
    "E117": lambda patch: hand_in([penalty(1)], item="no-such-item"),
    "E118": interrupted,
    "E119": long_line,
    "E120": raw("甲,乙\n".encode("utf-16")),
    "E121": infected,
    "E201": raw(WHOLE + b"1,2\r\n"),
    "E202": raw(json.dumps(penalty(1)) + '\n{"CF_WSH": \n', "a.jsonl"),
    "E203": lambda patch: hand_in([nameless(1)]),
    "E204": row(CF_FRDB=""),
    "E205": row(CF_WSH="长" * 200),
    "E206": row(CF_CFLB="罚酒"),
    "E207": row(CF_JDRQ="昨天"),
    "E208": row(CF_NR_FK="二千"),
    "E209": row(CF_NR_FK="0.1234567891"),
    "E210": row(CF_NR_FK="-1"),
    "E211": without_a_year,
    "E212": row(CF_XDR_SHXYM="9.137E+17"),
    "E213": row(CF_SY="乱\ufffd码"),
    "E214": sheet(lambda active: active.__setitem__("D2", "=A2&B2")),
    "E215": lambda patch: hand_in([penalty(1), penalty(1, BZ="另一内容")]),
    "E217": row(CF_JDRQ="1900/1/1"),
    "E218": row(CF_CFLB="警告；；罚款"),
    "E301": row(CF_XDR_SHXYM="91000000"),
    "E302": row(CF_XDR_SHXYM=code(1)[:-1] + ("0" if code(1)[-1] != "0" else "1")),
    "E303": row(CF_XDR_ZZJG="12345678-0"),
    "E304": row(CF_XDR_GSZC="000000100000010"),
    "E305": row(CF_XDR_SHXYM=""),
    "E306": row(CF_XDR_SHXYM=PLACEHOLDER, CF_XDR_LB="个体工商户"),
    "E307": two_codes,
    "E308": of_another_department,
    "E309": of_another_kind,
    "E310": row(**TRADER),
    "E311": several_holders,
    "E401": lambda patch: of_nobody(patch, csv_of([person(1)])),
    "E402": lambda patch: of_nobody(patch, PERSONS_TEMPLATE),
    "E403": raw(HEADER + ",宗教信仰\r\n".encode()),
    "E404": lambda patch: hand_in([person(1)]),
    "E405": lambda patch: hand_in([person(1) | {"CF_XDR_SHXYM": code(1)}]),
    "E501": row(CF_YXQ="2026/01/01"),
    "E502": row(CF_JDRQ="2026/04/11"),
    "E503": out_of_force,
    "W101": raw(WHOLE, "a.xlsx"),
    "W102": sheet(lambda active: active.parent.create_sheet("统计").append(["合计", "1"])),
    "W103": raw(HEADER + b",MORE\r\n" + WHOLE.splitlines()[1] + b",1\r\n"),
    "W104": raw("处罚信息报送表\r\n".encode() + WHOLE.removeprefix(b"\xef\xbb\xbf")),
    "W105": sheet(lambda active: setattr(active.row_dimensions[2], "hidden", True)),
    "W106": sheet(merged),
    "W201": row(CF_CFLB="警告、罚款"),
    "W202": row(CF_NR_FK=""),
    "W203": row(CF_GSJZQ="9999-12-31"),
    "W204": row(CF_SY=f"负责人{resident_id()}到场"),
    "W205": lambda patch: hand_in([penalty(1), penalty(1)]),
    "W206": row(CF_FR_ZJLX="身份证", CF_FR_ZJHM=resident_id()),
    "W207": row(CF_CFLB="通报批评", CF_JDRQ="2021/07/14"),
    "W301": renamed,
    "W302": row(),
    "W303": known_authorities,
    "W304": row(CF_XDR_SHXYM=code(1, "Y9")),
    "W501": row(CF_JDRQ="2025/04/01"),
    "W502": row(CF_GSJZQ="2030/01/01"),
}


def test_no_code_without_a_maker() -> None:
    assert set(MAKERS) == set(FAULTS)


@pytest.mark.parametrize("wanted", sorted(MAKERS))
def test_code_comes_out_of_a_file(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = FAULTS[wanted]
    try:
        submission = MAKERS[wanted](monkeypatch)
    except GongxinError as refused_at_the_door:
        assert (refused_at_the_door.code, fault.level) == (wanted, "file")
        assert refused_at_the_door.remedy
        return
    if fault.level == "file":
        assert (submission.state, submission.fault_code, submission.rows_in) == (SubmissionState.REFUSED, wanted, 0)
        assert "{" not in fault.sentence(**submission.fault_facts)
        return
    assert submission.state == SubmissionState.COMPLETED, submission.fault_code
    counted = submission.warnings_by_code if fault.is_warning else submission.rejections_by_code
    assert wanted in counted
    found = Finding.objects.filter(submission=submission, code=wanted)[0]
    said = fault.sentence(field=found.field, value=found.value, expected=found.expected)
    assert not {"“”", "（）"} & {said[n : n + 2] for n in range(len(said))}, said
