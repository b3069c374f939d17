"""Addresses of the public site."""

from __future__ import annotations

from django.urls import path

from gongxin.web import preferences
from gongxin.web.public import (
    catalogue,
    disclosures,
    error_help,
    guides,
    home,
    lent,
    organisations,
    policies,
    records,
    reports,
    search,
)

app_name = "public"
urlpatterns = [
    path("", home.page, name="home"),
    path("search", search.page, name="search"),
    path("organisations/<uuid:organisation_id>", organisations.page, name="organisation"),
    path("organisations/<uuid:organisation_id>/report", reports.report, name="report"),
    path("verify/", reports.verify, name="verify"),
    path("verify/certificate", reports.certificate, name="verify-certificate"),
    path("verify/<str:number>", reports.verify_number, name="verify-number"),
    path("verify/<str:number>/proof", reports.verify_proof, name="verify-proof"),
    path("lent", lent.page, name="lent"),
    path("records/<uuid:record_id>", records.page, name="record"),
    path("disclosures/", disclosures.index, name="disclosures"),
    path("disclosures/<slug:item_id>", disclosures.page, name="disclosure"),
    path("disclosures/<slug:item_id>.csv", disclosures.csv, name="disclosure-csv"),
    path("disclosures/<slug:item_id>.xlsx", disclosures.xlsx, name="disclosure-xlsx"),
    path("catalogue/", catalogue.index, name="catalogue"),
    path("catalogue/<slug:item_id>", catalogue.item_page, name="item"),
    path("errors/", error_help.index, name="errors"),
    path("errors/<slug:code>", error_help.page, name="error"),
    path("policies/", policies.index, name="policies"),
    path("policies/<slug:rule_id>", policies.rule_page, name="policy"),
    path("calendar/", policies.calendar_page, name="calendar"),
    path("calendar/<int:year>", policies.calendar_page, name="calendar-year"),
    path("guide/objection", guides.objection, name="guide-objection"),
    path("guide/repair", guides.repair, name="guide-repair"),
    path("about", guides.about, name="about"),
    path("preferences", preferences.change, name="preferences"),
]
