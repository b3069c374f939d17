"""E-mails to representatives that could not be delivered: so that the credit office tells them otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.correspondence import mailing
from gongxin.correspondence.models import Delivery
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Representation
from gongxin.persons import letters
from gongxin.subjects.models import Organisation
from gongxin.web import sheets
from gongxin.web.desk.pages import acting_user, desk_page, number, require

_PAGE: Final = 25
_COLUMNS: Final = ("提醒时间", "信用主体", "账号", "涉及消息", "尝试次数", "最后一次失败")


@require_safe
@desk_page
def listing(request: HttpRequest) -> HttpResponseBase:
    """What could not be delivered, latest first."""
    require(request, Action.OVERVIEW_READ)
    page = Paginator(_found(), _PAGE).get_page(number(request.GET.get("page")))
    context = {"page": page, "rows": _named(list(page.object_list)), "persons": letters.undelivered(clock.today())}
    return render(request, "desk/undelivered.html", context)


@require_safe
@desk_page
def file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All of them as CSV or XLSX."""
    require(request, Action.OVERVIEW_READ)
    return sheets.listed(form, "未能送达的邮件", _COLUMNS, list(_lines(_named(list(_found())))))


@require_POST
@desk_page
def again(request: HttpRequest, delivery_id: UUID) -> HttpResponseBase:
    """Let one wait to be sent again."""
    require(request, Action.OVERVIEW_READ)
    mailing.try_again(delivery_id, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已重新排队，一分钟内发送。"))
    return redirect("desk:undelivered")


def _found() -> QuerySet[Delivery]:
    return mailing.undelivered().annotate(count=Count("enclosed"))


def _named(held: list[Delivery]) -> list[tuple[Delivery, str]]:
    """Each with the organisations its account acts for, in two queries."""
    bound = Representation.objects.filter(user__in=[entry.user_id for entry in held], ended_at=None)
    codes: dict[int, list[str]] = defaultdict(list)
    for user, code in bound.values_list("user", "uscc"):
        codes[user].append(code)
    wanted = {code for some in codes.values() for code in some}
    names = dict(Organisation.objects.filter(uscc__in=wanted).values_list("uscc", "name"))
    return [(entry, "、".join(names.get(code, code) for code in codes[entry.user_id])) for entry in held]


def _lines(rows: Iterable[tuple[Delivery, str]]) -> Iterator[list[str]]:
    for entry, names in rows:
        count = str(getattr(entry, "count", 0))
        when = f"{entry.made_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}"
        yield [when, names, entry.user.username, count, str(entry.attempts), entry.fault]
