"""The first page of the desk: what waits (待办); and who is signed in."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gongxin import clock
from gongxin.endurance import alarms
from gongxin.endurance.alarms import Alarm
from gongxin.identity import accounts
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.web.desk import todo
from gongxin.web.desk.pages import account_page, acting_user, ask, desk_page, of_department


@require_safe
@desk_page
def home(request: HttpRequest) -> HttpResponseBase:
    """Rows to correct, running and refused submissions, clocks, last receipts."""
    department, pack = accounts.judge(acting_user(request)), packs.current()
    if not ask(request, Action.SUBMISSION_READ, of_department(department)).allowed:
        context = {"department": department, "alarms": _alarms(request)}
        return render(request, "desk/home_administrator.html", context)
    context = {
        "alarms": _alarms(request),
        "todo": todo.of(department, pack, at=clock.now()),
        "department": department,
        "titles": {item.id: item.title for item in pack.items.values()},
    }
    return render(request, "desk/home.html", context)


def _alarms(request: HttpRequest) -> list[Alarm]:
    """What is wrong with the node, for those who watch it or oversee everybody's work."""
    watches = ask(request, Action.NODE_WATCH).allowed or ask(request, Action.OVERVIEW_READ).allowed
    return alarms.standing(at=clock.now()) if watches else []


@require_safe
@account_page
def account(request: HttpRequest) -> HttpResponseBase:
    """Who is signed in, for which department, with which role."""
    return render(request, "desk/account.html", {"department": acting_user(request).department})
