"""Addresses of the own personal file. None carries a name, a number or a code."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.web.person import ending, lending, mail, objecting, own

app_name = "person"
urlpatterns: list[URLPattern] = [
    path("", own.home, name="home"),
    path("start", own.start, name="start"),
    path("records/<uuid:record_id>", own.record, name="record"),
    path("records/<uuid:record_id>/objection", objecting.objection, name="objection"),
    path("objections/", objecting.objections, name="objections"),
    path("objections/<uuid:objection_id>", objecting.case, name="case"),
    path("objections/<uuid:objection_id>/papers/<uuid:paper_id>", objecting.paper, name="paper"),
    path("openings", own.openings, name="openings"),
    path("authorisations/", lending.authorisations, name="authorisations"),
    path("authorisations/new", lending.authorise, name="authorise"),
    path("authorisations/<uuid:authorisation_id>/revoke", lending.revoke, name="revoke"),
    path("copy", own.copy, name="copy"),
    path("mail", mail.mail, name="mail"),
    path("mail/confirm", mail.confirm, name="mail-confirm"),
    path("mail/drop", mail.drop, name="mail-drop"),
    path("end", ending.end, name="end"),
    path("end/take-back", ending.stay, name="stay"),
]
