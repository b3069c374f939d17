"""Lending the file to one unit, for one purpose, some items, until a day: a code shown once, taken back at any time."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.persons import authorising, selectors
from gongxin.persons.seen import AuthorisationSeen, Issued
from gongxin.web.attempts import attempt
from gongxin.web.desk.pages import acting_user
from gongxin.web.person.forms import LendingForm, UnitForm
from gongxin.web.person.pages import person_page


@require_safe
@person_page
def authorisations(request: HttpRequest) -> HttpResponseBase:
    """What is lent now, and what was."""
    found = selectors.authorisations(acting_user(request), day=clock.today())
    context = {"live": [seen for seen in found if seen.live], "ended": [seen for seen in found if not seen.live]}
    return render(request, "person/authorisations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def authorise(request: HttpRequest) -> HttpResponseBase:
    """First what, for what and until when; then to whom, with the answers to check; then the code, this once."""
    today = clock.today()
    offered = selectors.lendable(day=today)
    form = LendingForm(request.POST if request.method == "POST" else None, offered=offered, today=today)
    if request.method != "POST" or not form.is_valid():
        return _first_page(request, form, status=422 if form.is_bound else 200)
    if "change" in request.POST:
        return _first_page(request, form)
    chosen = request.POST if "unit" in request.POST else None
    units = UnitForm(chosen, offered=offered, purpose=form.cleaned_data["purpose"])
    if chosen is None:
        return _second_page(request, form, units, status=200)
    issued, status = attempt(units, lambda: _issued(request, form, units))
    if issued is None:
        return _second_page(request, form, units, status=status)
    return render(request, "person/authorised.html", {"issued": issued})


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def revoke(request: HttpRequest, authorisation_id: UUID) -> HttpResponseBase:
    """Take an authorisation back; from then on the code opens nothing."""
    seen = _own(request, authorisation_id)
    if request.method != "POST":
        return render(request, "person/revoke.html", {"seen": seen})
    authorising.revoke_authorisation(seen.id, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("授权已经收回，授权查询码立即失效。"))
    return redirect("person:authorisations")


def _own(request: HttpRequest, authorisation_id: UUID) -> AuthorisationSeen:
    for seen in selectors.authorisations(acting_user(request), day=clock.today()):
        if seen.id == authorisation_id:
            return seen
    raise NotFound("person-authorisation-unknown", _("没有这项授权。"), remedy=_("请从“授权他人查阅”重新打开。"))


@sensitive_variables("issued")
def _issued(request: HttpRequest, form: LendingForm, units: UnitForm) -> Issued:
    given = form.cleaned_data
    return authorising.issue_authorisation(
        given["items"],
        purpose=given["purpose"],
        unit=units.cleaned_data["unit"],
        until=given["until"],
        acting_user=acting_user(request),
        at=clock.now(),
    )


def _first_page(request: HttpRequest, form: LendingForm, *, status: int = 200) -> HttpResponseBase:
    return render(request, "person/authorise.html", {"form": form}, status=status)


def _second_page(request: HttpRequest, form: LendingForm, units: UnitForm, *, status: int) -> HttpResponseBase:
    """The unit is chosen beside what was answered before."""
    items, purpose = form.chosen()
    context = {"form": form, "units": units, "items": items, "purpose": purpose}
    return render(request, "person/authorise_unit.html", context, status=status)
