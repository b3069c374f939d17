"""Validation errors in words: the place in the request, what was found there and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gongxin.api.forms import NAME, PLAIN, SAYING
from gongxin.subjects.resident_ids import mask

_SHOWN: Final = 80
# What our own patterns ask for, in words.
_PATTERNS: Final = {
    NAME: "字母、数字和 . _ : -",
    PLAIN: "不含控制字符",
    SAYING: "不能为空白，不含控制字符",
}

# pydantic's error types in Chinese; {…} are the error's own limits.
_ALLOWED: Final = {
    "missing": "必填",
    "extra_forbidden": "没有此项",
    "string_type": "文字",
    "string_unicode": "有效的 Unicode 文字",
    "string_too_short": "不少于 {min_length} 个字符",
    "string_too_long": "不超过 {max_length} 个字符",
    "string_pattern_mismatch": "符合格式 {pattern}",
    "int_parsing": "整数",
    "int_type": "整数",
    "greater_than_equal": "不小于 {ge}",
    "less_than_equal": "不大于 {le}",
    "uuid_parsing": "UUID",
    "uuid_type": "UUID",
    "date_from_datetime_parsing": "日期 yyyy-MM-dd",
    "date_parsing": "日期 yyyy-MM-dd",
    "list_type": "数组",
    "dict_type": "对象",
    "model_attributes_type": "对象",
    "model_type": "对象",
    "too_long": "不超过 {max_length} 项",
    "too_short": "不少于 {min_length} 项",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "bool_parsing": "true 或 false",
}


def places(errors: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """One place for each error of pydantic."""
    return [{"pointer": _pointer(error), "found": _found(error), "allowed": _allowed(error)} for error in errors]


def _pointer(error: dict[str, Any]) -> str:
    """``#/rows/0`` for the body, ``query:limit`` for a parameter. ninja puts its own name for the body first: it is
    left out.
    """
    parts = [str(part) for part in error["loc"]]
    if error["source"] == "body":
        return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts[1:])
    return f"{error['source']}:{parts[-1] if parts else ''}"


def _found(error: dict[str, Any]) -> str:
    """What stood there, cut and with resident identity numbers masked; nothing where it was missing."""
    if error["type"] == "missing":
        return ""
    text = str(error.get("input", "")).encode(errors="replace").decode()
    return mask(text)[:_SHOWN]


def _allowed(error: dict[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] in _PATTERNS:
        return _PATTERNS[error["ctx"]["pattern"]]
    template = _ALLOWED.get(error["type"])
    return template.format_map(error.get("ctx", {})) if template else str(error["msg"])
