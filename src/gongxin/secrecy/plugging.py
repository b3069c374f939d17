"""Parts that an operator plugs in by name: a key management service, a certified module."""

from __future__ import annotations

import importlib
from typing import Any

from gongxin.errors import InvalidInput


def plugged_in(reference: str) -> Any:
    """What ``package.module:name`` names. Raises InvalidInput when it cannot be found."""
    module, _, name = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidInput(
            "plug-unknown",
            f"找不到“{reference}”（{error}）。",
            remedy="请按 包.模块:名称 的形式填写，并确认该程序包已经安装。",
        ) from error
