"""The own file: where it begins, its records, who opened it, a signed copy."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.persons import opening, selectors
from gongxin.web import sheets
from gongxin.web.desk.pages import acting_user, number, private
from gongxin.web.person import copies, showing
from gongxin.web.person.pages import own_file, own_record, person_page, service
from gongxin.web.public.reports import origin
from gongxin.web.signing import targets

_PAGE: Final = 50
_LATEST: Final = 3
# The person's own looks are on record too, and are not news.
_OWN: Final = frozenset({"own", "download"})


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """What the personal file is, and how to sign in; for everybody."""
    context = {"service": service(), "next": targets.wanted(request) or reverse("person:home"), "demo": settings.DEMO}
    return private(render(request, "person/start.html", context))


@require_safe
@person_page
def home(request: HttpRequest) -> HttpResponseBase:
    """All records, running objections, the latest looks of others, how much is lent."""
    user, day = acting_user(request), clock.today()
    file = own_file(request)
    context = {
        "file": file,
        "records": file.records,
        "running": [showing.objection(seen, day=day) for seen in selectors.objections(user) if seen.state == "open"],
        "openings": [seen for seen in selectors.openings(user) if seen.kind not in _OWN][:_LATEST],
        "live": sum(seen.live for seen in selectors.authorisations(user, day=day)),
    }
    return render(request, "person/home.html", context)


@require_safe
@person_page
def record(request: HttpRequest, record_id: UUID) -> HttpResponseBase:
    """One record whole, with its earlier states and what may be done about it."""
    held = own_record(own_file(request), record_id)
    objections, day = selectors.objections(acting_user(request)), clock.today()
    about = [showing.objection(seen, day=day) for seen in objections if seen.record == held.id]
    context = {"record": held, "objections": about, "basis": showing.basis(held)}
    return render(request, "person/record.html", context)


@require_safe
@person_page
def openings(request: HttpRequest) -> HttpResponseBase:
    """Everybody who opened the file or tried to, newest first."""
    found = selectors.openings(acting_user(request))
    shown = [seen for seen in found if seen.kind not in _OWN] if "own" not in request.GET else list(found)
    page = Paginator(shown, _PAGE).get_page(number(request.GET.get("page")))
    return render(request, "person/openings.html", {"page": page, "own": "own" in request.GET})


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def copy(request: HttpRequest) -> HttpResponseBase:
    """What a copy holds (GET), and the copy (POST): a signed PDF, or JSON."""
    if request.method != "POST":
        return render(request, "person/copy.html", {})
    form = "json" if request.POST.get("form") == "json" else "pdf"
    at = clock.now()
    given = opening.download(acting_user=acting_user(request), at=at)
    content = copies.json_text(given) if form == "json" else copies.signed_pdf(given, origin=origin(request), at=at)
    kind = "application/json; charset=utf-8" if form == "json" else sheets.CONTENT_TYPES["pdf"]
    return sheets.named(HttpResponse(content, content_type=kind), copies.filename(form, at=at))
