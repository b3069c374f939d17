"""Adding a kind of record is adding one YAML file: no code, no migration."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.intake.hand_ins import AT, code, csv_of, department, hand_in

from gongxin.intake.models import Finding
from gongxin.policy import packs
from gongxin.records import payload, selectors

pytestmark = pytest.mark.django_db

NEW_ITEM = """
id: green-rating
title: 环境信用评价
title_en: Environmental rating
category: administration
version: 1
disclosure: public
subject_kinds: [enterprise]
natural_key: [PJ_WH, PJ_MC]
publicity: while-in-force
basis:
  - {title: 虚构的评价办法, article: 第三条, confidence: L}
fields:
  - {name: PJ_MC, label: 单位名称, label_en: Name, type: text, max: 200, required: true, role: party_name}
  - {name: PJ_DM, label: 统一社会信用代码, label_en: Code, type: uscc, max: 18, required: true, role: party_uscc}
  - {name: PJ_WH, label: 评价文号, label_en: Number, type: text, max: 64, required: true, role: document_no}
  - {name: PJ_DF, label: 得分, label_en: Points, type: decimal, max: 5, scale: 1, required: true}
  - {name: PJ_RQ, label: 评价日期, label_en: Day, type: date, required: true, role: decided_on}
  - {name: PJ_YX, label: 有效期至, label_en: Valid until, type: date, required: true, role: effective_until}
"""


@pytest.fixture
def _with_new_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(packs.policies_folder(), folder)
    (folder / "cn" / "items" / "green-rating.yaml").write_text(NEW_ITEM.lstrip(), encoding="utf-8")
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))


@pytest.mark.usefixtures("_with_new_item")
def test_one_file_adds_an_item_and_a_department_hands_in_for_it() -> None:
    row = {
        "单位名称": "泽川市云岭1号贸易有限公司",
        "统一社会信用代码": code(1),
        "评价文号": "泽环评〔2026〕1号",
        "得分": "93.5",
        "评价日期": "2026/04/01",
        "有效期至": "2027/03/31",
    }
    rows = [row, row | {"统一社会信用代码": code(2), "评价文号": "泽环评〔2026〕2号", "得分": "九十"}]
    ecology = department("ecology", items=["green-rating"])
    submission = hand_in(csv_of(rows), item="green-rating", provider=ecology)
    assert (submission.state, submission.rows_in, submission.accepted, submission.rejected) == ("completed", 2, 1, 1)
    assert Finding.objects.get(code="E208").field == "PJ_DF"

    record = selectors.published_on(date(2027, 3, 30)).get()
    assert not selectors.published_on(date(2027, 4, 1)).exists()
    assert (record.item, record.document_no, record.decided_on) == (
        "green-rating",
        "泽环评〔2026〕1号",
        date(2026, 4, 1),
    )
    named = payload.named(packs.current().item("green-rating"), record.payload)
    assert (named["PJ_DF"], named["PJ_YX"]) == ("93.5", "2027-03-31")
    assert hand_in(csv_of(rows), item="green-rating", provider=ecology, at=AT).unchanged == 1


@pytest.mark.usefixtures("_with_new_item")
def test_its_files_are_told_from_those_of_other_items() -> None:
    header = "PJ_MC,PJ_DM,PJ_WH,PJ_DF,PJ_RQ,PJ_YX\n甲,乙,丙,1,2026/4/1,2027/4/1\n"
    submission = hand_in(header.encode())
    assert (submission.fault_code, submission.fault_facts["value"]) == ("E111", "环境信用评价")
