"""Addresses of the API."""

from __future__ import annotations

from functools import partial

from django.urls import path
from django.views.decorators.http import require_safe

from gongxin.api import checks, disclosures, help, items, organisations, page, records, reports, submissions
from gongxin.api.service import build

service = build()
service.add_router("/submissions", submissions.router)
service.add_router("/checks", checks.router)
service.add_router("/reports", reports.router)
service.add_router("/organisations", organisations.router)
service.add_router("/records", records.router)
service.add_router("/disclosures", disclosures.router)
service.add_router("/errors", help.router)
service.add_router("", items.router)


urlpatterns = [
    path("v1/openapi.json", require_safe(partial(page.openapi, service))),
    path("v1/docs", require_safe(partial(page.page, service))),
    # The busiest address goes straight to its function; django-ninja documents it.
    path("v1/organisations/<str:ref>", require_safe(organisations.lookup)),
    path("v1/", service.urls),
]
