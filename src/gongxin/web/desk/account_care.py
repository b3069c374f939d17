"""What the security administrator does to another's account alone, because it takes away and gives nothing: suspending
it and taking that back at once, its sessions, its lock-out. What gives something takes two (`proposing`, `proposals`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.identity import lockout, selectors, sessions, suspension
from gongxin.identity.decision_table import Action
from gongxin.identity.models import User
from gongxin.web import looking
from gongxin.web.desk.pages import acting_user, desk_page, require


class _Verb(Protocol):
    def __call__(self, account: User, /, *, acting_user: User, at: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done to an account: the words of its pages, and the verb."""

    title: str | Promise
    warning: str | Promise
    done: str | Promise
    verb: _Verb


DEEDS: Final[dict[str, Deed]] = {
    "suspend": Deed(
        gettext_lazy("停用账号"),
        gettext_lazy("停用后立即不能登录，正在使用的登录会话随之结束。账号的资料和办理记录保留，可以恢复。"),
        gettext_lazy("账号已停用，登录会话已结束。"),
        suspension.disable,
    ),
    "restore": Deed(
        gettext_lazy("恢复账号"),
        gettext_lazy("撤回刚刚办理的停用；恢复后可以用原来的密码和双重验证方式登录。"),
        gettext_lazy("账号已恢复。"),
        suspension.enable,
    ),
    "end-sessions": Deed(
        gettext_lazy("结束登录会话"),
        gettext_lazy("该账号在所有浏览器上的登录立即结束，没有保存的内容会丢失；本人可以重新登录。"),
        gettext_lazy("登录会话已全部结束。"),
        sessions.end_all,
    ),
    "unlock": Deed(
        gettext_lazy("解除暂停登录"),
        gettext_lazy("该账号因连续登录失败被暂停登录。请先向本人核实是否本人操作。"),
        gettext_lazy("已解除暂停登录。"),
        lockout.unlock,
    ),
}


@require_http_methods(["GET", "POST"])
@desk_page
def care(request: HttpRequest, account_id: int, deed: str) -> HttpResponseBase:
    """One of DEEDS: what will happen, to confirm; then it is done."""
    require(request, Action.ACCOUNT_SECURE)
    account, task = selectors.account(account_id), DEEDS[deed]
    looking.saw(request, Seen(account.username))
    if request.method == "POST":
        task.verb(account, acting_user=acting_user(request), at=clock.now())
        messages.success(request, str(task.done))
        return redirect("desk:account-of", account.pk)
    state = _("在用") if account.is_active else _("已停用")
    answers = [(_("角色"), account.get_role_display()), (_("状态"), state)]
    context = {"account": account, "task": task, "answers": answers, "ending": True}
    return render(request, "desk/appointing_check.html", context)


def offered(account: User) -> list[tuple[str, str | Promise]]:
    """The deeds that make sense now, with their titles; the verbs judge again."""
    names = ["suspend", "end-sessions", "unlock"]
    if not account.is_active:
        names = ["restore"] if suspension.is_recent(account, at=clock.now()) else []
    return [(name, DEEDS[name].title) for name in names]
