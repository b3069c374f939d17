"""Addresses of the organisation's own place."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.enquiries.models import Channel, Kind
from gongxin.web import looking
from gongxin.web.mine import applying, commitments, filing, following, lending, lists, looks, messages, trainings, views

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
    path("records.<table:form>", _records(lists.records_file), name="records-file"),
    path("looks", looks.looks, name="looks"),
    path("report", looks.report, name="report"),
    path(_record, _records(views.record), name="record"),
    path(f"{_record}/objection", _worked(filing.objection), name="objection"),
    path(f"{_record}/repair", _worked(filing.repair), name="repair"),
    path(f"{_record}/repair/duties", _worked(filing.duties), name="duties"),
    path(f"{_record}/repair/commitment", _worked(filing.commitment), name="commitment"),
    path(f"{_record}/repair/training", _worked(filing.training_proof), name="training-proof"),
    path(f"{_record}/repair/check", _worked(filing.check), name="check"),
    path(f"{_record}/apply/<slug:procedure_id>", _worked(applying.file), name="file"),
    path("organisations/<uuid:organisation_id>/<slug:procedure_id>", _worked(applying.file_about), name="file-about"),
    path("training/", _worked(trainings.trainings), name="training"),
    path("training.<table:form>", _worked(trainings.registrations_file), name="training-file"),
    path("training/<uuid:session_id>/register", _worked(trainings.register), name="register"),
    path("training/registrations/<uuid:registration_id>/withdraw", _worked(trainings.withdraw), name="withdraw"),
    path("training/certificates/<uuid:certificate_id>.pdf", _worked(trainings.certificate), name="certificate"),
    path("drafts/<uuid:draft_id>/delete", filing.draft_delete, name="draft-delete"),
    path("messages/", _cases(messages.listing), name="messages"),
    path("messages.<table:form>", _cases(messages.file), name="messages-file"),
    path("messages/read", messages.read_all, name="messages-read"),
    path("messages/<uuid:message_id>", _cases(messages.message), name="message"),
    path("messages/<uuid:message_id>.pdf", _cases(messages.pdf), name="message-pdf"),
    path("following", following.follow, name="following"),
    path("mail", following.mail, name="mail"),
    path("mail/drop", following.drop, name="mail-drop"),
    path("mail/confirm/<str:signed>", following.confirm, name="mail-confirm"),
    path("mail/stop/<str:signed>", following.stop, name="mail-stop"),
    path("commitments/", _records(commitments.listing), name="commitments"),
    path("commitments/new/<slug:kind_id>", commitments.make, name="commit"),
    path("commitments/<uuid:commitment_id>", _worked(commitments.made), name="made"),
    path("commitments/<uuid:commitment_id>.pdf", _worked(commitments.pdf), name="made-pdf"),
    path("lending/", _worked(lending.lending), name="lending"),
    path("lending/new", lending.lend, name="lend"),
    path("lending/<uuid:consent_id>", _worked(lending.lent), name="lent"),
    path("lending/<uuid:consent_id>/take-back", _worked(lending.take_back), name="take-back"),
    path("borrowed/<uuid:consent_id>", _lent(lending.read), name="borrowed"),
    path("cases/", _cases(lists.cases), name="cases"),
    path("cases.<table:form>", _cases(lists.cases_file), name="cases-file"),
    path("cases/<uuid:case_id>", _cases(views.case), name="case"),
    path("cases/<uuid:case_id>/steps/<slug:action>", _worked(views.step), name="step"),
    path("evidence/<uuid:evidence_id>", _cases(views.evidence_file), name="evidence"),
    path("evidence/<uuid:evidence_id>/remove", filing.draft_remove, name="draft-remove"),
]
