"""Formats by content; what is no file of rows is refused before it is opened."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest
from tests.intake.legacy_workbook import workbook

from gongxin.intake import sniffing
from gongxin.intake.faults import FileRefused


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def xlsx(folder: Path, sheet: bytes = b"<worksheet/>", name: str = "xl/worksheets/sheet1.xml") -> Path:
    path = folder / "file"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(name, sheet)
    return path


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("甲,乙\n1,2\n".encode(), "csv"),
        ("甲;乙\n1;2\n".encode("gb18030"), "csv"),
        (b'{"a": 1}\n', "jsonl"),
        (b'\xef\xbb\xbf  {"a": 1}\n', "jsonl"),
    ],
)
def test_text_formats(tmp_path: Path, content: bytes, form: str) -> None:
    assert sniffing.sniff(written(tmp_path, content)) == form


def test_workbooks_and_parquet(tmp_path: Path) -> None:
    assert sniffing.sniff(xlsx(tmp_path)) == "xlsx"
    assert sniffing.sniff(written(tmp_path, workbook([["甲"]]))) == "xls"
    pl.DataFrame({"a": ["1"]}).write_parquet(tmp_path / "p")
    assert sniffing.sniff(tmp_path / "p") == "parquet"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E101"),
        (b" \r\n\t\n", "E101"),
        (b"\xef\xbb\xbf", "E101"),
        (b"%PDF-1.7\n", "E103"),
        (b"\x89PNG\r\n", "E103"),
        (b"<html><table>", "E103"),
        (b'<?xml version="1.0"?><Workbook/>', "E103"),
        (b'[{"a": 1}]', "E103"),
        ("Unicode 文本".encode("utf-16"), "E120"),
        (b"\xfe\xff" + "大端".encode("utf-16-be"), "E120"),
        (b"\x1f\x8b\x08\x00rest", "E103"),
        (b"PK\x03\x04only the beginning of a workbook", "E104"),
        (b"PAR1 and no end", "E104"),
    ],
)
def test_refused_by_content(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        sniffing.sniff(written(tmp_path, content))
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(FileRefused) as refusal:
        sniffing.sniff(path)
    assert refusal.value.code == "E103"
    assert "Word" in refusal.value.title


def test_zip_bomb_is_refused_from_its_directory_alone(tmp_path: Path) -> None:
    path = xlsx(tmp_path, b"\0" * (40 * 1024**2))
    assert path.stat().st_size < 100_000
    with pytest.raises(FileRefused) as refusal:
        sniffing.sniff(path)
    assert refusal.value.code == "E106"


def test_many_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "_PARTS_LIMIT", 1)
    with pytest.raises(FileRefused) as refusal:
        sniffing.sniff(xlsx(tmp_path))
    assert refusal.value.code == "E106"


def test_encrypted_workbook_is_an_ole_container(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(FileRefused) as refusal:
        sniffing.sniff(written(tmp_path, content))
    assert refusal.value.code == "E105"


def test_extension_is_only_compared() -> None:
    assert sniffing.agrees("处罚.CSV", "csv")
    assert sniffing.agrees("没有扩展名", "parquet")
    assert not sniffing.agrees("处罚.xls", "csv")
