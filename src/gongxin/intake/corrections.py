"""Correcting rejected rows in the page, and entering a single record: a small file of our own through the same
pipeline.

The file is JSON Lines: titles are keys there, so no cell's content can be taken for a delimiter.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity.models import Department, User
from gongxin.intake import headers, submissions
from gongxin.intake.models import Channel, RejectedRow, Submission
from gongxin.intake.persons import MASKED
from gongxin.intake.returns import BATCH_COLUMN, ROW_COLUMN
from gongxin.policy import packs
from gongxin.policy.model import Item

# A page holds a handful of rows; more are corrected in the downloaded file.
MOST_ROWS: Final = 500

Values = Mapping[str, str]


def correct_rows(
    submission: Submission,
    corrections: Mapping[int, Values],
    *,
    acting_user: User | None,
    at: datetime,
) -> Submission:
    """Hand in rejected rows again with corrected values: {row number: {field name: new text}}. Fields not named stay
    as they are.

    Returns the new submission (channel rows, `corrects` the old one), processed. Rows it takes in are marked as
    corrected in the old submission. Raises InvalidInput (no rows, too many, an unknown field, a row whose content was
    not kept), NotFound (no such rejected row), Conflict (corrected before), and what `submissions.submit` raises.
    """
    item = packs.current().item(submission.item)
    rejected = _open_rows(submission, corrections)
    _judge_fields(item, {field for values in corrections.values() for field in values})
    places = _places(submission, item)
    lines = [_corrected(rejected[number], submission, places, corrections[number]) for number in sorted(corrections)]
    return submissions.submit(
        _json_lines(lines),
        filename=f"改正-{submission.filename.rsplit('.', 1)[0]}.jsonl",
        item=submission.item,
        provider=submission.provider,
        channel=Channel.ROWS,
        acting_user=acting_user,
        at=at,
        corrects=submission,
        mode="now",
    )


def enter_single(
    item: Item, provider: Department, values: Values, *, acting_user: User | None, at: datetime
) -> Submission:
    """Hand in one record from the entry form: {field name: text}. Returns the submission (channel form), processed.

    Raises InvalidInput (nothing filled in, an unknown field) and what `submissions.submit` raises.
    """
    _judge_fields(item, set(values))
    if not any(value.strip() for value in values.values()):
        raise InvalidInput("form-empty", "没有填写任何内容。", remedy="请填写必填项后提交。")
    line = {field.name: values.get(field.name, "") for field in item.fields if field.name in values or field.required}
    return submissions.submit(
        _json_lines([line]),
        filename="单条录入.jsonl",
        item=item.id,
        provider=provider,
        channel=Channel.FORM,
        acting_user=acting_user,
        at=at,
        mode="now",
    )


def current_values(submission: Submission, row: RejectedRow) -> dict[str, str]:
    """What stands in a rejected row, by field name, for the page that corrects it.

    Empty if its content was not kept.
    """
    cells, item = row.cells or [], packs.current().item(submission.item)
    found = _places(submission, item)
    return {name: _cell(cells, indexes[0]) for name, indexes in found.items()} if cells else {}


def _open_rows(submission: Submission, corrections: Mapping[int, Values]) -> dict[int, RejectedRow]:
    """The rejected rows meant, by number."""
    if not corrections or len(corrections) > MOST_ROWS:
        raise InvalidInput(
            "rows-count", f"一次可以改正 1 至 {MOST_ROWS} 行。", remedy="行数较多时，请下载问题数据，改正后整份上传。"
        )
    found = RejectedRow.objects.filter(submission=submission, row_number__in=list(corrections))
    rejected = {row.row_number: row for row in found}
    for number in corrections:
        row = rejected.get(number)
        if row is None:
            raise NotFound("row-unknown", f"第 {number} 行不在退回的数据中。", remedy="请刷新页面后重试。")
        if row.cells is None:
            raise InvalidInput(
                "row-not-kept",
                f"第 {number} 行涉及自然人，内容未保存，不能在页面改正。",
                remedy="请在原文件中改正后重新报送。",
            )
        if row.corrected_by_id is not None:
            raise Conflict("row-corrected", f"第 {number} 行已经改正。", remedy="请刷新页面查看。")
    return rejected


def _judge_fields(item: Item, names: set[str]) -> None:
    unknown = names - {field.name for field in item.fields}
    if unknown:
        raise InvalidInput(
            "field-unknown",
            f"目录项“{item.title}”没有字段：{'、'.join(sorted(unknown))}。",
            remedy="请刷新页面后重试。",
        )


def _places(submission: Submission, item: Item) -> Mapping[str, tuple[int, ...]]:
    """Field name → its columns in the submission's file."""
    return headers.assign(headers.Header(1, tuple(submission.columns), 2), item, packs.current()).places


def _corrected(
    row: RejectedRow, submission: Submission, places: Mapping[str, tuple[int, ...]], values: Values
) -> dict[str, str]:
    """The row as an object: titles of the file as keys, so that an older template is recognised again."""
    line: dict[str, str] = {}
    for name, indexes in places.items():
        # An older template may have split the field over columns; a new value then stands in the first.
        texts = (
            [values[name], *[""] * (len(indexes) - 1)]
            if name in values
            else [_cell(row.cells or [], n) for n in indexes]
        )
        line |= {submission.columns[n]: text for n, text in zip(indexes, texts, strict=True)}
    line |= {name: value for name, value in values.items() if name not in places}
    return line | {ROW_COLUMN: str(row.row_number), BATCH_COLUMN: str(submission.pk)}


def _cell(cells: list[str | None], place: int) -> str:
    """The cell's text; nothing where an identity number stood (see `returns`)."""
    text = (cells[place] or "") if place < len(cells) else ""
    return "" if text == MASKED else text


def _json_lines(lines: list[dict[str, str]]) -> io.BytesIO:
    # Every line has every key: keys are columns.
    keys = dict.fromkeys(key for line in lines for key in line)
    texts = [json.dumps({key: line.get(key, "") for key in keys}, ensure_ascii=False) for line in lines]
    return io.BytesIO(("\n".join(texts) + "\n").encode())
