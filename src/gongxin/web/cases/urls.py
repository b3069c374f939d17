"""Addresses of cases at the desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from gongxin.enquiries.models import Kind
from gongxin.web import looking
from gongxin.web.cases import courses, filing, handling, listing, notices, reminders, subjects

# Every look at a case is on record; of the work on it, what was refused.
_looked = looking.looked(Kind.CASE)
_worked = looking.looked(Kind.CASE, alone=True)

app_name = "cases"
urlpatterns: list[URLPattern] = [
    path("", _looked(listing.cases), name="cases"),
    path("list.<table:form>", _looked(listing.cases_file), name="cases-file"),
    path("<uuid:case_id>", _looked(handling.case), name="case"),
    path("<uuid:case_id>/steps/<slug:action>", _worked(handling.step), name="step"),
    path("evidence/<uuid:evidence_id>", _looked(handling.evidence_file), name="evidence"),
    path("evidence/<uuid:evidence_id>/remove", handling.draft_remove, name="draft-remove"),
    path("drafts/<uuid:draft_id>/delete", handling.draft_delete, name="draft-delete"),
    path("records/<uuid:record_id>", _looked(filing.choose), name="choose"),
    path("records/<uuid:record_id>/<slug:procedure_id>/<slug:action>", _worked(filing.file), name="file"),
    path("organisations", subjects.find, name="subjects"),
    path("organisations/<uuid:organisation_id>", _looked(subjects.subject), name="subject"),
    path(
        "organisations/<uuid:organisation_id>/<slug:procedure_id>/<slug:action>",
        _worked(subjects.file),
        name="file-about",
    ),
    path("mail", reminders.mail, name="mail"),
    path("mail/drop", reminders.mail_drop, name="mail-drop"),
    path("training", _worked(courses.courses), name="training"),
    path("training.<table:form>", _worked(courses.courses_file), name="training-file"),
    path("training/<uuid:course_id>", _worked(courses.course), name="course"),
    path("training/<uuid:course_id>.<table:form>", _worked(courses.course_file), name="course-file"),
    path("training/<uuid:course_id>/sessions/<uuid:session_id>", _worked(courses.register), name="register"),
    path("training/<uuid:course_id>/<uuid:registration_id>", _worked(courses.attended), name="attended"),
    path("training/<uuid:course_id>/<uuid:registration_id>/withdraw", _worked(courses.withdraw), name="withdraw"),
    path("training/certificates/<uuid:certificate_id>.pdf", _worked(courses.certificate_pdf), name="certificate"),
    path("repair-notice/<uuid:record_id>", _looked(notices.page), name="repair-notice"),
    path("repair-notice/<uuid:record_id>.pdf", _looked(notices.pdf), name="repair-notice-pdf"),
    path("repair-notices/<uuid:submission_id>.zip", _looked(notices.bulk), name="repair-notices"),
]
