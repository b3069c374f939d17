"""Search results: organisations by name, former name or code, records by document number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin.subjects.selectors import by_code
from gongxin.web.public.serving import public_page


@public_page
def page(request: HttpRequest) -> HttpResponse:
    """Results for `q`."""
    query = request.GET.get("q", "").strip()
    found = by_code(query) if query else None
    return render(request, "public/search.html", {"query": query, "found": found})
