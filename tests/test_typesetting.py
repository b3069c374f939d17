"""The vendored fonts are what their list of sums says, and no character disappears from a document."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import gongxin
from gongxin import typesetting

FONTS = Path(gongxin.__file__).parent / "fonts"
AT = datetime(2026, 4, 2, 1, 0, tzinfo=UTC)


def test_fonts_match_their_sums_and_carry_their_licence() -> None:
    listed = dict(reversed(line.split()) for line in (FONTS / "SHA256SUMS").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONTS.glob("*.ttf")}
    assert found == listed
    assert len(found) == 2
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text()


def test_every_character_of_gb2312_can_be_printed() -> None:
    text = "".join(
        bytes([high, low]).decode("gb2312", errors="ignore") for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF)
    )
    assert len(text) == 7445
    assert typesetting.printable(text) == text


def test_missing_character_is_replaced_visibly_with_its_code_point() -> None:
    assert typesetting.printable("山东\U0002a6a5贸易") == "山东〓[U+2A6A5]贸易"


def test_invisible_characters_do_not_reach_the_page() -> None:
    assert typesetting.printable("公\u200b信\u202e有限\x07公司") == "公信有限公司"


def test_document_is_the_same_bytes_for_the_same_facts() -> None:
    def made() -> bytes:
        document = typesetting.Document("回执", made_at=AT, footer="回执")
        document.add_page()
        document.cell(text="公信〓\U0002a6a5")
        return bytes(document.output())

    assert made() == made()
    assert made().startswith(b"%PDF-")


def test_lines_break_where_chinese_setting_allows() -> None:
    document = typesetting.Document("回执", made_at=AT)
    wide = document.get_string_width("国")
    text = "处罚（警告）、罚款2000元；依据《行政处罚法》第三十二条，详见credit.example。"
    for letters in range(5, 14):
        lines = document.wrapped(text, wide * letters + 0.1).split("\n")
        assert "".join(lines) == text
        assert not any(line[0] in "，。、；：）》" for line in lines)
        assert not any(line[-1] in "（《" for line in lines)
        assert any("2000" in line for line in lines)
        assert all(document.get_string_width(line) <= wide * (letters + 9) for line in lines)
    assert document.wrapped("一\n二", wide * 9) == "一\n二"
