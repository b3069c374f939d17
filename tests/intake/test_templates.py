"""Templates are made from the catalogue, and intake reads them back without a change."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from gongxin.intake import headers, reading, templates
from gongxin.intake.faults import FileRefused
from gongxin.policy import packs
from gongxin.policy.model import Item

ITEMS = sorted(packs.current().items)
REPRESENTATIVES_PAPERS = {"XK_FR_ZJLX", "XK_FR_ZJHM", "CF_FR_ZJLX", "CF_FR_ZJHM"}
PERSONS_PAPERS = {"XK_XDR_ZJLX", "XK_XDR_ZJHM", "CF_XDR_ZJLX", "CF_XDR_ZJHM"}


def item_of(item_id: str) -> Item:
    return packs.current().item(item_id)


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def data_sheet(book: openpyxl.Workbook) -> Worksheet:
    return book[templates.DATA_SHEET]


def filled(item: Item, cells: dict[str, str], path: Path) -> Path:
    """The template with one row typed in, as a spreadsheet would save it."""
    book = opened(templates.workbook(item))
    for column, field in enumerate(templates.fields(item), start=1):
        data_sheet(book).cell(2, column, cells.get(field.name))
    book.save(path)
    return path


def test_there_are_items_to_test() -> None:
    assert {"licence", "penalty"} <= set(ITEMS)


@pytest.mark.parametrize("item_id", ITEMS)
def test_filled_template_is_understood_whole(item_id: str, tmp_path: Path) -> None:
    item = item_of(item_id)
    typed = {field.name: f"文本{number}" for number, field in enumerate(item.fields)}
    path = filled(item, typed, tmp_path / "filled.xlsx")
    table = reading.open_table(path, path.name, item, packs.current())
    assert set(table.columns.places) == {field.name for field in templates.fields(item)}
    assert table.columns.ignored == ()
    frames = [chunk.frame for chunk in table.chunks()]
    assert table.notices == []
    rows = [row for frame in frames for row in frame.rows(named=True)]
    read = {name: rows[0][f"c{places[0]}"] for name, places in table.columns.places.items()}
    assert read == {name: text for name, text in typed.items() if name in table.columns.places}
    assert rows[0]["row"] == 2


def test_empty_template_holds_no_row(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.write_bytes(templates.workbook(item_of("penalty")))
    table = reading.open_table(path, path.name, item_of("penalty"), packs.current())
    assert sum(chunk.frame.height for chunk in table.chunks()) == 0


@pytest.mark.parametrize("item_id", ITEMS)
def test_codes_survive_because_every_column_is_text(item_id: str) -> None:
    sheet = data_sheet(opened(templates.workbook(item_of(item_id))))
    count = len(templates.fields(item_of(item_id)))
    letters = [cell.column_letter for cell in sheet[1]]
    assert len(letters) == count
    assert {
        sheet.column_dimensions[letter].number_format for letter in letters if letter in sheet.column_dimensions
    } == {"@"}


def test_required_columns_are_marked_and_explained() -> None:
    sheet = data_sheet(opened(templates.workbook(item_of("penalty"))))
    head = {cell.value: cell for cell in sheet[1]}
    required, optional = head["行政处罚决定书文号"], head["备注"]
    assert required.fill.fgColor.rgb != optional.fill.fgColor.rgb
    assert "必填" in required.comment.text
    assert "选填" in optional.comment.text


def test_drop_downs_hold_the_code_lists() -> None:
    item, pack = item_of("penalty"), packs.current()
    book = opened(templates.workbook(item))
    assert book[templates.LISTS_SHEET].sheet_state == "hidden"
    listed = {
        column[0].value: [cell.value for cell in column[1:] if cell.value]
        for column in book[templates.LISTS_SHEET].columns
    }
    wanted = {field.code_list for field in templates.fields(item) if field.code_list}
    assert listed == {
        pack.code_lists[name].title: [code.code for code in pack.code_lists[name].codes] for name in wanted
    }
    assert len(data_sheet(book).data_validations.dataValidation) == len(
        [field for field in templates.fields(item) if field.code_list]
    )


def test_several_penalty_kinds_in_one_cell_are_not_blocked_by_the_drop_down() -> None:
    item = item_of("penalty")
    column = [field.type for field in templates.fields(item)].index("codes") + 1
    sheet = data_sheet(opened(templates.workbook(item)))
    letter = sheet.cell(1, column).column_letter
    rules = [rule for rule in sheet.data_validations.dataValidation if f"{letter}2" in rule.sqref]
    assert [bool(rule.showErrorMessage) for rule in rules] == [False]


def test_rules_sheet_explains_every_field_and_holds_the_sample() -> None:
    item = item_of("penalty")
    rows = list(opened(templates.workbook(item))[templates.RULES_SHEET].iter_rows(min_row=7, values_only=True))
    assert [row[2] for row in rows] == [field.name for field in templates.fields(item)]
    assert any(row[7] for row in rows)


def test_papers_of_persons_are_not_asked_for() -> None:
    asked = {field.name for item in ITEMS for field in templates.fields(item_of(item))}
    assert not asked & (PERSONS_PAPERS | REPRESENTATIVES_PAPERS)
    assert all(field.name in asked for item in ITEMS for field in item_of(item).fields if field.required)


def test_template_of_another_item_is_named(tmp_path: Path) -> None:
    path = filled(item_of("licence"), {"XK_WSH": "泽许〔2026〕1号"}, tmp_path / "licence.xlsx")
    with pytest.raises(FileRefused) as refused:
        reading.open_table(path, path.name, item_of("penalty"), packs.current())
    assert refused.value.code == "E111"


def test_same_catalogue_same_bytes() -> None:
    assert templates.workbook(item_of("penalty")) == templates.workbook(item_of("penalty"))


@pytest.mark.parametrize("item_id", ITEMS)
def test_titles_are_unambiguous(item_id: str) -> None:
    titles = [headers.folded(field.label) for field in item_of(item_id).fields]
    assert len(set(titles)) == len(titles)
