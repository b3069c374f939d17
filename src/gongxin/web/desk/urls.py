"""Addresses of the desk."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from gongxin.enquiries.models import Kind
from gongxin.web import looking
from gongxin.web.desk import (
    account_care,
    account_history,
    accounts,
    appointing,
    archive,
    catalogue,
    departments,
    entry,
    held,
    home,
    keys,
    listing,
    looks,
    overview,
    permissions,
    proof,
    proposals,
    proposing,
    reports,
    results,
    retention,
    rows,
    undelivered,
    upload,
)
from gongxin.web.signing import identity_service, own_account, sign_in


class DeedName(StringConverter):
    """What is done to an account."""

    regex = "|".join(account_care.DEEDS)


class AskedName(StringConverter):
    """What is asked for an account with a reason alone."""

    regex = "|".join(proposing.ASKED)


register_converter(DeedName, "deed")
register_converter(AskedName, "asked")

# Who changes an account sees it first: a look like that at its own page.
_seen = looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS)
_kept = looking.looked(Kind.ACCOUNT, duty=looking.ACCOUNTS, alone=True)

app_name = "desk"
_one = "submissions/<uuid:submission_id>"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/second-factor", sign_in.second_factor, name="second-factor"),
    path("sign-in/new-password", sign_in.new_password, name="new-password"),
    path("sign-in/identity-service", identity_service.start, name="identity-service"),
    path("sign-in/identity-service/return", identity_service.back, name="identity-service-return"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("account", home.account, name="account"),
    path("account/confirm", own_account.confirm, name="confirm"),
    path("account/password", own_account.password, name="password"),
    path("account/factors", own_account.factor_list, name="factors"),
    path("account/factors/app", own_account.factor_app, name="factor-app"),
    path("account/factors/key", own_account.factor_key, name="factor-key"),
    path("account/factors/codes", own_account.factor_codes, name="factor-codes"),
    path("account/factors/<int:factor_id>/remove", own_account.factor_remove, name="factor-remove"),
    path("account/sessions", own_account.session_list, name="sessions"),
    path("account/sessions/end", own_account.sessions_end, name="sessions-end"),
    path("account/sessions/<int:session_id>/end", own_account.session_end, name="session-end"),
    path("account/permissions", permissions.own, name="permissions"),
    path("account/permissions.<table:form>", permissions.own_file, name="permissions-file"),
    path("administration/accounts/", accounts.account_list, name="accounts"),
    path("administration/accounts.<table:form>", accounts.account_file, name="accounts-file"),
    path("administration/accounts/new", _kept(proposing.new), name="account-new"),
    path("administration/accounts/<int:account_id>", accounts.account, name="account-of"),
    path("administration/accounts/<int:account_id>/<deed:deed>", _kept(account_care.care), name="account-care"),
    path("administration/accounts/<int:account_id>/history", account_history.history, name="account-history"),
    path(
        "administration/accounts/<int:account_id>/history.<table:form>",
        account_history.history_file,
        name="account-history-file",
    ),
    path("administration/accounts/<int:account_id>/permissions", permissions.of_account, name="permissions-of"),
    path(
        "administration/accounts/<int:account_id>/permissions.<table:form>",
        permissions.file_of_account,
        name="permissions-of-file",
    ),
    path("administration/accounts/<int:account_id>/role", _kept(proposing.role), name="account-role"),
    path("administration/accounts/<int:account_id>/propose/<asked:kind>", _kept(proposing.ask), name="account-ask"),
    path("administration/proposals/", _seen(proposals.listing), name="proposals"),
    path("administration/proposals.<table:form>", _seen(proposals.file), name="proposals-file"),
    path("administration/proposals/<uuid:proposal_id>", _seen(proposals.one), name="proposal"),
    path("administration/proposals/<uuid:proposal_id>/decide", _kept(proposals.decide), name="proposal-decide"),
    path("administration/proposals/<uuid:proposal_id>/withdraw", _kept(proposals.withdraw), name="proposal-withdraw"),
    path("administration/proposals/<uuid:proposal_id>/code", _kept(proposals.code), name="proposal-code"),
    path("administration/accounts/<int:account_id>/substitute", _kept(appointing.substitute), name="substitute"),
    path("administration/accounts/<int:account_id>/organisation", _kept(appointing.bind), name="representation"),
    path(
        "administration/substitutions/<uuid:substitution_id>/end",
        _kept(appointing.end_substitution),
        name="substitution-end",
    ),
    path(
        "administration/representations/<uuid:representation_id>/end",
        _kept(appointing.end_representation),
        name="representation-end",
    ),
    path("administration/departments/", departments.department_list, name="departments-kept"),
    path("administration/departments.<table:form>", departments.department_file, name="departments-kept-file"),
    path("administration/departments/new", departments.new, name="department-new"),
    path("administration/departments/of/<slug:code>", departments.change, name="department"),
    path("administration/departments/of/<slug:code>/use", departments.use, name="department-use"),
    path("upload", upload.upload, name="upload"),
    path("submissions/", listing.submissions, name="submissions"),
    path("submissions.<table:form>", listing.submissions_file, name="submissions-file"),
    path(_one, results.submission, name="submission"),
    path(f"{_one}/progress", results.progress, name="progress"),
    path(f"{_one}/findings", results.findings, name="findings"),
    path(f"{_one}/rejected.<table:form>", results.returned_file, {"what": "rejected"}, name="rejected"),
    path(f"{_one}/whole.<table:form>", results.returned_file, {"what": "whole"}, name="whole"),
    path(f"{_one}/receipt", results.receipt_page, name="receipt"),
    path(f"{_one}/receipt.pdf", results.receipt_pdf, name="receipt-pdf"),
    path(f"{_one}/rows", rows.rows, name="rows"),
    path(f"{_one}/retry", results.retry, name="retry"),
    path("entry/", entry.items, name="entry-items"),
    path("entry/<slug:item_id>", entry.entry, name="entry"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/<slug:item_id>", catalogue.item, name="item"),
    path("catalogue/<slug:item_id>/template.xlsx", catalogue.template, name="template"),
    path("records/", held.records, name="records"),
    path("records/<uuid:record_id>", held.record, name="record"),
    path("looks/", looks.search, name="looks"),
    path("looks.<table:form>", looks.file, name="looks-file"),
    path("looks/<uuid:look_id>", looks.look, name="look"),
    path("looks/<uuid:look_id>/proof.txt", looks.proof, name="look-proof"),
    path("report", reports.report, name="report"),
    path("proof/", proof.history, name="proof"),
    path("proof.<table:form>", proof.history_file, name="proof-file"),
    path("proof/<uuid:run_id>", proof.run, name="proof-run"),
    path("proof/<uuid:run_id>.<table:form>", proof.run_file, name="proof-run-file"),
    path("archive/", archive.search, name="archive"),
    path("archive/<uuid:record_id>", archive.record, name="archived"),
    path("archive/cases/<uuid:case_id>", archive.case, name="archived-case"),
    path("archive/cases/<uuid:case_id>/evidence/<uuid:evidence_id>", archive.evidence_file, name="archived-evidence"),
    path("retention/", retention.overview, name="retention"),
    path("retention.<table:form>", retention.file, name="retention-file"),
    path("retention/rules/<slug:rule_id>", retention.rule, name="retention-rule"),
    path("retention/lists/<uuid:list_id>", retention.one, name="retention-list"),
    path("retention/lists/<uuid:list_id>.<table:form>", retention.list_file, name="retention-list-file"),
    path("retention/lists/<uuid:list_id>/decide", retention.decide, name="retention-decide"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/new", keys.new, name="key-new"),
    path("keys/<uuid:key_id>/rotate", keys.rotate, name="key-rotate"),
    path("keys/<uuid:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("undelivered", _kept(undelivered.listing), name="undelivered"),
    path("undelivered.<table:form>", _kept(undelivered.file), name="undelivered-file"),
    path("undelivered/<uuid:delivery_id>/again", undelivered.again, name="undelivered-again"),
    path("departments/", overview.departments_page, name="departments"),
    path("departments.<table:form>", overview.departments_file, name="departments-file"),
]
