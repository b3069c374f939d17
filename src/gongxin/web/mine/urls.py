"""Addresses of the organisation's own place."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.enquiries.models import Channel, Kind
from gongxin.web import looking
from gongxin.web.mine import filing, looks, views

# An organisation's looks at what is held on it are on record like everybody's; of its filings, what was refused.
_records = looking.looked(Kind.RECORDS, duty=looks.OWN, channel=Channel.MINE)
_cases = looking.looked(Kind.CASE, duty=looks.OWN, channel=Channel.MINE)
_worked = looking.looked(Kind.CASE, duty=looks.OWN, channel=Channel.MINE, alone=True)

app_name = "mine"
_record = "records/<uuid:record_id>"
urlpatterns: list[URLPattern] = [
    path("", _records(views.home), name="home"),
    path("notices/read", views.read_notices, name="read-notices"),
    path("looks", looks.looks, name="looks"),
    path("report", looks.report, name="report"),
    path(_record, _records(views.record), name="record"),
    path(f"{_record}/objection", _worked(filing.objection), name="objection"),
    path(f"{_record}/repair", _worked(filing.repair), name="repair"),
    path(f"{_record}/repair/duties", _worked(filing.duties), name="duties"),
    path(f"{_record}/repair/commitment", _worked(filing.commitment), name="commitment"),
    path(f"{_record}/repair/check", _worked(filing.check), name="check"),
    path(f"{_record}/drafts/<slug:procedure>/discard", _worked(filing.discard), name="discard"),
    path("cases/<uuid:case_id>", _cases(views.case), name="case"),
    path("cases/<uuid:case_id>/steps/<slug:action>", _worked(views.step), name="step"),
    path("evidence/<uuid:evidence_id>", _cases(views.evidence_file), name="evidence"),
    path("evidence/<uuid:evidence_id>/remove", _worked(filing.remove), name="remove"),
]
