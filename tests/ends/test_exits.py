"""Every public address is an exit of the daily proof, or shows no record: a new one has to say which."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from gongxin.api.urls import service
from gongxin.ends import exits
from gongxin.ends.exits import Exit

# Which exit asks the address.
PROVED = {
    "public:home": "home",
    "public:search": "search",
    "public:organisation": "organisation",
    "public:record": "page",
    "public:report": "report",
    "public:disclosure": "list",
    "public:disclosure-csv": "list-csv",
    "public:disclosure-xlsx": "list-xlsx",
    "get /api/v1/records/{record_id}": "api-record",
    "get /api/v1/organisations/{ref}": "api-organisation",
    "get /api/v1/organisations/{organisation_id}/records": "api-organisation-records",
    "get /api/v1/disclosures/{item_id}": "api-disclosure",
    "post /api/v1/checks": "check",
    "post /api/v1/checks/batch": "check",
    "post /api/v1/reports": "report",
}
# Places at the desk: which they are is asked by tests/web/test_archive_is_closed.py.
INSIDE = {"desk-list", "desk-record", "case-list"}
# Rules, catalogue, help, guides; counts; a report as it was on its day, whose number its holder gives.
NO_RECORD = {
    "public:verify", "public:verify-certificate", "public:verify-number", "public:verify-proof", "public:disclosures",
    "public:catalogue", "public:item", "public:errors", "public:error", "public:policies", "public:policy",
    "public:calendar", "public:calendar-year", "public:guide-objection", "public:guide-repair", "public:about",
    "public:preferences", "get /api/v1/organisations", "get /api/v1/items", "get /api/v1/items/{item_id}",
    "get /api/v1/errors/{code}", "get /api/v1/purposes",
}  # fmt: skip
# Of a department's own work: hand-ins, stored checks; and what an organisation lends to whoever holds
# a code, by the selector of checks.
OWN = {
    "public:lent",
    "post /api/v1/submissions", "get /api/v1/submissions/{submission_id}",
    "get /api/v1/submissions/{submission_id}/rejections", "get /api/v1/submissions/{submission_id}/rejections.{form}",
    "get /api/v1/checks/{check_id}",
}  # fmt: skip


def test_every_public_address_is_proved_or_shows_no_record() -> None:
    _prefix, public = get_resolver().namespace_dict["public"]
    found = {f"public:{entry.name}" for entry in public.url_patterns}
    for path, methods in service.get_openapi_schema()["paths"].items():
        found |= {f"{method} {path}" for method in methods}
    assert found - PROVED.keys() - NO_RECORD - OWN == set(), "a new address: register its exit, or say here why not"
    assert PROVED.keys() | NO_RECORD | OWN <= found
    assert set(PROVED.values()) | {"file-csv"} | INSIDE == {place.name for place in exits.registered()}


def test_a_name_is_an_exit_s_own() -> None:
    with pytest.raises(ValueError, match="registered already"):
        exits.register(Exit("page", "另一个", lambda suspects, day: []))
