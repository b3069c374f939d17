"""Repair training for the organisation: what is offered, what it is registered for, its certificates."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.rights import selectors, training
from gongxin.rights.models import Registration
from gongxin.subjects.models import Organisation
from gongxin.web.cases import courses, registering
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.pages import codes, mine_page


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
