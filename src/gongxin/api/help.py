"""Help on error codes: those of files and rows (E…, W…) and those of the API itself. No key needed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from gongxin.api import problems
from gongxin.errors import NotFound
from gongxin.intake.faults import FAULTS

router = Router(tags=["catalogue"])


class ErrorOut(Schema):
    """What an error code means and what to do. level: file, row, warning, or request."""

    code: str
    level: str
    title: str
    title_en: str
    reason: str
    remedy: str


@router.get("/{code}", response=ErrorOut, openapi_extra={"x-problems": [404]})
def error(request: HttpRequest, code: str) -> Any:
    """The help page of a code, as data."""
    if fault := FAULTS.get(code):
        return {name: getattr(fault, name) for name in ErrorOut.model_fields}
    if known := problems.types().get(code):
        return {"level": "request", "reason": "", "code": known.code, "title": known.title} | {
            "title_en": known.title_en,
            "remedy": known.remedy,
        }
    raise NotFound("not-found", "没有这个错误代码。", remedy="请核对代码；全部代码见 /errors/ 和 /api/v1/docs。")
