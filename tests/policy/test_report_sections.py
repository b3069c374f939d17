"""Sections of the credit report and duties of those who look: complete, cited, and every item in one place."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.folders import copied

from gongxin.policy import lists, loader
from gongxin.policy.pack import Pack
from gongxin.policy.reading import PackError


def test_the_ten_sections_stand_in_the_order_of_the_standard(pack: Pack) -> None:
    assert [section.title for section in pack.report.values()] == [
        "行政管理", "诚实守信", "严重失信主体名单", "经营异常", "信用承诺", "信用评价", "司法判决", "其他信息",
        "信用状况提升建议", "公共信用信息地方补充内容",
    ]  # fmt: skip
    assert [section.content for section in pack.report.values()].count("others") == 1
    assert all(section.reference.title for section in pack.report.values())


def test_every_duty_the_program_knows_has_its_ground(pack: Pack) -> None:
    assert set(pack.duties) == set(lists.DUTIES)
    assert all(duty.basis and duty.basis[0].title for duty in pack.duties.values())


def test_an_item_cannot_stand_in_two_sections(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    file = folder / "cn" / "report.yaml"
    file.write_text(file.read_text().replace("categories: [honours]", "categories: [administration]"))
    with pytest.raises(PackError) as caught:
        loader.load("cn", folder)
    assert caught.value.code == "pack-duplicate-value"
