"""What an account can do, and why (账号权限说明): for the own account, and for those who look after accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind
from gongxin.identity import actors, explaining, selectors
from gongxin.identity.decision_table import ROLES, Action, Text
from gongxin.identity.explaining import Line
from gongxin.identity.models import User
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import account_page, acting_user, desk_page, require

_COLUMNS: Final = ("行为", "对象", "结论", "以何角色", "代理谁", "规则", "规则内容", "依据", "依据可靠程度", "下一步")


@require_safe
@account_page
def own(request: HttpRequest) -> HttpResponseBase:
    """What the own account can do."""
    return _page(request, acting_user(request))


@require_safe
@account_page
def own_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The same as a file."""
    return _file(acting_user(request), form)


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def of_account(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """What another account can do."""
    return _page(request, _looked_up(request, account_id))


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def file_of_account(request: HttpRequest, account_id: int, form: str) -> HttpResponseBase:
    """The same as a file."""
    return _file(_looked_up(request, account_id), form)


def _looked_up(request: HttpRequest, account_id: int) -> User:
    """Another account, by whom it may be looked up; on record."""
    rule = require(request, Action.ACCOUNT_READ).rule
    found = selectors.account(account_id)
    looking.saw(request, Seen(found.username), rule=rule)
    return found


def said(text: Text) -> str:
    """The sentence in the page's language."""
    return text.en if (get_language() or "").startswith("en") else text.zh


def _page(request: HttpRequest, account: User) -> HttpResponseBase:
    day = clock.today()
    found = _lines(account)
    context = {
        "account": account,
        "own": account.pk == acting_user(request).pk,
        "day": day,
        "allowed": [_row(line) for line in found if line.decision.allowed],
        "denied": [_row(line) for line in found if not line.decision.allowed],
        "stands_in": selectors.in_force(account, day),
        "stood_in_by": selectors.standing_in(account, day),
        "represented": selectors.represented(account),
    }
    return render(request, "desk/permissions.html", context)


def _lines(account: User) -> list[Line]:
    day = clock.today()
    return explaining.lines(actors.of_user(account, day=day), day=day)


def _row(line: Line) -> dict[str, object]:
    decision = line.decision
    return {
        "title": said(line.deed.title),
        "situation": said(line.situation),
        "reason": said(Text(decision.reason, decision.reason_en)),
        "next_step": said(Text(decision.next_step, decision.next_step_en)),
        "rule": decision.rule,
        "basis": decision.basis,
        "absent": decision.absent,
    }


def _file(account: User, form: str) -> HttpResponseBase:
    name = _("账号权限说明") + f"-{account.username}"
    return sheets.listed(form, "账号权限说明", _COLUMNS, _cells(_lines(account)), name=name)


def _cells(found: list[Line]) -> Iterator[list[str]]:
    for line in found:
        decision = line.decision
        yield [
            line.deed.title.zh,
            line.situation.zh,
            "可以" if decision.allowed else "不可以",
            ROLES[decision.role],
            decision.absent,
            decision.rule,
            decision.reason,
            decision.basis.title + decision.basis.article,
            decision.basis.confidence,
            decision.next_step,
        ]
