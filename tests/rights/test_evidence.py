"""Evidence: bounded, of a known kind, told by its bytes."""

from __future__ import annotations

import io

import pytest

from gongxin.errors import InvalidInput
from gongxin.rights import evidence

PNG = b"\x89PNG\r\n\x1a\n...."


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"", "空.pdf", "evidence-empty"),
        (b"%PDF-" + b"x" * evidence.MOST_BYTES, "大.pdf", "evidence-too-large"),
        (b"MZ\x90", "程序.pdf", "evidence-kind"),
        (b"<script>", "页.html", "evidence-kind"),
        (PNG, "图.pdf", "evidence-kind"),
        (b"%PDF-1.7", "无扩展名", "evidence-kind"),
    ],
)
def test_what_is_not_accepted(content: bytes, filename: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        evidence.keep(io.BytesIO(content), filename=filename)
    assert caught.value.code == code
    assert caught.value.remedy


def test_the_name_says_nothing_of_a_person_and_no_path() -> None:
    kept = evidence.keep(io.BytesIO(PNG), filename="../../身份证110101199003077272.PNG")
    assert kept.filename == "身份证******************.PNG"
    assert kept.media_type == "image/png"
