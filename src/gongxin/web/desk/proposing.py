"""Proposing a change of an account: a new one, another role, and what opens one again. The system administrator asks,
confirms what was answered, and nothing changes before the security administrator approves (`proposals`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

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
from gongxin.enquiries.looks import Seen
from gongxin.errors import GongxinError
from gongxin.identity import departments, proposals, selectors
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Department, ProposalKind, Role, User
from gongxin.identity.proposals import Wanted
from gongxin.identity.roles import STAFF
from gongxin.identity.warrants import REASON
from gongxin.web import looking
from gongxin.web.desk.pages import acting_user, desk_page, require

# What is asked for with a reason and nothing else: title, and what will happen once it is approved.
ASKED: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    ProposalKind.RESTORE: (
        gettext_lazy("提出恢复账号"),
        gettext_lazy("批准后可以用原来的密码和双重验证方式登录。"),
    ),
    ProposalKind.PASSWORD: (
        gettext_lazy("提出重置密码"),
        gettext_lazy("批准后现有密码作废，登录会话结束；本人凭分两段转交的一次性代码设置新密码。"),
    ),
    ProposalKind.FACTORS: (
        gettext_lazy("提出移除双重验证"),
        gettext_lazy("适用于本人遗失验证设备的情形。请先核实本人身份；批准后本人须重新设置。"),
    ),
}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("如调岗文件的名称和编号、本人申请。不要填写身份证件号码；写入存证日志的承诺值。"),
    )


class RoleForm(ReasonForm):
    """The role and department an account is to have, and why."""

    role = forms.ChoiceField(label=gettext_lazy("角色"), choices=[("", gettext_lazy("请选择")), *Role.choices])
    department = forms.ChoiceField(
        label=gettext_lazy("所属单位"),
        required=False,
        help_text=gettext_lazy("工作人员必须有所属单位；信用主体代表和自然人没有。"),
    )
    field_order: Sequence[str] = ("role", "department", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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


class AccountForm(RoleForm):
    """A new account."""

    username = forms.CharField(
        label=gettext_lazy("账号"),
        max_length=150,
        help_text=gettext_lazy("登录时使用，建立后不能更改。不要使用身份证件号码、手机号码。"),
    )
    full_name = forms.CharField(label=gettext_lazy("姓名"), max_length=150)
    field_order = ("username", "full_name", "role", "department", "reason")


@dataclass(frozen=True, slots=True)
class _Page:
    """A change as its pages have it: whose account (None: a new one), the form, its words, and what it asks for."""

    account: User | None
    form: forms.Form
    title: str | Promise
    warning: str | Promise
    wanted: Callable[[dict[str, Any]], Wanted]


@require_http_methods(["GET", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponseBase:
    """A new account."""
    require(request, Action.ACCOUNT_PROPOSE)
    looking.settle(request)

    def wanted(values: dict[str, Any]) -> Wanted:
        names = {name: values[name] for name in ("username", "full_name", "role")}
        return Wanted(ProposalKind.ACCOUNT, department=_department(values), **names)

    warning = _("批准后建立账号；密码由本人凭分两段转交的一次性代码设置，管理员不经手。")
    page = _Page(None, AccountForm(request.POST or None), _("提出建立账号"), warning, wanted)
    return _steps(request, page)


@require_http_methods(["GET", "POST"])
@desk_page
def role(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Another role or department for an account. `undo`: a proposal whose change is to be taken back."""
    account = _account(request, account_id)
    form = RoleForm(request.POST or None, initial=_initial(request, account))

    def wanted(values: dict[str, Any]) -> Wanted:
        return Wanted(ProposalKind.ROLE, account, role=values["role"], department=_department(values))

    warning = _("批准后自下一次操作起生效；该账号现有的代理和主体绑定随之结束。")
    return _steps(request, _Page(account, form, _("提出变更角色和单位"), warning, wanted))


@require_http_methods(["GET", "POST"])
@desk_page
def ask(request: HttpRequest, account_id: int, kind: str) -> HttpResponseBase:
    """One of ASKED."""
    account = _account(request, account_id)
    title, warning = ASKED[kind]
    page = _Page(
        account,
        ReasonForm(request.POST or None),
        title,
        warning,
        lambda _values: Wanted(ProposalKind(kind), account),
    )
    return _steps(request, page)


def offered(account: User) -> list[tuple[str, str | Promise]]:
    """What of ASKED makes sense now, with its title; the verb judges again."""
    kinds = [ProposalKind.PASSWORD, ProposalKind.FACTORS] if account.is_active else [ProposalKind.RESTORE]
    return [(kind.value, ASKED[kind][0]) for kind in kinds]


def _account(request: HttpRequest, account_id: int) -> User:
    """Somebody else's account, which its page shows; on record."""
    account = selectors.account(account_id)
    require(request, Action.ACCOUNT_PROPOSE, Resource(account=account.username))
    looking.saw(request, Seen(account.username))
    return account


def _initial(request: HttpRequest, account: User) -> dict[str, str]:
    role, department = account.role, account.department
    text = request.GET.get("undo", "")
    if text:
        try:
            made = proposals.one(UUID(text))
        except ValueError:
            made = None
        if made is not None and made.account == account and made.old_role:
            role, department = made.old_role, made.old_department
    return {"role": role, "department": department.code if department else ""}


def _steps(request: HttpRequest, page: _Page) -> HttpResponseBase:
    """The form; then what was answered, to confirm; then the proposal. `step` says which."""
    form, step = page.form, request.POST.get("step")
    refused: GongxinError | None = None
    context: dict[str, Any] = {"page": page, "account": page.account, "form": form}
    if request.method == "POST" and form.is_valid() and step != "edit":
        if step != "submit":
            hidden = [(name, request.POST.get(name, "")) for name in form.fields]
            context |= {"answers": _answers(form), "hidden": hidden}
            return render(request, "desk/proposing_check.html", context)
        try:
            made = _proposed(request, page)
        except GongxinError as error:
            refused = error
        else:
            messages.success(request, _("已提出，等待安全管理员批准；批准以前什么都没有变更。"))
            return redirect("desk:proposal", made)
    status = refused.status if refused else (422 if request.method == "POST" and form.errors else 200)
    return render(request, "desk/proposing.html", context | {"refused": refused}, status=status)


def _proposed(request: HttpRequest, page: _Page) -> UUID:
    values = page.form.cleaned_data
    actor, at = acting_user(request), clock.now()
    return proposals.propose(page.wanted(values), reason=values["reason"], acting_user=actor, at=at).pk


def _answers(form: forms.Form) -> list[tuple[str, str]]:
    """What was answered, to confirm."""
    told = []
    for bound in form:
        value = form.cleaned_data[bound.name]
        if bound.name == "role":
            value = str(Role(value).label)
        elif bound.name == "department":
            value = departments.by_code(value).name if value else _("没有所属单位")
        told.append((str(bound.label), value))
    return told


def _department(values: dict[str, Any]) -> Department | None:
    return departments.by_code(values["department"]) if values["department"] else None
