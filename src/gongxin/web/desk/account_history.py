"""The history of an account, as the log has it: what was done to it, by whom, when; newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind
from gongxin.identity import departments, selectors, warrants
from gongxin.identity.decision_table import ROLES, ROLES_EN, Action
from gongxin.identity.models import ProposalKind
from gongxin.ledger import selectors as log
from gongxin.ledger.events import EVENTS
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import ask, desk_page, require
from gongxin.web.templatetags.desk import operator

_PAGE: Final = 50
_FILE_ROWS: Final = 5_000
_STRETCH: Final = 500
_COLUMNS: Final = ("时间", "事项", "办理人", "来源地址", "日志编号")
# Codes in the fields of the log, as people read them.
_WORDS: Final[dict[str, str | Promise]] = {
    "password": _lazy("密码"),
    "government": _lazy("统一身份认证"),
    "totp": _lazy("验证器应用"),
    "webauthn": _lazy("安全密钥"),
    "recovery_codes": _lazy("恢复码"),
    "all": _lazy("全部"),
    "own": _lazy("本人结束"),
    "administrator": _lazy("管理员结束"),
    "signed-out": _lazy("退出登录"),
    "idle": _lazy("长时间未使用"),
    "age": _lazy("超过最长时间"),
    "locked": _lazy("暂停登录期间"),
    "factor": _lazy("验证码不正确"),
    "factor-locked": _lazy("暂停登录期间"),
    "account-closed": _lazy("账号已停用"),
    "department-inactive": _lazy("单位已停用"),
    **{kind.value: kind.label for kind in ProposalKind},
    "": _lazy("无"),
}
# By what right it was done, where the leaf says so.
_RULES: Final[dict[str, str | Promise]] = {
    warrants.TWO: _lazy("（由他人提出，经批准）"),
    warrants.BOOTSTRAP: _lazy("（节点尚无两名管理员，由命令行办理）"),
    warrants.EMERGENCY: _lazy("（紧急情况，由命令行办理）"),
}
_REASONS: Final[dict[str, str | Promise]] = {"password": _lazy("密码不正确")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf about the account. actor, address: empty where destroyed, unknown, or not for the reader."""

    seq: int
    at: datetime
    sentence: str
    actor: str
    address: str


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def history(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """A page of it; `before`: the number of the leaf it goes on from."""
    rule = require(request, Action.ACCOUNT_READ).rule
    account = selectors.account(account_id)
    looking.saw(request, Seen(account.username), rule=rule)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    found = _entries(account.pk, _PAGE + 1, before, addresses=_sees_addresses(request))
    context = {
        "account": account,
        "entries": found[:_PAGE],
        "first": request.path if before is not None else "",
        "following": f"?before={found[_PAGE - 1].seq}" if len(found) > _PAGE else "",
        "addresses": _sees_addresses(request),
        "limit": _FILE_ROWS,
    }
    return render(request, "desk/account_history.html", context)


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def history_file(request: HttpRequest, account_id: int, form: str) -> HttpResponseBase:
    """The newest entries as CSV or XLSX."""
    rule = require(request, Action.ACCOUNT_READ).rule
    account = selectors.account(account_id)
    looking.saw(request, Seen(account.username), rule=rule)
    rows = _rows(account.pk, addresses=_sees_addresses(request))
    return sheets.listed(form, "账号历史", _COLUMNS, rows)


def _sees_addresses(request: HttpRequest) -> bool:
    """From where an account signed in is for those who look after its security, and for the audit."""
    return ask(request, Action.ACCOUNT_SECURE).allowed or ask(request, Action.LOOKS_SEARCH).allowed


def _rows(account: int, *, addresses: bool) -> Iterator[list[str]]:
    before, left = None, _FILE_ROWS
    while left and (found := _entries(account, min(_STRETCH, left), before, addresses=addresses)):
        for entry in found:
            at = f"{entry.at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M:%S}"
            yield [at, entry.sentence, operator(entry.actor), entry.address, str(entry.seq)]
        before, left = found[-1].seq, left - len(found)


def _entries(account: int, size: int, before: int | None, *, addresses: bool) -> list[Entry]:
    found = log.about(account, size=size, before=before)
    names = dict(departments.listing(inactive=True).values_list("code", "name"))
    return [_entry(seq, json.loads(one.body), one.values, names, addresses=addresses) for seq, one in found]


def _entry(
    seq: int, leaf: dict[str, Any], opened: Mapping[str, str], names: Mapping[str, str], *, addresses: bool
) -> Entry:
    event, english = EVENTS[leaf["event"]], (get_language() or "").startswith("en")
    roles = ROLES_EN if english else ROLES
    known = {"role": roles, "old": roles, "department": names}
    said = {name: _said(event.code, name, value, known.get(name)) for name, value in leaf["fields"].items()}
    right = _RULES.get(str(leaf["fields"].get("rule", "")), "")
    return Entry(
        seq=seq,
        at=datetime.fromisoformat(leaf["at"]),
        sentence=(event.en if english else event.zh).format_map(said) + str(right),
        actor=opened.get("actor", ""),
        address=opened.get("address", "") if addresses else "",
    )


def _said(event: str, name: str, value: object, known: Mapping[str, str] | None) -> str:
    """A field's value as people read it. known: the titles of its codes, where it has such."""
    text = str(value)
    if known is not None:
        return known.get(text, text) or _("无")
    if event == "signin.refused" and text in _REASONS:
        return str(_REASONS[text])
    return str(_WORDS.get(text, text)) if name in ("method", "factor", "kind", "reason") else text
