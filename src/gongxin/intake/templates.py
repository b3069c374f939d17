"""Upload templates: a workbook per catalogue item, made from the catalogue, that intake reads back as it is.

The first sheet (数据) holds one header row of Chinese titles and nothing else: whatever stands below it is handed in,
so the fictional sample stands on the rules sheet (填报规则), beside each field's rule. All columns are text, so that a
spreadsheet does not turn an 18-digit code into 9.137E+17.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from gongxin.policy import packs
from gongxin.policy.model import Condition, Field, Item
from gongxin.policy.packs import Pack

DATA_SHEET: Final = "数据"
RULES_SHEET: Final = "填报规则"
LISTS_SHEET: Final = "取值表"

# Documents of natural persons are not kept (W206), so the template does not ask for them.
_NOT_ASKED: Final = frozenset(
    {"person_id_type", "person_id_number", "representative_id_type", "representative_id_number"}
)
_LAST_ROW: Final = 1_048_575
_TYPES: Final = {
    "text": "文本",
    "date": "日期（2026-04-02 或 2026/04/02）",
    "decimal": "数字",
    "integer": "整数",
    "code": "单选（取值表）",
    "codes": "多选（取值表，分号隔开）",
    "uscc": "统一社会信用代码（18 位）",
    "year": "年份（4 位）",
}
_RULES: Final = (
    ("序号", 6),
    ("列标题", 34),
    ("字段名", 18),
    ("是否必填", 26),
    ("类型", 26),
    ("最大长度", 10),
    ("取值", 44),
    ("示例（虚构）", 30),
    ("说明", 50),
)
# A workbook's own date; fixed, so that the same catalogue gives the same bytes.
_MADE: Final = datetime(2026, 1, 1)


def workbook(item: Item) -> bytes:
    """The template of `item` as XLSX: data sheet, rules sheet with samples, hidden sheet of the code lists' values."""
    pack, buffer = packs.current(), BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{item.title}填报模板", "comments": f"{item.id} v{item.version}", "created": _MADE})
    asked = fields(item)
    data, rules, lists = (book.add_worksheet(name) for name in (DATA_SHEET, RULES_SHEET, LISTS_SHEET))
    ranges = _write_lists(lists, asked, pack)
    _write_data(book, data, asked, ranges)
    _write_rules(book, rules, item, pack)
    book.close()
    return buffer.getvalue()


def fields(item: Item) -> tuple[Field, ...]:
    """The fields a template asks for, in catalogue order."""
    return tuple(field for field in item.fields if field.role not in _NOT_ASKED)


def filename(item: Item) -> str:
    """Name of the template file for downloads."""
    return f"{item.title}填报模板_v{item.version}.xlsx"


def _write_lists(sheet: Worksheet, asked: tuple[Field, ...], pack: Pack) -> dict[str, str]:
    """One column per code list; gives each list's range for the drop-downs."""
    sheet.hide()
    ranges: dict[str, str] = {}
    for list_id in dict.fromkeys(field.code_list for field in asked if field.code_list):
        column, codes = len(ranges), [code.code for code in pack.code_lists[list_id].codes]
        sheet.write_string(0, column, pack.code_lists[list_id].title)
        for row, code in enumerate(codes, start=1):
            sheet.write_string(row, column, code)
        letter = xl_col_to_name(column)
        ranges[list_id] = f"='{LISTS_SHEET}'!${letter}$2:${letter}${len(codes) + 1}"
    return ranges


def _write_data(book: xlsxwriter.Workbook, sheet: Worksheet, asked: tuple[Field, ...], ranges: dict[str, str]) -> None:
    text = book.add_format({"num_format": "@"})
    frame = {"bold": True, "border": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"}
    styles = {
        "required": book.add_format({**frame, "bg_color": "#C00000", "font_color": "#FFFFFF"}),
        "conditional": book.add_format({**frame, "bg_color": "#FFE699"}),
        "optional": book.add_format({**frame, "bg_color": "#E7E6E6"}),
    }
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 44)
    for column, field in enumerate(asked):
        sheet.set_column(column, column, _width(field), text)
        sheet.write_string(0, column, field.label, styles[_need(field)])
        sheet.write_comment(0, column, _comment(field), {"x_scale": 2, "y_scale": 1.5})
        if field.code_list:
            sheet.data_validation(1, column, _LAST_ROW, column, _drop_down(field, ranges[field.code_list]))
    sheet.activate()


