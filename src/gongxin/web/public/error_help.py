"""Help for the codes that intake answers with: what is wrong, why the platform asks for it, what to do."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin.errors import NotFound
from gongxin.intake.faults import FAULTS, Fault
from gongxin.web.public.serving import public_page

_GROUPS: Final = {
    "E1": gettext_lazy("文件"),
    "E2": gettext_lazy("列和单元格"),
    "E3": gettext_lazy("主体身份与匹配"),
    "E4": gettext_lazy("不得归集的内容"),
    "E5": gettext_lazy("日期与公示"),
    "W": gettext_lazy("提示（数据照常入库）"),
}
_LEVELS: Final = {
    "file": gettext_lazy("整批退回：一行都没有入库。"),
    "row": gettext_lazy("该行退回，其他行照常入库。"),
    "warning": gettext_lazy("该行照常入库，请核实。"),
}


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All codes by group."""
    groups = [
        (title, [fault for fault in FAULTS.values() if fault.code.startswith(mark)]) for mark, title in _GROUPS.items()
    ]
    return render(request, "public/errors.html", {"groups": [group for group in groups if group[1]]})


@public_page
def page(request: HttpRequest, code: str) -> HttpResponse:
    """One code."""
    fault = FAULTS.get(code.upper())
    if fault is None:
        raise NotFound("error-code-unknown", _("错误代码不存在。"), remedy=_("请从错误代码一览中查找。"))
    context = {
        "fault": fault,
        "level": _LEVELS[fault.level],
        "group": _GROUPS["W" if fault.is_warning else fault.code[:2]],
        "sentence": fault.sentence(**_open_parts()),
        "remedy": fault.next_step(**_open_parts()),
        "neighbours": _neighbours(fault),
    }
    return render(request, "public/error.html", context)


def _open_parts() -> dict[str, str]:
    """What a sentence says of its cell, left open."""
    return {"field": _("列名"), "value": _("单元格内容"), "expected": _("应有的形式")}


def _neighbours(fault: Fault) -> list[Fault]:
    """The other codes of the group."""
    mark = fault.code[: 1 if fault.is_warning else 2]
    return [other for other in FAULTS.values() if other.code.startswith(mark) and other.code != fault.code]
