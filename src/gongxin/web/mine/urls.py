"""Addresses of the organisation's own place."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.enquiries.models import Channel, Kind
from gongxin.web import looking
from gongxin.web.mine import filing, lending, looks, views

# An organisation's looks at what is held on it are on record like everybody's; of its filings, what was refused.
_records = looking.looked(Kind.RECORDS, duty=looks.OWN, channel=Channel.MINE)
_cases = looking.looked(Kind.CASE, duty=looks.OWN, channel=Channel.MINE)
_worked = looking.looked(Kind.CASE, duty=looks.OWN, channel=Channel.MINE, alone=True)
# Reading what another organisation has lent is logged by its verb, under the authorisation; the page logs what is
# refused before that.
_lent = looking.looked(Kind.RECORDS, duty=looks.OWN, channel=Channel.MINE, alone=True)

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
    path("lending/", lending.lending, name="lending"),
    path("lending/new", lending.lend, name="lend"),
    path("lending/<uuid:consent_id>", _worked(lending.lent), name="lent"),
    path("lending/<uuid:consent_id>/take-back", _worked(lending.take_back), name="take-back"),
    path("borrowed/<uuid:consent_id>", _lent(lending.read), name="borrowed"),
    path("cases/<uuid:case_id>", _cases(views.case), name="case"),
    path("cases/<uuid:case_id>/steps/<slug:action>", _worked(views.step), name="step"),
    path("evidence/<uuid:evidence_id>", _cases(views.evidence_file), name="evidence"),
    path("evidence/<uuid:evidence_id>/remove", _worked(filing.remove), name="remove"),
]