def _drop_down(field: Field, source: str) -> dict[str, object]:
    """Of a multiple choice the list is only an aid: several values stand in one cell, separated by semicolons."""
    return {
        "validate": "list",
        "source": source,
        "ignore_blank": True,
        "show_error": field.type == "code",
        "error_title": "取值不在列表中",
        "error_message": "请从下拉列表中选择，或者查看“填报规则”。",
    }


def _write_rules(book: xlsxwriter.Workbook, sheet: Worksheet, item: Item, pack: Pack) -> None:
    cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
    title = book.add_format({"bold": True, "font_size": 14})
    sheet.write_string(
        0, 0, f"{item.title}填报规则（目录项 {item.id}，第 {item.version} 版，政策包 {pack.version}）", title
    )
    sheet.write_string(1, 0, "依据：" + "；".join(f"{entry.title}{entry.article}" for entry in item.basis))
    sheet.write_string(
        2, 0, "“数据”工作表第一行是列标题，不要改动；从第二行起填写。红色必填，黄色按条件必填，灰色选填。"
    )
    persons = "自然人数据请用自然人填报模板另行报送" if item.persons else "自然人数据不予接收"
    sheet.write_string(3, 0, f"只填写组织和个体工商户的数据；{persons}。示例均为虚构，不会被读取。")
    for column, (name, width) in enumerate(_RULES):
        sheet.set_column(column, column, width)
        sheet.write_string(5, column, name, head)
    for number, field in enumerate(fields(item), start=1):
        _write_line(sheet, number, rule_of(field, pack, item), cell)
    sheet.freeze_panes(6, 2)


def _write_line(sheet: Worksheet, number: int, texts: tuple[str, ...], cell: Format) -> None:
    for column, value in enumerate((str(number), *texts)):
        sheet.write_string(5 + number, column, value, cell)


def rule_of(field: Field, pack: Pack, item: Item) -> tuple[str, ...]:
    """Title, name, need, type, length, values, sample and note of one field, as rules sheet and catalogue page show."""
    values = "；".join(code.code for code in pack.code_lists[field.code_list].codes) if field.code_list else ""
    length = str(field.max_length) if field.max_length else ""
    notes = [field.note] if field.note else []
    if field.name in item.natural_key:
        notes.append("与其他关键字段一起确定是否为同一条记录。")
    if not field.published:
        notes.append("不公示。")
    return (
        field.label,
        field.name,
        _need_text(field, item),
        _TYPES[field.type],
        length,
        values,
        field.example,
        " ".join(notes),
    )


def _need(field: Field) -> str:
    if field.required:
        return "required"
    return "conditional" if field.required_when else "optional"


def _need_text(field: Field, item: Item) -> str:
    if field.required:
        return "必填"
    return "；".join(_when(condition, item) for condition in field.required_when) or "选填"


def _when(condition: Condition, item: Item) -> str:
    label = next((entry.label for entry in item.fields if entry.name == condition.field), condition.field)
    need = "必填" if condition.level == "error" else "应填（缺少时提示）"
    return f"“{label}”为 {'、'.join(condition.values)} 时{need}"


def _comment(field: Field) -> str:
    need = {"required": "必填", "conditional": "按条件必填，见填报规则", "optional": "选填"}[_need(field)]
    length = f"，最长 {field.max_length} 个字符" if field.max_length else ""
    sample = f"\n示例（虚构）：{field.example}" if field.example else ""
    return f"{field.name}\n{need}；{_TYPES[field.type]}{length}{sample}"


def _width(field: Field) -> int:
    if field.type in ("text", "codes"):
        return 28 if (field.max_length or 0) <= 200 else 44
    return 22 if field.type in ("uscc", "code") else 14
