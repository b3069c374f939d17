"""Repair training for the organisation: what is offered, what it is registered for, its certificates."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.rights import selectors, training
from gongxin.rights.models import Registration
from gongxin.subjects.models import Organisation
from gongxin.web import sheets
from gongxin.web.cases import courses, registering
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.pages import codes, mine_page

_COLUMNS: Final = ("场次时间", "培训名称", "地点", "信用主体", "人数", "岗位", "书面报名的收文号", "实际学时")


@require_safe
@mine_page
def trainings(request: HttpRequest) -> HttpResponseBase:
    """Sessions to come, what the organisation is registered for and has attended, its certificates."""
    own, now = codes(request), clock.now()
    context = {
        "sessions": selectors.sessions_after(now),
        "registrations": selectors.registrations(own),
        "certificates": selectors.certificates().filter(organisation__uscc__in=own),
        "rule": training.asked(),
        "now": now,
    }
    return render(request, "mine/training.html", context)


@require_safe
@mine_page
def registrations_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """What the organisation is registered for and has attended, as CSV or XLSX."""
    rows = (
        [
            f"{entry.session.starts_at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}",
            entry.session.course.title,
            entry.session.place,
            entry.organisation.name,
            str(entry.people),
            entry.get_position_display(),
            entry.paper,
            "" if entry.hours is None else str(entry.hours),
        ]
        for entry in selectors.registrations(codes(request))
    )
    return sheets.listed(form, "培训报名", _COLUMNS, rows)


@require_http_methods(["GET", "POST"])
@mine_page
def register(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    """Register for a session; may be kept as a draft and finished later."""

    def done(made: Registration) -> HttpResponseBase:
        messages.success(request, _("已报名。"))
        return redirect("mine:training")

    own = Organisation.objects.filter(uscc__in=codes(request)).order_by("name")
    form_of = partial(registering.OwnForm, own=own)
    page = {"layout": "mine/layout.html", "site": "mine"}
    return registering.work(request, selectors.session(session_id), form_of, page=page, done=done)


@require_POST
@mine_page
def withdraw(request: HttpRequest, registration_id: UUID) -> HttpResponseBase:
    """Take a registration back."""
    training.withdraw(registration_id, acting_user=acting_user(request), at=clock.now())
    messages.info(request, _("已取消报名。"))
    return redirect("mine:training")


@require_safe
@mine_page
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponseBase:
    """A certificate of the organisation as PDF."""
    own = selectors.certificates().filter(organisation__uscc__in=codes(request))
    return courses.served(own.filter(pk=certificate_id).first())
