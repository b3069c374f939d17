"""The signed copy of a personal file: what it says, and that its signature is all that is needed to verify it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gongxin import typesetting
from gongxin.enquiries import report_keys
from gongxin.enquiries.models import Look, Report
from gongxin.persons.seen import Copy, FieldSeen, FileSeen, OpeningSeen, RecordSeen, VersionSeen
from gongxin.web.person import copies

AT = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
ORIGIN = "https://node.example"
ID = UUID(int=7)
FIELDS = (FieldSeen("XK_XKBH", "许可编号", "", "泽许〔2026〕5号", correctable=True),)


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    report_keys.init("泽川市信用中心", at=AT)


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that was set."""
    texts: list[str] = []
    printable = typesetting.printable

    def noted(text: str) -> str:
        texts.append(text)
        return printable(text)

    monkeypatch.setattr(typesetting, "printable", noted)
    return texts


def copy(*openings: OpeningSeen) -> Copy:
    """A file of one contested licence."""
    record = RecordSeen(
        id=ID, item="licence", item_title="行政许可", item_title_en="", title="准予执业", document_no="泽许〔2026〕5号",
        decided_on=date(2026, 3, 2), unit=ID, unit_name="虚构局", fields=FIELDS, contested=True, withdrawn=False,
        versions=(VersionSeen(1, AT, "reported", FIELDS),),
    )  # fmt: skip
    return Copy(FileSeen("账号甲", AT, (record,), 7), openings, (), ())


def look(kind: str, who: str) -> OpeningSeen:
    """Somebody who was refused."""
    return OpeningSeen(
        id=ID, at=AT, kind=kind, who=who, unit_name="虚构税务局", purpose="p", purpose_title="授权查询", items=(),
        records=0, allowed=False, reason="没有授权", leaf=9,
    )  # fmt: skip


def test_a_copy_says_everything_and_how_to_verify_it(typeset: list[str]) -> None:
    copies._pdf(copy(look("code", "clerk"), look("own", "SELF")), origin=ORIGIN, issuer="某信用中心", at=AT)
    text = "\n".join(typeset)
    told = ("泽许〔2026〕5号", "异议正在核查", "济信用办〔2020〕12号", "2026年7月1日 10:30", f"{ORIGIN}/verify/")
    for said in (*told, "clerk", "未获准：没有授权"):
        assert said in text
    assert "SELF" not in text
    assert copies.filename("pdf", at=AT) == "本人信用档案-20260701-1030.pdf"


def test_the_verification_page_knows_a_copy_by_its_signature(db: None) -> None:
    """Nothing of it is kept: neither number nor hash."""
    file = copies.signed_pdf(copy(), origin=ORIGIN, at=AT)
    assert "本人信用档案副本，电子签名有效" in _verified(file)
    assert "文件与签发时不一致" in _verified(file[:3000] + b"x" + file[3001:])
    assert not Report.objects.exists()
    assert not Look.objects.exists()


def _verified(file: bytes) -> str:
    answer = Client().post("/verify/", {"file": SimpleUploadedFile("copy.pdf", file)})
    return str(answer.content.decode())
