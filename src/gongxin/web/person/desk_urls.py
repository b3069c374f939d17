"""Addresses of staff: a code that was given, and objections that wait for the own unit."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.web.person import desk

app_name = "person-desk"
urlpatterns: list[URLPattern] = [
    path("authorised", desk.authorised, name="authorised"),
    path("objections/", desk.objections, name="objections"),
    path("objections/<uuid:objection_id>", desk.objection, name="objection"),
    path("objections/<uuid:objection_id>/papers/<uuid:paper_id>", desk.paper, name="paper"),
    path("objections/<uuid:objection_id>/assistance", desk.assistance, name="assistance"),
    path("objections/<uuid:objection_id>/erasure", desk.erasure, name="erasure"),
]
