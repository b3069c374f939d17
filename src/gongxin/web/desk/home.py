"""The first page of the desk: what waits (待办)."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.identity import access
from gongxin.policy import packs
from gongxin.web.desk import todo
from gongxin.web.desk.pages import acting_user, desk_page


@require_safe
@desk_page
def home(request: HttpRequest) -> HttpResponseBase:
    """Rows to correct, running and refused submissions, clocks, last receipts."""
    user, pack = acting_user(request), packs.current()
    department = access.own_department(user)
    context = {
        "todo": todo.of(department, pack, at=clock.now()),
        "department": department,
        "sees_all": access.sees_all(user),
        "titles": {item.id: item.title for item in pack.items.values()},
    }
    return render(request, "desk/home.html", context)


@require_safe
@desk_page
def account(request: HttpRequest) -> HttpResponseBase:
    """Who is signed in, for which department, with which role."""
    user = acting_user(request)
    context = {"department": access.own_department(user), "sees_all": access.sees_all(user)}
    return render(request, "desk/account.html", context)
