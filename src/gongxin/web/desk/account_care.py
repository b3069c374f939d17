"""Looking after another's account: a new one, suspending and restoring it, its sessions, password, lock and factors.

Each with a page that asks to confirm. A one-time code is shown once, on the page that made it; nobody but the owner
ever knows a password.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity import accounts, departments, factors, lockout, passwords, selectors, sessions, suspension
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Role, User
from gongxin.identity.passwords import ResetCode
from gongxin.identity.roles import STAFF
from gongxin.web.desk.pages import acting_user, desk_page, require


class _Verb(Protocol):
    def __call__(self, account: User, /, *, acting_user: User | None, at: datetime) -> object: ...


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
        gettext_lazy("恢复后可以用原来的密码和双重验证方式登录。"),
        gettext_lazy("账号已恢复。"),
        suspension.enable,
    ),
    "end-sessions": Deed(
        gettext_lazy("结束登录会话"),
        gettext_lazy("该账号在所有浏览器上的登录立即结束，没有保存的内容会丢失；本人可以重新登录。"),
        gettext_lazy("登录会话已全部结束。"),
        sessions.end_all,
    ),
    "reset-password": Deed(
        gettext_lazy("重置密码"),
        gettext_lazy("现有密码立即作废，登录会话随之结束。系统生成一次性代码，由本人凭代码设置新密码。"),
        "",
        passwords.reset,
    ),
    "unlock": Deed(
        gettext_lazy("解除暂停登录"),
        gettext_lazy("该账号因连续登录失败被暂停登录。请先向本人核实是否本人操作。"),
        gettext_lazy("已解除暂停登录。"),
        lockout.unlock,
    ),
    "remove-factors": Deed(
        gettext_lazy("移除双重验证"),
        gettext_lazy("适用于本人遗失验证设备的情形。请先核实本人身份；移除后本人须重新设置。"),
        gettext_lazy("双重验证方式已全部移除。"),
        factors.remove_all,
    ),
}


class AccountForm(forms.Form):
    """A new account."""

    username = forms.CharField(
        label=gettext_lazy("账号"),
        max_length=150,
        help_text=gettext_lazy("登录时使用，建立后不能更改。不要使用身份证件号码、手机号码。"),
    )
    full_name = forms.CharField(label=gettext_lazy("姓名"), max_length=150)
    role = forms.ChoiceField(label=gettext_lazy("角色"), choices=[("", gettext_lazy("请选择")), *Role.choices])
    department = forms.ChoiceField(
        label=gettext_lazy("所属单位"),
        required=False,
        help_text=gettext_lazy("工作人员必须有所属单位；信用主体代表和自然人没有。"),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["department"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("没有所属单位")), *((entry.code, entry.name) for entry in departments.listing())]

    def clean(self) -> dict[str, Any]:
        """Staff have a department, others none; the verb judges it too, but here it is told at the field."""
        values: dict[str, Any] = super().clean() or {}
        role = values.get("role")
        if role and (role in STAFF) != bool(values.get("department")):
            text = _("请选择所属单位。") if role in STAFF else _("这个角色不属于任何单位，请选择“没有所属单位”。")
            self.add_error("department", text)
        return values

    def answers(self) -> list[tuple[str, str]]:
        """What was answered, to confirm."""
        values = self.cleaned_data
        department = departments.by_code(values["department"]).name if values["department"] else _("没有所属单位")
        return [
            (_("账号"), values["username"]),
            (_("姓名"), values["full_name"]),
            (_("角色"), Role(values["role"]).label),
            (_("所属单位"), department),
        ]


@require_http_methods(["GET", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponseBase:
    """A new account: the form, what was answered, then the page with the one-time code."""
    require(request, Action.ACCOUNT_CREATE)
    form, step = AccountForm(request.POST or None), request.POST.get("step")
    refused: GongxinError | None = None
    if form.is_valid() and step != "edit":
        if step != "submit":
            hidden = [(name, request.POST.get(name, "")) for name in form.fields]
            return render(request, "desk/account_new_check.html", {"answers": form.answers(), "hidden": hidden})
        try:
            return _code(request, *_made(form.cleaned_data, acting_user(request)), new=True)
        except GongxinError as error:
            refused = error
    status = refused.status if refused else (422 if form.errors else 200)
    return render(request, "desk/account_new.html", {"form": form, "refused": refused}, status=status)


@require_http_methods(["GET", "POST"])
@desk_page
def care(request: HttpRequest, account_id: int, deed: str) -> HttpResponseBase:
    """One of DEEDS: what will happen, to confirm; then it is done."""
    require(request, Action.ACCOUNT_SECURE)
    account, task = selectors.account(account_id), DEEDS[deed]
    if request.method == "POST":
        outcome = task.verb(account, acting_user=acting_user(request), at=clock.now())
        if isinstance(outcome, ResetCode):
            return _code(request, account, outcome)
        messages.success(request, str(task.done))
        return redirect("desk:account-of", account.pk)
    state = _("在用") if account.is_active else _("已停用")
    answers = [(_("角色"), account.get_role_display()), (_("状态"), state)]
    context = {"account": account, "task": task, "answers": answers, "ending": True}
    return render(request, "desk/appointing_check.html", context)


def offered(account: User) -> list[tuple[str, str | Promise]]:
    """The deeds that make sense now, with their titles; the verbs judge again."""
    names = (
        ["suspend", "end-sessions", "reset-password", "unlock", "remove-factors"] if account.is_active else ["restore"]
    )
    return [(name, DEEDS[name].title) for name in names]


def _made(values: dict[str, Any], actor: User) -> tuple[User, ResetCode]:
    department = departments.by_code(values["department"]) if values["department"] else None
    given: dict[str, Any] = {name: values[name] for name in ("full_name", "role")}
    return accounts.create_with_code(
        values["username"], **given, department=department, acting_user=actor, at=clock.now()
    )


def _code(request: HttpRequest, account: User, issued: ResetCode, *, new: bool = False) -> HttpResponseBase:
    """The only page a code is ever on. It answers the form, no redirect: nothing keeps the code in between."""
    return render(request, "desk/account_code.html", {"account": account, "issued": issued, "new": new})
