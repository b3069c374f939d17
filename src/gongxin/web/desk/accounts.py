"""Accounts, for those who look after them: the list, and one account with its roles, substitutions and bindings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Kind
from gongxin.identity import departments, proposals, selectors
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Representation, Role, User
from gongxin.identity.roles import STAFF
from gongxin.subjects import selectors as subjects
from gongxin.web import looking, sheets
from gongxin.web.desk import account_care, proposing
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, query, require

_PAGE: Final = 50
_COLUMNS: Final = ("账号", "姓名", "角色", "所属单位", "单位代码", "状态", "最近登录")


class Filters(forms.Form):
    """What narrows the list."""

    q = forms.CharField(label=gettext_lazy("账号或姓名"), required=False, max_length=150)
    role = forms.ChoiceField(
        label=gettext_lazy("角色"), required=False, choices=[("", gettext_lazy("全部")), *Role.choices]
    )
    department = forms.ChoiceField(label=gettext_lazy("所属单位"), required=False)
    in_use = forms.ChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=[("", gettext_lazy("全部")), ("yes", gettext_lazy("在用")), ("no", gettext_lazy("已停用"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        if isinstance(field, forms.ChoiceField):
            known = [(entry.code, entry.name) for entry in departments.listing(inactive=True)]
            field.choices = [("", _("全部")), *known]


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def account_list(request: HttpRequest) -> HttpResponseBase:
    """Every account, a page at a time."""
    rule = require(request, Action.ACCOUNT_READ).rule
    filters = Filters(request.GET)
    looking.saw(request, Seen(_("账号列表")), rule=rule)
    page = Paginator(_filtered(filters), _PAGE).get_page(number(request.GET.get("page")))
    context = {"filters": filters, "page": page, "query": query(request, page="")}
    context["may_propose"] = ask(request, Action.ACCOUNT_PROPOSE).allowed
    return render(request, "desk/accounts.html", context)


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def account_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    rule = require(request, Action.ACCOUNT_READ).rule
    looking.saw(request, Seen(_("账号列表")), rule=rule)
    return sheets.listed(form, "账号", _COLUMNS, _rows(_filtered(Filters(request.GET))))


@require_safe
@looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
@desk_page
def account(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """One account: role, department, history of substitutions and bindings, and what may be done about it."""
    rule = require(request, Action.ACCOUNT_READ).rule
    found, today = selectors.account(account_id), clock.today()
    looking.saw(request, Seen(found.username), rule=rule)
    bindings = list(Representation.objects.filter(user=found))
    names = subjects.by_codes([entry.uscc for entry in bindings])
    another = found.pk != acting_user(request).pk
    context = {
        "account": found,
        "today": today,
        "substitutions": [
            (entry, entry.ended_at is None and entry.ends_on >= today) for entry in selectors.concerning(found)
        ],
        "bindings": [(entry, names.get(entry.uscc)) for entry in bindings],
        "deeds": account_care.offered(found) if another and ask(request, Action.ACCOUNT_SECURE).allowed else [],
        "may_propose": ask(request, Action.ACCOUNT_PROPOSE, Resource(account=found.username)).allowed,
        "asked": proposing.offered(found),
        "proposals": [(entry, proposals.standing(entry, at=clock.now())) for entry in proposals.about(found)],
        "may_appoint": found.role in STAFF and ask(request, Action.SUBSTITUTE_APPOINT).allowed,
        "may_bind": another and found.role == Role.REPRESENTATIVE and ask(request, Action.REPRESENTATION_BIND).allowed,
    }
    return render(request, "desk/account_of.html", context)


def _filtered(filters: Filters) -> QuerySet[User]:
    found = selectors.listing()
    if not filters.is_valid():
        return found.none()
    wanted = filters.cleaned_data
    if wanted["q"]:
        named = Q(username__icontains=wanted["q"]) | Q(first_name__icontains=wanted["q"])
        found = found.filter(named)
    if wanted["role"]:
        found = found.filter(role=wanted["role"])
    if wanted["in_use"]:
        found = found.filter(is_active=wanted["in_use"] == "yes")
    return found.filter(department__code=wanted["department"]) if wanted["department"] else found


def _rows(found: QuerySet[User]) -> Iterator[list[str]]:
    for entry in found.iterator(chunk_size=1000):
        yield [
            entry.username,
            entry.get_full_name(),
            entry.get_role_display(),
            entry.department.name if entry.department else "",
            entry.department.code if entry.department else "",
            "在用" if entry.is_active else "已停用",
            f"{entry.last_login.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}" if entry.last_login else "",
        ]
