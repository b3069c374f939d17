"""What pages and commands say for the reasons why a record may not be seen (judging.REASONS)."""

from __future__ import annotations

from typing import Final

SAID: Final = {
    "unknown": "没有这条记录",
    "item-gone": "目录中没有这一类信息",
    "archived": "已归档",
    "case": "办件已决定停止公示",
    "class": "按目录不向社会公示",
    "never": "按规定不予公示",
    "early": "未到公示起始日",
    "ended": "公示期已届满",
}
